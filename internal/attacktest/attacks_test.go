package attacktest_test

import (
	"context"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/frontdesk-hq/frontdesk/internal/sandbox"
	"github.com/frontdesk-hq/frontdesk/pkg/practiceslack"
)

// tally counts what was sent and what came back.
type tally struct {
	mu   sync.Mutex
	Sent int
	Back map[string]int
	// Problems are answers that are not right.
	Problems []string
}

func newTally() *tally { return &tally{Back: map[string]int{}} }

func (y *tally) send() {
	y.mu.Lock()
	defer y.mu.Unlock()
	y.Sent++
}

func (y *tally) note(what string) {
	y.mu.Lock()
	defer y.mu.Unlock()
	y.Back[what]++
}

func (y *tally) answered(status int, err error) {
	if err != nil {
		y.note("cut")
	} else {
		y.note(strconv.Itoa(status))
	}
}

func (y *tally) String() string {
	y.mu.Lock()
	defer y.mu.Unlock()
	var parts []string
	for _, what := range slices.Sorted(maps.Keys(y.Back)) {
		parts = append(parts, fmt.Sprintf("%s: %d", what, y.Back[what]))
	}
	return strings.Join(parts, ", ")
}

// attack is one way to attack the door, until the context ends.
type attack struct {
	name string
	run  func(ctx context.Context, e *enemy, y *tally)
	// only are the answers that it may get, besides being cut off.
	only []string
	// long reports that it takes longer until all of it is there.
	long bool
}

// lasts gives how long the attack goes on.
func (a attack) lasts() time.Duration {
	if a.long {
		return *lasts + 4*time.Second
	}
	return *lasts
}

// halfOpenName is the attack that takes the most connections.
const halfOpenName = "half-open"

func attacks(halfOpen int) []attack {
	return []attack{
		{"forged clicks", repeated(func(e *enemy) (http.Header, []byte) {
			return e.approval(e.Innocent, sandbox.Ada, "another secret", clock())
		}), []string{"401", "429"}, false},
		{"stale clicks", repeated(func(e *enemy) (http.Header, []byte) {
			return e.approval(e.Innocent, sandbox.Ada, e.Secret, clock().Add(-301*time.Second))
		}), []string{"401", "429"}, false},
		{"replayed clicks", replayed, []string{"200"}, false},
		{"oversized bodies", repeated(func(e *enemy) (http.Header, []byte) {
			body := []byte("payload=" + strings.Repeat("x", 3<<20))
			return practiceslack.SignWith(e.Secret, body, clock()), body
		}), []string{"413", "503"}, false},
		{"forged large bodies", repeated(func(*enemy) (http.Header, []byte) {
			body := []byte("payload=" + strings.Repeat("x", 1<<20-100))
			return practiceslack.SignWith("another secret", body, clock()), body
		}), []string{"401", "429", "503"}, false},
		{"deeply nested JSON", nested, []string{"200", "401", "429", "503"}, false},
		{"many headers", repeated(func(*enemy) (http.Header, []byte) { return manyHeaders(1000, 1), nil }), []string{"431"}, false},
		{"long headers", repeated(func(*enemy) (http.Header, []byte) { return manyHeaders(90, 1000), nil }), []string{"431"}, false},
		{"monitoring pages", monitored, []string{"200", "429", "503"}, false},
		{"answers unread", unread, nil, false},
		{halfOpenName, halfOpened(halfOpen), nil, true},
	}
}

// repeated sends the same kind of request again and again.
func repeated(request func(e *enemy) (http.Header, []byte)) func(context.Context, *enemy, *tally) {
	return func(ctx context.Context, e *enemy, y *tally) {
		header, body := request(e)
		var all sync.WaitGroup
		for i := range e.Clients {
			all.Go(func() {
				e.again(ctx, i, y, func(client *http.Client) (int, error) {
					return e.post(ctx, client, "/slack/events", header, body)
				})
			})
		}
		all.Wait()
	}
}

// again sends again and again, at the pace of one client.
func (e *enemy) again(ctx context.Context, i int, y *tally, send func(client *http.Client) (int, error)) {
	client := from(i)
	defer client.CloseIdleConnections()
	tick := time.NewTicker(e.Pace)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
		y.send()
		status, err := send(client)
		if ctx.Err() == nil {
			y.answered(status, err)
		}
	}
}

// replayed sends one honest click again and again, byte for byte.
func replayed(ctx context.Context, e *enemy, y *tally) {
	header, body := e.approval(e.Replayed, sandbox.Ada, e.Secret, clock())
	repeated(func(*enemy) (http.Header, []byte) { return header, body })(ctx, e, y)
}

// nested sends JSON that nests very deeply: as somebody who knows the secret,
// and as a webhook of somebody who does not.
func nested(ctx context.Context, e *enemy, y *tally) {
	const deep = 100_000
	json := `{"type":"block_actions","actions":` + strings.Repeat("[", deep) + strings.Repeat("]", deep) + `}`
	form := []byte("payload=" + url.QueryEscape(json))
	hook := http.Header{"Svix-Id": {"m"}, "Svix-Timestamp": {strconv.FormatInt(clock().Unix(), 10)}, "Svix-Signature": {"v1,AAAA"}}
	var both sync.WaitGroup
	both.Go(func() {
		repeated(func(*enemy) (http.Header, []byte) {
			return practiceslack.SignWith(e.Secret, form, clock()), form
		})(ctx, e, y)
	})
	both.Go(func() {
		e.again(ctx, 9, y, func(client *http.Client) (int, error) {
			return e.post(ctx, client, "/conveyor/webhook", hook, []byte(json))
		})
	})
	both.Wait()
}

func manyHeaders(n, size int) http.Header {
	header := http.Header{}
	for i := range n {
		header.Set(fmt.Sprintf("X-%d", i), strings.Repeat("x", size))
	}
	return header
}

// monitored reads the pages that ask for no signature.
func monitored(ctx context.Context, e *enemy, y *tally) {
	var all sync.WaitGroup
	for i, page := range []string{"/readyz", "/metrics", "/healthz", "/readyz"} {
		all.Go(func() {
			e.again(ctx, i, y, func(client *http.Client) (int, error) {
				return e.send(ctx, client, http.MethodGet, page, http.Header{}, nil)
			})
		})
	}
	all.Wait()
}

// unread asks for many pages on one connection and reads none.
func unread(ctx context.Context, e *enemy, y *tally) {
	each(ctx, 200, func(i int) {
		hold(ctx, e, y, i, strings.Repeat("GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n", 5000), false)
	})
}

// halfOpened keeps so many connections half open, in all the ways there are.
func halfOpened(n int) func(context.Context, *enemy, *tally) {
	ways := []string{
		"",
		"POST /slack/events HTTP/1.1\r\nHost: x\r\nX-Slow: ",
		"POST /slack/events HTTP/1.1\r\nHost: x\r\nContent-Length: 60000\r\n\r\n" + strings.Repeat("x", 30_000),
		"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n",
	}
	return func(ctx context.Context, e *enemy, y *tally) {
		each(ctx, n, func(i int) { hold(ctx, e, y, i, ways[i%len(ways)], true) })
	}
}

// comesIn is the time between two of a crowd who come, comesAgain how long one
// that was cut stays away.
const (
	comesIn    = 300 * time.Microsecond
	comesAgain = 3 * time.Second
)

// each runs so many at once, and each of them again after it ended.
func each(ctx context.Context, n int, do func(i int)) {
	var all sync.WaitGroup
	for i := range n {
		all.Go(func() {
			wait := time.NewTimer(time.Duration(i) * comesIn)
			defer wait.Stop()
			for {
				select {
				case <-wait.C:
				case <-ctx.Done():
					return
				}
				do(i)
				wait.Reset(comesAgain)
			}
		})
	}
	all.Wait()
}

// hold sends something and then holds the connection for as long as it is let.
func hold(ctx context.Context, e *enemy, y *tally, i int, text string, read bool) {
	conn, err := dialer(i).DialContext(ctx, "tcp", e.Address)
	if err != nil {
		if ctx.Err() == nil {
			y.note("not let in")
		}
		return
	}
	stop := context.AfterFunc(ctx, func() { _ = conn.Close() })
	defer stop()
	y.send()
	defer func() {
		_ = conn.(*net.TCPConn).SetLinger(0) // ten thousand that wait for their end would use up the ports
		_ = conn.Close()
		if ctx.Err() == nil {
			y.note("cut")
		}
	}()
	if _, err := io.WriteString(conn, text); err != nil {
		return
	}
	if read {
		_, _ = io.Copy(io.Discard, conn)
		return
	}
	<-ctx.Done()
}
