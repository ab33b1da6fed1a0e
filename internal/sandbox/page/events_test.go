package page_test

import (
	"bufio"
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/frontdesk-hq/frontdesk/internal/sandbox/page"
	"github.com/frontdesk-hq/frontdesk/internal/sandbox/practiceconveyor"
	"github.com/frontdesk-hq/frontdesk/pkg/practiceslack"
)

// watcher is a page that follows the events: what was written to it so far.
type watcher struct {
	mu     sync.Mutex
	header http.Header
	body   strings.Builder
	done   bool
}

func (f *watcher) Header() http.Header { return f.header }
func (f *watcher) WriteHeader(int)     {}
func (f *watcher) Flush()              {}

func (f *watcher) Write(p []byte) (int, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.body.Write(p)
}

// events counts the messages of the stream.
func (f *watcher) events() int { return len(f.told()) }

// told gives the messages of the stream: the name of each, and what it says.
func (f *watcher) told() []told {
	f.mu.Lock()
	defer f.mu.Unlock()
	var all []told
	for part := range strings.SplitSeq(strings.TrimSuffix(f.body.String(), "\n\n"), "\n\n") {
		name, data, _ := strings.Cut(strings.TrimPrefix(part, "event: "), "\ndata: ")
		all = append(all, told{name, data})
	}
	return all
}

type told struct{ name, data string }

func (f *watcher) ended() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.done
}

// follow lets a page follow the events of a world, within a bubble of time.
func follow(ctx context.Context, slack *practiceslack.Workspace, room *practiceconveyor.Room) *watcher {
	return watch(ctx, page.New(slack, room, &desk{}), "")
}

// watch lets an open page follow the events.
func watch(ctx context.Context, p *page.Page, query string) *watcher {
	f := &watcher{header: http.Header{}}
	r := httptest.NewRequestWithContext(ctx, http.MethodGet, "http://localhost/practice/events?"+query, http.NoBody)
	go func() {
		p.ServeHTTP(f, r)
		f.mu.Lock()
		defer f.mu.Unlock()
		f.done = true
	}()
	synctest.Wait()
	return f
}

// passes lets time pass in a bubble.
func passes(d time.Duration) {
	<-time.NewTimer(d).C
	synctest.Wait()
}

func bubble(t *testing.T, run func(t *testing.T, slack *practiceslack.Workspace, room *practiceconveyor.Room)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		slack := practiceslack.New(practiceslack.Options{Clock: noon})
		room := practiceconveyor.New(practiceconveyor.Options{Clock: noon})
		defer room.Close()
		defer slack.Close()
		run(t, slack, room)
	})
}

func TestEventsAreGathered(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T, slack *practiceslack.Workspace, room *practiceconveyor.Room) {
		t.Helper()
		f := follow(t.Context(), slack, room)
		require.Equal(t, 1, f.events(), "one at the start")
		passes(time.Minute)
		require.Equal(t, 1, f.events(), "nothing changed")

		// More than the subscriptions can hold.
		for i := range 500 {
			slack.AddUser(practiceslack.Person{ID: "U1", Name: strconv.Itoa(i)})
			room.AddGroup("x")
		}
		passes(time.Second)
		require.Equal(t, 2, f.events(), "what comes together is told once")

		slack.AddUser(practiceslack.Person{ID: "U2"})
		passes(20 * time.Millisecond)
		require.Equal(t, 2, f.events())
		room.AddGroup("y")
		passes(20 * time.Millisecond)
		require.Equal(t, 3, f.events(), "a change is told soon, however many follow it")

		room.AddGroup("z")
		passes(time.Second)
		require.Equal(t, 4, f.events(), "the room's changes alone are told too")
	})
}

func TestEventsEndWithTheirRequest(t *testing.T) {
	t.Parallel()
	for name, changing := range map[string]bool{"in silence": false, "while gathering": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			bubble(t, func(t *testing.T, slack *practiceslack.Workspace, room *practiceconveyor.Room) {
				t.Helper()
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				f := follow(ctx, slack, room)
				if changing {
					room.AddGroup("x")
					synctest.Wait()
				}
				require.False(t, f.ended())
				cancel()
				synctest.Wait()
				require.True(t, f.ended())
				room.AddGroup("y") // nobody listens, nothing hangs
				require.Equal(t, 1, f.events())
			})
		})
	}
}

func TestEventsEndWithTheWorkspace(t *testing.T) {
	t.Parallel()
	for name, changing := range map[string]bool{"in silence": false, "while gathering": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			bubble(t, func(t *testing.T, slack *practiceslack.Workspace, room *practiceconveyor.Room) {
				t.Helper()
				f := follow(t.Context(), slack, room)
				if changing {
					room.AddGroup("x")
					synctest.Wait()
				}
				slack.Close()
				synctest.Wait()
				require.True(t, f.ended())
			})
		})
	}
}

func TestEventsAreStreamed(t *testing.T) {
	t.Parallel()
	w := newWorld(t, noon)
	ctx, leave := context.WithTimeout(t.Context(), 20*time.Second)
	defer leave()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, w.front.URL+"/practice/events", http.NoBody)
	require.NoError(t, err)
	resp, err := w.front.Client().Do(req)
	require.NoError(t, err)
	defer resp.Body.Close()
	require.Equal(t, "text/event-stream", resp.Header.Get("Content-Type"))
	require.Equal(t, "no-store", resp.Header.Get("Cache-Control"))
	require.Contains(t, resp.Header.Get("Content-Security-Policy"), "default-src 'none'")

	lines := bufio.NewReader(resp.Body)
	expect := func(name, holds string) {
		t.Helper()
		for _, want := range []string{"event: " + name + "\n", holds, "\n"} {
			got, err := lines.ReadString('\n')
			require.NoError(t, err)
			require.Contains(t, got, want)
		}
	}
	expect("start", `"person":"U1"`)
	w.room.AddGroup("x")
	expect("change", `"name":"x"`)
	_, err = w.slack.PostAsUser("U1", "C1", "hello", "")
	require.NoError(t, err)
	expect("change", `"text":"hello"`)
	w.slack.Close()
	_, err = lines.ReadByte()
	require.ErrorIs(t, err, io.EOF)
}

func TestEventsTellOfWhatOnlyThePageKnows(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T, slack *practiceslack.Workspace, room *practiceconveyor.Room) {
		t.Helper()
		frontdesk := &desk{}
		p := page.New(slack, room, frontdesk)
		first, second := watch(t.Context(), p, ""), watch(t.Context(), p, "")
		for i := range 3 {
			frontdesk.set(i%2 == 0)
			p.Changed()
			passes(time.Second)
			require.Equal(t, i+2, first.events())
			require.Equal(t, i+2, second.events(), "every open page is told")
		}
		p.Changed()
		passes(time.Minute)
		require.Equal(t, 4, first.events(), "nothing changed")
	})
}

// inChannel lets a page follow a channel with Alice in it.
func inChannel(t *testing.T, slack *practiceslack.Workspace, room *practiceconveyor.Room) *watcher {
	t.Helper()
	slack.AddUser(practiceslack.Person{ID: "U1"})
	slack.AddUser(practiceslack.Person{ID: "U2"})
	slack.AddChannel(practiceslack.ChannelInfo{ID: "C1", Members: []string{"U1", "U2"}})
	slack.AddChannel(practiceslack.ChannelInfo{ID: "C2", Members: []string{"U1", "U2"}})
	return watch(t.Context(), page.New(slack, room, &desk{}), "as=U1&channel=C1")
}

func TestEventsCarryWhatChanged(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T, slack *practiceslack.Workspace, room *practiceconveyor.Room) {
		t.Helper()
		f := inChannel(t, slack, room)
		post := func(channel, text, thread string) string {
			t.Helper()
			m, err := slack.PostAsUser("U2", channel, text, thread)
			require.NoError(t, err)
			return m.TS
		}
		newest := func() told {
			t.Helper()
			passes(time.Second)
			return f.told()[f.events()-1]
		}
		require.Equal(t, "start", f.told()[0].name)
		first := post("C1", "one", "")
		second := post("C1", "two", "")
		n := newest()
		require.Equal(t, "change", n.name)
		require.Contains(t, n.data, `"text":"one"`)
		require.Contains(t, n.data, `"text":"two"`)
		require.NotContains(t, n.data, `"people"`, "only what changed")
		require.NotContains(t, n.data, `"requests"`)

		post("C1", "a reply", first)
		require.Contains(t, newest().data, `"replies":1`, "the first message of the thread counts it")
		require.NotContains(t, newest().data, `"two"`)

		before := f.events()
		post("C2", "elsewhere", "")
		passes(time.Second)
		require.Equal(t, before, f.events(), "another channel's messages are not sent")

		require.NoError(t, slack.DeleteMessage("C1", second))
		require.Contains(t, newest().data, `"gone":["`+second+`"]`)

		room.Request(practiceconveyor.Requester{Email: "a@x.example"})
		require.Contains(t, newest().data, `"a@x.example"`)
		slack.AddCommand(practiceslack.Command{Name: "/requests"})
		require.Contains(t, newest().data, `"/requests"`)
		require.NotContains(t, newest().data, `"a@x.example"`)
	})
}

func TestManyChangesAtOnceBeginAnew(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T, slack *practiceslack.Workspace, room *practiceconveyor.Room) {
		t.Helper()
		f := inChannel(t, slack, room)
		for range 2000 {
			_, err := slack.PostAsUser("U2", "C1", "hello", "")
			require.NoError(t, err)
		}
		passes(time.Second)
		n := f.told()[f.events()-1]
		require.Equal(t, "start", n.name)
		require.Contains(t, n.data, `"earlier":1975`)
	})
}
