package page

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
)

// maxBody is more than the longest texts of a modal need.
const maxBody = 512 << 10

var errTrailing = errors.New("there is more after the JSON object")

// answer tells the page how it went. Error is a sentence for the person.
type answer struct {
	OK    bool   `json:"ok"`
	Error string `json:"error,omitempty"`
}

// taking gives a handler that reads a JSON body and answers with JSON. What do
// is carried to its end even if the tab is closed meanwhile: a click that has
// left does not come back.
func taking[T any](do func(ctx context.Context, in T) any) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || kind != "application/json" {
			writeJSON(w, http.StatusUnsupportedMediaType, answer{Error: "Send JSON, with Content-Type: application/json."})
			return
		}
		var in T
		if err := readBody(http.MaxBytesReader(w, r.Body, maxBody), &in); err != nil {
			status := http.StatusBadRequest
			if tooLarge := (*http.MaxBytesError)(nil); errors.As(err, &tooLarge) {
				status = http.StatusRequestEntityTooLarge
			}
			writeJSON(w, status, answer{Error: "The body cannot be read: " + err.Error()})
			return
		}
		writeJSON(w, http.StatusOK, do(context.WithoutCancel(r.Context()), in))
	})
}

func readBody(body io.Reader, into any) error {
	dec := json.NewDecoder(body)
	dec.DisallowUnknownFields()
	if err := dec.Decode(into); err != nil {
		return fmt.Errorf("decode JSON: %w", err)
	}
	switch _, err := dec.Token(); {
	case errors.Is(err, io.EOF):
		return nil
	case err != nil:
		return fmt.Errorf("read on after the JSON object: %w", err)
	}
	return errTrailing
}

func writeJSON(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v) // who left does not wait for the answer
}
