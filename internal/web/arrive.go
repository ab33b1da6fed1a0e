package web

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"sync"
)

const (
	// maxHeaders bounds how many headers a request has; Slack sends about ten,
	// and each proxy on the way adds some.
	maxHeaders = 100
	// maxBody bounds a body; what Slack and Conveyor send is far smaller.
	maxBody = 1 << 20
	// smallBody is what nearly every body fits in. Larger ones are held in memory
	// a few at a time, so that many slow ones cannot fill it.
	smallBody   = 64 << 10
	largeBodies = 4
)

var errBusy = errors.New("too many large requests at once")

// arrival lets a request on when all of it is there, so that a client which
// sends slowly holds up nobody but itself, and is the first to go when the
// crowd grows too large.
type arrival struct {
	next  http.Handler
	large chan struct{}
	// buffers are what bodies were read into, to be used again: they grow with
	// what arrives, and never with what a client says will.
	buffers sync.Pool
}

func whole(next http.Handler) http.Handler {
	return &arrival{next: next, large: make(chan struct{}, largeBodies)}
}

// ServeHTTP implements http.Handler.
func (a *arrival) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if len(r.Header) > maxHeaders {
		turnAway(w, "there are too many headers", http.StatusRequestHeaderFieldsTooLarge)
		return
	}
	body, release, err := a.read(w, r)
	defer release()
	switch _, tooLarge := errors.AsType[*http.MaxBytesError](err); {
	case tooLarge:
		turnAway(w, "the body is too large", http.StatusRequestEntityTooLarge)
		return
	case errors.Is(err, errBusy):
		turnAway(w, "there are too many large requests at once; send it again", http.StatusServiceUnavailable)
		return
	case err != nil:
		turnAway(w, "the body did not arrive", http.StatusRequestTimeout)
		return
	}
	r.Body, r.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
	answer := &answering{ResponseWriter: w, begun: workedFor(r.Context()), proves: r.Method == http.MethodPost}
	defer answer.begin(http.StatusOK)
	a.next.ServeHTTP(answer, r)
}

// read reads the body. What it gives beside has to be called when the body is
// no longer needed.
func (a *arrival) read(w http.ResponseWriter, r *http.Request) (body []byte, release func(), err error) {
	buffer, ok := a.buffers.Get().(*bytes.Buffer)
	if !ok {
		buffer = &bytes.Buffer{}
	}
	limited := http.MaxBytesReader(w, r.Body, maxBody)
	n, err := buffer.ReadFrom(io.LimitReader(limited, smallBody+1))
	if err != nil || n <= smallBody {
		return buffer.Bytes(), func() {
			buffer.Reset()
			a.buffers.Put(buffer)
		}, err
	}
	select {
	case a.large <- struct{}{}:
	default:
		return nil, func() {}, errBusy
	}
	_, err = buffer.ReadFrom(limited)
	return buffer.Bytes(), func() { <-a.large }, err
}

// turnAway answers a request that was not read to its end, and ends its
// connection.
func turnAway(w http.ResponseWriter, why string, status int) {
	w.Header().Set("Connection", "close")
	http.Error(w, why, status)
}

// few works on some requests at once and turns the others away: those who ask
// for nothing but work must leave time for those who click.
func few(atOnce int) func(http.Handler) http.Handler {
	turns := make(chan struct{}, atOnce)
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			select {
			case turns <- struct{}{}:
				defer func() { <-turns }()
				next.ServeHTTP(w, r)
			default:
				turnAway(w, "too many ask at once; ask again", http.StatusServiceUnavailable)
			}
		})
	}
}

// answering notes when an answer begins. A POST that is answered well came from
// somebody who could sign it, or had the token.
type answering struct {
	http.ResponseWriter
	begun  func(good bool)
	proves bool
	once   sync.Once
}

func (a *answering) begin(status int) {
	a.once.Do(func() { a.begun(a.proves && status < http.StatusMultipleChoices) })
}

// WriteHeader implements http.ResponseWriter.
func (a *answering) WriteHeader(status int) {
	a.begin(status)
	a.ResponseWriter.WriteHeader(status)
}

// Write implements http.ResponseWriter.
func (a *answering) Write(p []byte) (int, error) {
	a.begin(http.StatusOK)
	return a.ResponseWriter.Write(p) //nolint:wrapcheck // a pass-through
}

// Unwrap lets http.ResponseController find what is below.
func (a *answering) Unwrap() http.ResponseWriter { return a.ResponseWriter }
