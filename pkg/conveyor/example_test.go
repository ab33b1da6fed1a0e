package conveyor_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"time"

	"github.com/frontdesk-hq/frontdesk/pkg/conveyor"
)

// room stands in for Conveyor in the examples: two pages of open requests, one of which is decided already.
func room() *httptest.Server {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /exchange/authorization_request_queue", func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Query().Get("page") == "1" {
			_, _ = io.WriteString(w, `{"authorization_requests":[{"id":"r1","email":"person1@customer.example"}],"total_pages":2}`)
			return
		}
		_, _ = io.WriteString(w, `{"authorization_requests":[{"id":"r2","email":"person2@customer.example"}],"total_pages":2}`)
	})
	mux.HandleFunc("POST /exchange/authorizations", func(w http.ResponseWriter, r *http.Request) {
		if body, _ := io.ReadAll(r.Body); strings.Contains(string(body), `"r2"`) {
			w.WriteHeader(http.StatusConflict)
			_, _ = io.WriteString(w, `{"error":"already decided"}`)
			return
		}
		_, _ = io.WriteString(w, `{"id":"a1","email":"person1@customer.example","status":"gated"}`)
	})
	return httptest.NewServer(mux)
}

// Approve the first open request.
func Example() {
	server := room()
	defer server.Close()
	client, err := conveyor.New(server.URL, "the-api-key") // In earnest: conveyor.DefaultBaseURL.
	if err != nil {
		fmt.Println(err)
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()

	for request, err := range client.Queue(ctx) {
		if err != nil {
			fmt.Println(err)
			return
		}
		authorization, err := client.Authorize(ctx, conveyor.Grant{
			RequestID:     request.ID,
			ExpiresAt:     conveyor.Date{Year: 2030, Month: time.December, Day: 31},
			ReviewerEmail: "reviewer@company.example",
		})
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(request.Email, authorization.Status)
		break
	}
	// Output: person1@customer.example gated
}

// Every page is read; a range that is left early asks for no more of them.
func ExampleClient_Queue() {
	server := room()
	defer server.Close()
	client, err := conveyor.New(server.URL, "the-api-key")
	if err != nil {
		fmt.Println(err)
		return
	}
	for request, err := range client.Queue(context.Background()) {
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(request.ID, request.Email)
	}
	// Output:
	// r1 person1@customer.example
	// r2 person2@customer.example
}

// What to do after a write that failed.
func ExampleAmbiguous() {
	server := room()
	defer server.Close()
	client, err := conveyor.New(server.URL, "the-api-key")
	if err != nil {
		fmt.Println(err)
		return
	}
	_, err = client.Authorize(context.Background(), conveyor.Grant{RequestID: "r2"})
	var refused *conveyor.APIError
	switch {
	case err == nil:
		fmt.Println("done")
	case conveyor.Ambiguous(err):
		fmt.Println("perhaps done: read the request again before anything else")
	case conveyor.Temporary(err):
		fmt.Println("not done: try again later, after RetryAfter if it is given")
	case errors.Is(err, conveyor.ErrConflict) && errors.As(err, &refused):
		fmt.Println("refused:", refused.Message)
	default:
		fmt.Fprintln(os.Stderr, err)
	}
	// Output: refused: already decided
}
