package practiceconveyor_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/frontdesk-hq/frontdesk/internal/sandbox/practiceconveyor"
)

// keeper keeps in memory, as Keeper says.
type keeper struct {
	keys   []string
	values map[string][]byte
	saves  int
	broken error
}

func newKeeper() *keeper { return &keeper{values: map[string][]byte{}} }

func (k *keeper) Load(each func(key string, value []byte) error) error {
	for _, key := range k.keys {
		if err := each(key, k.values[key]); err != nil {
			return err
		}
	}
	return nil
}

func (k *keeper) Save(changes iter.Seq2[string, []byte]) error {
	if k.broken != nil {
		return k.broken
	}
	k.saves++
	for key, value := range changes {
		_, known := k.values[key]
		switch {
		case value == nil:
			delete(k.values, key)
			k.keys = slices.DeleteFunc(k.keys, func(other string) bool { return other == key })
		case !known:
			k.keys = append(k.keys, key)
			fallthrough
		default:
			k.values[key] = bytes.Clone(value)
		}
	}
	return nil
}

func (k *keeper) copied() *keeper {
	return &keeper{keys: slices.Clone(k.keys), values: maps.Clone(k.values)}
}

func reopen(t require.TestingT, k *keeper, o practiceconveyor.Options) *practiceconveyor.Room {
	room, err := practiceconveyor.Open(o, k)
	require.NoError(t, err)
	return room
}

// ask calls the API and gives the status and the body; no status means that the connection was cut.
func ask(room *practiceconveyor.Room, method, path, body string) (status int, answer string) {
	q := httptest.NewRequest(method, practiceconveyor.BasePath+path, strings.NewReader(body))
	q.Header.Set("X-Api-Key", room.Key())
	q.Header.Set("Content-Type", "application/json")
	w := httptest.NewRecorder()
	defer func() {
		if recover() != nil {
			status = 0
		}
	}()
	room.Handler().ServeHTTP(w, q)
	return w.Code, w.Body.String()
}

// shown is everything that people and programs can see of a room.
func shown(room *practiceconveyor.Room) []string {
	var all []string
	for _, part := range []any{room.Requests(), room.Authorizations(), room.Groups()} {
		raw, err := json.MarshalIndent(part, "", " ")
		if err != nil {
			return []string{err.Error()}
		}
		all = append(all, strings.Split(string(raw), "\n")...)
	}
	for _, list := range []string{"authorization_request_queue", "authorization_requests", "authorizations", "access_groups", "connections"} {
		_, body := ask(room, http.MethodGet, "/exchange/"+list, "")
		all = append(all, strings.Split(body, ",")...)
	}
	return all
}

// TestAKeptRoomGoesOn does what people and programs do at random, and every few steps opens what was kept: it must show
// what the room shows, and never give an id twice.
func TestAKeptRoomGoesOn(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
		o := practiceconveyor.Options{Clock: func() time.Time { return now }, Seed: 7, NDARequired: rapid.Bool().Draw(rt, "nda")}
		k := newKeeper()
		room := reopen(rt, k, o)
		given, steps := map[string]bool{}, 0
		fresh := func(rt *rapid.T, id string) {
			require.False(rt, given[id], "the id %s is given twice", id)
			given[id] = true
		}
		email := func(rt *rapid.T) string {
			return rapid.SampledFrom([]string{"ann@a.example", "ANN@a.example", "bob@b.example", "nobody"}).Draw(rt, "email")
		}
		request := func(rt *rapid.T) string {
			ids := []string{"none"}
			for _, q := range room.Requests() {
				ids = append(ids, q.ID)
			}
			return rapid.SampledFrom(ids).Draw(rt, "request")
		}
		groups := func(rt *rapid.T) []string {
			ids := []string{}
			for _, g := range room.Groups() {
				if rapid.Bool().Draw(rt, "with") {
					ids = append(ids, g.ID)
				}
			}
			return ids
		}
		rt.Repeat(map[string]func(*rapid.T){
			"": func(rt *rapid.T) {
				if steps++; steps%3 == 0 {
					other := o
					other.Seed = 99 // the room's own seed wins
					again := reopen(rt, k.copied(), other)
					require.Empty(rt, cmp.Diff(shown(room), shown(again)), "- is, + was kept")
					again.Close()
				}
			},
			"file": func(rt *rapid.T) {
				fresh(rt, room.Request(practiceconveyor.Requester{
					Email: email(rt), Message: new(rapid.StringN(0, 9, -1).Draw(rt, "message")), CRMLink: email(rt), Draft: rapid.IntRange(0, 5).Draw(rt, "draft") == 0,
				}))
			},
			"remove": func(rt *rapid.T) { room.Remove(request(rt)) },
			"decide elsewhere": func(rt *rapid.T) {
				_ = room.DecideElsewhere(request(rt), rapid.SampledFrom([]practiceconveyor.Decision{practiceconveyor.Approve, practiceconveyor.Ignore}).Draw(rt, "as"), groups(rt)...)
			},
			"approve": func(rt *rapid.T) {
				body, err := json.Marshal(map[string]any{"request_id": request(rt), "access_group_ids": groups(rt), "nda_bypass": rapid.Bool().Draw(rt, "bypass"), "expires_at": "2027-01-01"})
				require.NoError(rt, err)
				ask(room, http.MethodPost, "/exchange/authorizations", string(body))
			},
			"ignore": func(rt *rapid.T) {
				ask(room, http.MethodPatch, "/exchange/authorization_requests/"+request(rt), `{"status":"ignored","reviewer_email":"ada@vendor.example"}`)
			},
			"change access": func(rt *rapid.T) {
				for _, a := range room.Authorizations() {
					change := map[string]any{"status": "revoked"}
					if rapid.Bool().Draw(rt, "groups") {
						change = map[string]any{"access_group_ids": groups(rt)}
					}
					body, err := json.Marshal(change)
					require.NoError(rt, err)
					ask(room, http.MethodPatch, "/exchange/authorizations/"+a.ID, string(body))
				}
			},
			"sign":      func(rt *rapid.T) { room.SignNDA(email(rt)) },
			"add group": func(rt *rapid.T) { fresh(rt, room.AddGroup("G")) },
			"remove group": func(rt *rapid.T) {
				for _, id := range groups(rt) {
					room.RemoveGroup(id)
				}
			},
			"set groups": func(rt *rapid.T) {
				kept := room.Groups()
				slices.Reverse(kept)
				room.SetGroups(append(kept[:len(kept)/2], practiceconveyor.Group{Name: fmt.Sprint("new ", steps)}))
				for _, g := range room.Groups()[len(kept)/2:] {
					fresh(rt, g.ID)
				}
			},
			"time": func(*rapid.T) { now = now.Add(time.Hour) },
			"restart": func(rt *rapid.T) {
				room.Close()
				room = reopen(rt, k, o)
			},
		})
		room.Close()
	})
}

// TestAWebhookThatWasUnderWay ends the process while the receiver does not answer.
func TestAWebhookThatWasUnderWay(t *testing.T) {
	t.Parallel()
	arrived, answer := make(chan string, 10), make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, q *http.Request) {
		_, _ = io.ReadAll(q.Body)
		arrived <- q.Header.Get("svix-id")
		select {
		case <-answer:
		case <-q.Context().Done():
		}
	}))
	t.Cleanup(server.Close)
	hook := practiceconveyor.Webhook{URL: server.URL, Secret: webhookSecret}
	o := practiceconveyor.Options{Clock: func() time.Time { return time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC) }}
	k := newKeeper()
	room := reopen(t, k, o)
	require.NoError(t, room.SetWebhook(hook))
	room.Request(practiceconveyor.Requester{Email: "ann@a.example"})
	message := <-arrived
	left := k.copied() // as a killed process leaves it
	room.Close()

	close(answer)
	for _, kept := range []*keeper{k, left} {
		room = reopen(t, kept, o)
		require.Empty(t, arrived, "nothing is sent to nowhere")
		require.NoError(t, room.SetWebhook(hook))
		require.Equal(t, message, <-arrived, "the same message")
		require.Eventually(t, func() bool { return len(room.Deliveries()) == 1 }, 10*time.Second, time.Millisecond)
		require.NoError(t, room.SetWebhook(hook))
		room.Request(practiceconveyor.Requester{Email: "bob@b.example"})
		require.NotEqual(t, message, <-arrived, "once")
		require.Eventually(t, func() bool { return len(room.Deliveries()) == 2 }, 10*time.Second, time.Millisecond)
		room.Close()
		room = reopen(t, kept, o)
		require.NoError(t, room.SetWebhook(hook))
		room.Close()
		require.Empty(t, arrived, "once and for all")
	}
}

// TestWhatIsNotKeptIsNotAcknowledged breaks the keeper.
func TestWhatIsNotKeptIsNotAcknowledged(t *testing.T) {
	t.Parallel()
	o := practiceconveyor.Options{Clock: func() time.Time { return time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC) }}
	k := newKeeper()
	room := reopen(t, k, o)
	id := room.Request(practiceconveyor.Requester{Email: "ann@a.example"})
	ignore := func() int {
		status, _ := ask(room, http.MethodPatch, "/exchange/authorization_requests/"+id, `{"status":"ignored","reviewer_email":"ada@vendor.example"}`)
		return status
	}
	k.broken = io.ErrShortWrite
	require.Zero(t, ignore(), "the connection is cut")
	k.broken = nil
	require.Zero(t, ignore(), "what was lost stays lost")
	status, _ := ask(room, http.MethodGet, "/exchange/authorization_request_queue", "")
	require.Zero(t, status)
	saves := k.saves
	room.AddGroup("late")
	require.Equal(t, saves, k.saves)
	room.Close()

	room = reopen(t, k, o)
	require.Equal(t, practiceconveyor.RequestRequested, room.Requests()[0].Status)
	saves = k.saves
	shown(room)
	require.Equal(t, saves, k.saves, "to look changes nothing")
	require.Equal(t, http.StatusOK, ignore())
	room.Close()
}

func TestDamageIsNoRoom(t *testing.T) {
	t.Parallel()
	o := practiceconveyor.Options{Clock: func() time.Time { return time.Time{} }}
	for name, c := range map[string]struct{ key, value, says string }{
		"an unknown kind":  {"pigeon/1", `{}`, "pigeon/1"},
		"an unknown field": {"request/1", `{"ID":"1","Wings":2}`, "Wings"},
		"another type":     {"nda/ann@a.example", `{}`, "cannot unmarshal"},
		"not JSON":         {"counters/", `{"Seed":`, "unexpected EOF"},
	} {
		k := newKeeper()
		require.NoError(t, k.Save(func(yield func(string, []byte) bool) { yield(c.key, []byte(c.value)) }))
		_, err := practiceconveyor.Open(o, k)
		require.ErrorContains(t, err, c.says, name)
	}
	_, err := practiceconveyor.Open(o, &unreadable{})
	require.ErrorIs(t, err, errUnreadable)
}

var errUnreadable = errors.New("unreadable")

type unreadable struct{ keeper }

func (*unreadable) Load(func(string, []byte) error) error { return errUnreadable }
