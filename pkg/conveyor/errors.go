package conveyor

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"
	"unicode"
)

// Reasons for which a caller may branch, with [errors.Is].
var (
	// ErrArgument: the call was refused before anything was sent.
	ErrArgument = errors.New("invalid argument")
	// ErrPaging: a listing does not end: a page held only records of earlier pages, or there were more than
	// 10,000 pages. The bound is this package's choice.
	ErrPaging = errors.New("paging does not advance")
	// ErrTooLarge: an answer's body is longer than [WithMaxBody] allows, or one page holds more than 10,000
	// records. The second bound is this package's choice; Conveyor documents 100.
	ErrTooLarge = errors.New("answer too large")

	// ErrRedirect: an [APIError] with a status of 3xx, a redirect that was not followed.
	ErrRedirect = errors.New("redirect not followed")
	// ErrUnauthorized: an [APIError] with status 401.
	ErrUnauthorized = errors.New("unauthorized")
	// ErrForbidden: an [APIError] with status 403. Conveyor documents it, without a body, for a bad or
	// inactive key; a missing permission of the key is inferred to give the same.
	ErrForbidden = errors.New("forbidden")
	// ErrNotFound: an [APIError] with status 404.
	ErrNotFound = errors.New("not found")
	// ErrConflict: an [APIError] with status 409.
	ErrConflict = errors.New("conflict")
	// ErrInvalid: an [APIError] with status 400 or 422.
	ErrInvalid = errors.New("invalid")
	// ErrRateLimited: an [APIError] with status 429. Conveyor documents 2000 requests in a window that is not
	// given; the status is inferred.
	ErrRateLimited = errors.New("rate limited")
	// ErrServer: an [APIError] with a status of 5xx.
	ErrServer = errors.New("server error")
)

// Causes of a DecodeError. They quote nothing of the answer.
var (
	errKind   = errors.New("a JSON value is of an unexpected kind")
	errNoID   = errors.New("a record has no id")
	errNoList = errors.New("there is no list in it")
)

// maxMessage bounds APIError.Message, in characters.
const maxMessage = 300

// APIError is an answer of Conveyor other than 2xx.
type APIError struct {
	// Method and Path say what was asked; Path is escaped, follows the base URL and has no query string.
	Method string
	Path   string
	// StatusCode is the HTTP status.
	StatusCode int
	// RetryAfter is how long the header of that name asks to wait, 0 if it does not, at most 24 hours.
	RetryAfter time.Duration
	// Message is what the answer says under the JSON keys error, message or errors: at most 300 characters, no
	// control characters, empty if there is nothing readable. Conveyor documents no form for it. It comes from
	// outside: escape it where it is shown.
	Message string
}

// Error names the call, the status and the message.
func (e *APIError) Error() string {
	text := fmt.Sprintf("conveyor: %s %s: %d", e.Method, e.Path, e.StatusCode)
	if name := http.StatusText(e.StatusCode); name != "" {
		text += " " + name
	}
	if e.Message != "" {
		text += ": " + e.Message
	}
	return text
}

// Is lets errors.Is match the status with a sentinel such as [ErrNotFound].
func (e *APIError) Is(target error) bool {
	reason := e.reason()
	return reason != nil && reason == target
}

func (e *APIError) reason() error {
	switch {
	case e.StatusCode == http.StatusUnauthorized:
		return ErrUnauthorized
	case e.StatusCode == http.StatusForbidden:
		return ErrForbidden
	case e.StatusCode == http.StatusNotFound:
		return ErrNotFound
	case e.StatusCode == http.StatusConflict:
		return ErrConflict
	case e.StatusCode == http.StatusBadRequest, e.StatusCode == http.StatusUnprocessableEntity:
		return ErrInvalid
	case e.StatusCode == http.StatusTooManyRequests:
		return ErrRateLimited
	case e.StatusCode >= 500:
		return ErrServer
	case e.StatusCode >= 300 && e.StatusCode < 400:
		return ErrRedirect
	}
	return nil
}

// TransportError is an exchange that ended without a whole answer: no connection, a time-out, a cancelled
// context, a connection cut in the middle of an answer.
type TransportError struct {
	// Method and Path say what was asked, as in [APIError].
	Method string
	Path   string
	// Sent is false only if it is certain that nothing left: no name, no connection, no TLS handshake, or a
	// context that was over already. True means that Conveyor may have received the request, whole or not.
	Sent bool
	// Err is the cause, without the address. errors.Is finds context.DeadlineExceeded and the like through it.
	Err error
}

// Error names the call, whether it left, and the cause.
func (e *TransportError) Error() string {
	state := "not sent"
	if e.Sent {
		state = "no whole answer"
	}
	return fmt.Sprintf("conveyor: %s %s: %s: %v", e.Method, e.Path, state, e.Err)
}

// Unwrap gives the cause.
func (e *TransportError) Unwrap() error { return e.Err }

// DecodeError is an answer of 2xx that cannot be read: no JSON (a proxy's page, say), JSON cut short, another
// shape, too long ([ErrTooLarge]). After a write it says nothing about whether the write happened: it may
// have. Read the state again.
type DecodeError struct {
	// Method and Path say what was asked, as in [APIError].
	Method string
	Path   string
	// Err is the cause. It quotes at most one character of the answer.
	Err error
}

// Error names the call and the cause.
func (e *DecodeError) Error() string {
	return fmt.Sprintf("conveyor: %s %s: unreadable answer: %v", e.Method, e.Path, e.Err)
}

// Unwrap gives the cause.
func (e *DecodeError) Unwrap() error { return e.Err }

// Ambiguous reports whether err leaves open if a write was carried out: a [*TransportError] that was sent, a
// status of 5xx, a [*DecodeError]. After such an error read the true state before anything is sent again. It
// is false for the errors of reads, for refusals (4xx) and redirects, for what was never sent, and for nil.
func Ambiguous(err error) bool {
	if failed, ok := errors.AsType[*TransportError](err); ok {
		return failed.Method != http.MethodGet && failed.Sent
	}
	if refused, ok := errors.AsType[*APIError](err); ok {
		return refused.Method != http.MethodGet && refused.StatusCode >= 500
	}
	if garbled, ok := errors.AsType[*DecodeError](err); ok {
		return garbled.Method != http.MethodGet
	}
	return false
}

// Temporary reports whether the same call may succeed later: status 429 or 5xx, or a [*TransportError], the
// caller's own cancelled context included. For a write look at [Ambiguous] first.
func Temporary(err error) bool {
	if _, ok := errors.AsType[*TransportError](err); ok {
		return true
	}
	return errors.Is(err, ErrRateLimited) || errors.Is(err, ErrServer)
}

// message finds what a refusal's body says, if it is JSON and says it under one of the usual keys.
func (c *Client) message(body []byte) string {
	var members map[string]any
	if json.Unmarshal(body, &members) != nil {
		return ""
	}
	for _, key := range []string{"error", "message", "errors"} {
		text := plain(strings.Join(sentences(members[key], 3), "; "))
		if text == "" || strings.HasPrefix(text, "<") {
			continue
		}
		text = c.redact(text)
		if runes := []rune(text); len(runes) > maxMessage {
			text = string(runes[:maxMessage-1]) + "…"
		}
		return text
	}
	return ""
}

// sentences collects the strings of a value: itself, a list's, or an object's with their names before them.
func sentences(value any, depth int) []string {
	if depth == 0 {
		return nil
	}
	var found []string
	switch v := value.(type) {
	case string:
		found = append(found, v)
	case []any:
		for _, one := range v {
			found = append(found, sentences(one, depth-1)...)
		}
	case map[string]any:
		names := make([]string, 0, len(v))
		for name := range v {
			names = append(names, name)
		}
		slices.Sort(names)
		for _, name := range names {
			for _, text := range sentences(v[name], depth-1) {
				found = append(found, name+": "+text)
			}
		}
	}
	return found
}

// plain makes one line of text: control characters become blanks, invisible ones, which can turn a log line
// around, go away.
func plain(text string) string {
	text = strings.Map(func(r rune) rune {
		switch {
		case unicode.IsControl(r):
			return ' '
		case unicode.Is(unicode.Cf, r):
			return -1
		}
		return r
	}, text)
	return strings.Join(strings.Fields(text), " ")
}
