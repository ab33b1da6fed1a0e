// Package storetest is the suite that every approval.Store has to pass.
//
// It is for tests only and knows the domain, not the stores. It promises that
// two stores that pass it cannot be told apart by the domain.
package storetest

import (
	"context"
	"reflect"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/stretchr/testify/require"

	"github.com/frontdesk-hq/frontdesk/internal/approval"
)

// Store is an approval.Store that also keeps the turns of its processes, as
// internal/store tells.
type Store interface {
	approval.Store
	BeginPoll(ctx context.Context, source string, now time.Time, interval time.Duration) (bool, error)
	KeepPolling(ctx context.Context, source string) error
	TakeOverPoll(ctx context.Context, source string, now time.Time) (bool, error)
	Census(ctx context.Context) (open map[approval.State]int, oldest time.Time, err error)
	EndPoll(ctx context.Context, source, trouble string) error
	PollTrouble(ctx context.Context, source string) (string, error)
	Turn(ctx context.Context, name string, every time.Duration, burst int, within time.Duration) (wait time.Duration, taken bool, err error)
}

// Run runs the suite. open gives a new, empty store, and closes it when the
// test ends.
func Run(t *testing.T, open func(t *testing.T) Store) {
	t.Helper()
	for name, test := range map[string]func(*testing.T, Store){
		"a request comes back with every field":                  requestComesBack,
		"bookkeeping is saved alone":                             bookkeepingAlone,
		"an event comes back with every field":                   eventComesBack,
		"what is not there is unknown":                           unknown,
		"odd text comes back":                                    oddText,
		"text that PostgreSQL cannot keep is made readable":      unstorableText,
		"a request is received once":                             receivedOnce,
		"a request is received once by many at a time":           receivedOnceConcurrently,
		"a key is recorded once":                                 keyOnce,
		"a stale version is not saved":                           staleVersion,
		"what is for after the commit is done then, and once":    calledAfterCommit,
		"an error leaves nothing":                                errorLeavesNothing,
		"a context that ended leaves nothing":                    endedContextLeavesNothing,
		"of many decisions one wins":                             oneDecisionWins,
		"no change is lost":                                      noChangeIsLost,
		"external ids find requests":                             byExternalID,
		"pending requests of a source":                           pending,
		"pending messages become due":                            wantPending,
		"groups are replaced":                                    groupsReplaced,
		"a source has a record":                                  sourceRecord,
		"a notice comes back and is added once":                  notices,
		"decisions are due":                                      dueDecisions,
		"messages are due":                                       dueMessages,
		"messages of what was just decided are not due":          dueDecided,
		"notices are due":                                        dueNotices,
		"due steps come in pages, oldest first":                  duePages,
		"the message that was not seen for the longest time":     leastSeen,
		"turns are taken one after another":                      turnsAreShared,
		"turns come back":                                        turnsComeBack,
		"many at once get a turn each":                           turnsOfManyAtOnce,
		"held requests wait apart":                               heldRequests,
		"an overview comes back":                                 overviewComesBack,
		"decided requests are forgotten whole":                   forgetting,
		"what is not decided is counted":                         census,
		"processes poll in turns":                                pollsInTurns,
		"a poll is not taken from one who lives":                 abandonedPolls,
		"what a random life leaves is what its events replay to": replay,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, open(t))
		})
	}
}

const source = "conveyor"

// at gives a time in the form that stores keep: UTC, in milliseconds.
func at(ms int64) time.Time { return time.UnixMilli(1_760_000_000_000 + ms).UTC() }

// arrival gives what a connector found, with every field set.
func arrival(externalID string) approval.Arrival {
	return approval.Arrival{
		Source: source, ExternalID: externalID, Requester: "ann@example.com", Message: "Hello & <welcome>",
		Link: "https://app.example.com/requests/" + externalID, RequestedAt: at(-5),
	}
}

// received gives a new request and its first event.
func received(t *testing.T, id, externalID string) (approval.Request, approval.Event) {
	t.Helper()
	a := arrival(externalID)
	event := approval.Event{Seq: 1, At: at(0), Action: approval.Receive, Arrival: &a}
	r, err := approval.Apply(approval.Request{ID: id}, event)
	require.NoError(t, err)
	return r, event
}

// Receive adds a new request to the store.
func Receive(t *testing.T, s Store, id, externalID string) approval.Request {
	t.Helper()
	r, event := received(t, id, externalID)
	inTx(t, s, func(ctx context.Context, tx approval.Tx) error {
		added, err := tx.Receive(ctx, r, event)
		require.True(t, added)
		return err
	})
	return r
}

// Approve gives a reviewer's yes to the request, and the request after it.
func Approve(t *testing.T, r approval.Request, click string) (approval.Request, approval.Event) {
	t.Helper()
	event := approval.Event{
		Seq: r.Version + 1, At: at(r.Version), Action: approval.Approve, Actor: "U1", Key: click,
		Decision: &approval.Decision{
			ID: click, Verb: approval.Approve, At: at(r.Version),
			Reviewer: approval.Reviewer{ID: "U1", Email: "rita@example.com"},
		},
	}
	after, err := approval.Apply(r, event)
	require.NoError(t, err)
	return after, event
}

// save writes a request with its event.
func save(t *testing.T, s Store, r approval.Request, e approval.Event) approval.Request {
	t.Helper()
	inTx(t, s, func(ctx context.Context, tx approval.Tx) error { return tx.Save(ctx, r, e) })
	return r
}

// bookkeep writes a request's bookkeeping.
func bookkeep(t *testing.T, s Store, r approval.Request) {
	t.Helper()
	inTx(t, s, func(ctx context.Context, tx approval.Tx) error { return tx.SaveBookkeeping(ctx, r) })
}

func inTx(t *testing.T, s Store, fn func(ctx context.Context, tx approval.Tx) error) {
	t.Helper()
	require.NoError(t, s.InTx(t.Context(), fn))
}

// stored gives the request as the store has it.
func stored(t *testing.T, s Store, id string) approval.Request {
	t.Helper()
	r, err := s.Request(t.Context(), id)
	require.NoError(t, err)
	return r
}

func ids(requests []approval.Request) []string {
	got := []string{}
	for _, r := range requests {
		got = append(got, r.ID)
	}
	return got
}

// requireEqual compares in depth; times are equal if they are the same instant.
func requireEqual(t require.TestingT, want, got any) {
	if h, ok := t.(interface{ Helper() }); ok {
		h.Helper()
	}
	if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" {
		require.Fail(t, "not equal", "-want +got:\n%s", diff)
	}
}

// requireFull makes sure that a sample leaves no field out: one that is added
// to the domain and forgotten in the store is found here.
func requireFull(t *testing.T, name string, v reflect.Value) {
	t.Helper()
	require.False(t, v.IsZero(), "the sample does not set %s", name)
	if _, ok := reflect.TypeAssert[time.Time](v); ok {
		return
	}
	switch v.Kind() { //nolint:exhaustive // the other kinds have nothing inside
	case reflect.Pointer:
		requireFull(t, name, v.Elem())
	case reflect.Struct:
		for i := range v.NumField() {
			requireFull(t, name+"."+v.Type().Field(i).Name, v.Field(i))
		}
	case reflect.Slice:
		for i := range v.Len() {
			requireFull(t, name, v.Index(i))
		}
	}
}
