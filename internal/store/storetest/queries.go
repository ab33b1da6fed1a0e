package storetest

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/frontdesk-hq/frontdesk/internal/approval"
)

func byExternalID(t *testing.T, s Store) {
	t.Helper()
	const known, asked = 700, 1200
	inTx(t, s, func(ctx context.Context, tx approval.Tx) error {
		for i := range known {
			r, event := received(t, fmt.Sprintf("r%04d", i), "x"+strconv.Itoa(i))
			if _, err := tx.Receive(ctx, r, event); err != nil {
				return err
			}
		}
		return nil
	})
	var names []string
	for i := range asked {
		names = append(names, "x"+strconv.Itoa(i))
	}
	found, err := s.ByExternalID(t.Context(), source, names)
	require.NoError(t, err)
	require.Len(t, found, known)

	found, err = s.ByExternalID(t.Context(), source, []string{"x3", "none", "x3"})
	require.NoError(t, err)
	want, _ := received(t, "r0003", "x3")
	requireEqual(t, []approval.Request{want}, found)
	found, err = s.ByExternalID(t.Context(), source, nil)
	require.NoError(t, err)
	require.Empty(t, found)
	found, err = s.ByExternalID(t.Context(), "elsewhere", []string{"x3"})
	require.NoError(t, err)
	require.Empty(t, found)
}

// threeAndOneElsewhere receives r3, r1 and r2, decides r2, and adds r4 from elsewhere.
func threeAndOneElsewhere(t *testing.T, s Store) {
	t.Helper()
	Receive(t, s, "r3", "x3")
	Receive(t, s, "r1", "x1")
	decided, event := Approve(t, Receive(t, s, "r2", "x2"), "click")
	save(t, s, decided, event)
	other, event := received(t, "r4", "x4")
	other.Source = "elsewhere"
	inTx(t, s, func(ctx context.Context, tx approval.Tx) error {
		_, err := tx.Receive(ctx, other, event)
		return err
	})
}

func pending(t *testing.T, s Store) {
	t.Helper()
	threeAndOneElsewhere(t, s)
	found, err := s.Pending(t.Context(), source)
	require.NoError(t, err)
	require.Equal(t, []string{"r1", "r3"}, ids(found))
	requireEqual(t, stored(t, s, "r1"), found[0])
	found, err = s.Pending(t.Context(), "nowhere")
	require.NoError(t, err)
	require.Empty(t, found)
}

func wantPending(t *testing.T, s Store) {
	t.Helper()
	threeAndOneElsewhere(t, s)
	before := map[string]approval.Request{}
	for _, id := range []string{"r1", "r2", "r3", "r4"} {
		before[id] = stored(t, s, id)
	}
	inTx(t, s, func(ctx context.Context, tx approval.Tx) error {
		found, err := tx.WantPending(ctx, source)
		require.Equal(t, []string{"r1", "r3"}, ids(found))
		for _, r := range found {
			want := before[r.ID]
			want.Delivery.Wanted++
			requireEqual(t, want, r)
		}
		return err
	})
	wanted := before["r1"]
	wanted.Delivery.Wanted++
	requireEqual(t, wanted, stored(t, s, "r1"))
	requireEqual(t, before["r2"], stored(t, s, "r2"))
	requireEqual(t, before["r4"], stored(t, s, "r4"))
}

func groupsReplaced(t *testing.T, s Store) {
	t.Helper()
	elsewhere := groups("e1")
	inTx(t, s, func(ctx context.Context, tx approval.Tx) error { return tx.SaveGroups(ctx, "elsewhere", elsewhere) })
	many := []approval.Group{}
	for i := range 5000 {
		many = append(many, approval.Group{ID: strconv.Itoa(i), Name: strings.Repeat("🦉", 300)})
	}
	for _, want := range [][]approval.Group{
		groups("g2", "g1", "g3"),
		groups("g3", "g1", "g3", "g3"), // ids that come twice are kept, as the source has them
		many,
		nil,
		groups("g1"),
	} {
		inTx(t, s, func(ctx context.Context, tx approval.Tx) error { return tx.SaveGroups(ctx, source, want) })
		got, err := s.Groups(t.Context(), source)
		require.NoError(t, err)
		requireEqual(t, want, got)
	}
	got, err := s.Groups(t.Context(), "elsewhere")
	require.NoError(t, err)
	requireEqual(t, elsewhere, got)
}

func sourceRecord(t *testing.T, s Store) {
	t.Helper()
	record, err := s.Source(t.Context(), source)
	require.NoError(t, err)
	require.Zero(t, record)
	full := approval.SourceRecord{GroupsWanted: true, GroupsKnown: true}
	requireFull(t, "SourceRecord", reflect.ValueOf(full))
	for _, want := range []approval.SourceRecord{full, {}, full} {
		inTx(t, s, func(ctx context.Context, tx approval.Tx) error { return tx.SaveSource(ctx, source, want) })
		record, err = s.Source(t.Context(), source)
		require.NoError(t, err)
		require.Equal(t, want, record)
	}
	record, err = s.Source(t.Context(), "elsewhere")
	require.NoError(t, err)
	require.Zero(t, record)
}

func notices(t *testing.T, s Store) {
	t.Helper()
	Receive(t, s, "r1", "x1")
	want := approval.Notice{
		ID: "n1", RequestID: "r1", To: "U1", Code: approval.NoticeRefused, At: at(1),
		NoticeDetails: approval.NoticeDetails{
			By: "U2", Verb: approval.Reject, Standing: approval.StandingGone, Denial: approval.DeniedBot, Email: "rita@example.com",
			Refusal: &approval.Refusal{Reason: approval.RefusedKey, Detail: "odd 🦉 'text'"},
		},
		SentAt: at(2),
	}
	requireFull(t, "Notice", reflect.ValueOf(want))
	again := want
	again.To = "U9"
	inTx(t, s, func(ctx context.Context, tx approval.Tx) error {
		added, err := tx.AddNotice(ctx, want)
		require.NoError(t, err)
		require.True(t, added)
		added, err = tx.AddNotice(ctx, again)
		require.False(t, added)
		return err
	})
	got, err := s.Notice(t.Context(), "n1")
	require.NoError(t, err)
	requireEqual(t, want, got)

	bare := approval.Notice{ID: "n2", RequestID: "r1"}
	inTx(t, s, func(ctx context.Context, tx approval.Tx) error {
		_, err := tx.AddNotice(ctx, bare)
		return err
	})
	got, err = s.Notice(t.Context(), "n2")
	require.NoError(t, err)
	requireEqual(t, bare, got)
	inTx(t, s, func(ctx context.Context, tx approval.Tx) error { return tx.NoticeSent(ctx, "n2", at(3)) })
	bare.SentAt = at(3)
	got, err = s.Notice(t.Context(), "n2")
	require.NoError(t, err)
	requireEqual(t, bare, got)
}

// due gives the kinds and subjects of what is due.
func due(t *testing.T, s Store, now time.Time) []approval.Job {
	t.Helper()
	var jobs []approval.Job
	require.NoError(t, s.Due(t.Context(), now, 10, func(some []approval.Job) error {
		require.NotEmpty(t, some)
		jobs = append(jobs, some...)
		return nil
	}))
	return jobs
}

// shown makes the request's message up to date.
func shown(r approval.Request) approval.Request {
	r.Delivery.Done, r.Delivery.TS = r.Delivery.Wanted, "1.1"
	return r
}

func dueDecisions(t *testing.T, s Store) {
	t.Helper()
	bookkeep(t, s, shown(Receive(t, s, "r0", "x0")))
	r, event := Approve(t, Receive(t, s, "r1", "x1"), "click")
	r = save(t, s, shown(r), event)
	job := []approval.Job{approval.CarryOutJob(r)}
	require.Equal(t, job, due(t, s, at(100)))

	r.Effect = approval.Effect{Attempts: 1, NextAt: at(200)}
	bookkeep(t, s, r)
	require.Empty(t, due(t, s, at(199)))
	require.Equal(t, job, due(t, s, at(200)))

	// What is farther ahead than any wait was written before the clock was put back.
	require.Empty(t, due(t, s, at(200).Add(-approval.LongestWait)))
	require.Equal(t, job, due(t, s, at(199).Add(-approval.LongestWait)))

	r.Effect = approval.Effect{Attempts: 1, ClaimedUntil: at(300)}
	bookkeep(t, s, r)
	require.Equal(t, job, due(t, s, at(299).Add(-approval.LongestWait)))
	require.Empty(t, due(t, s, at(299)))
	require.Equal(t, job, due(t, s, at(300)))

	confirm := approval.Event{Seq: 3, At: at(4), Action: approval.Confirm, Confirmation: &approval.Confirmation{}}
	r, err := approval.Apply(r, confirm)
	require.NoError(t, err)
	save(t, s, shown(r), confirm)
	require.Empty(t, due(t, s, at(1000)))
}

func dueMessages(t *testing.T, s Store) {
	t.Helper()
	r := Receive(t, s, "r1", "x1")
	require.Equal(t, []approval.Job{{Kind: approval.JobPost, Subject: "r1", Version: 1}}, due(t, s, at(100)))

	r = shown(r)
	bookkeep(t, s, r)
	require.Empty(t, due(t, s, at(100)))
	r.Delivery.Wanted++
	bookkeep(t, s, r)
	job := []approval.Job{{Kind: approval.JobRewrite, Subject: "r1", Version: 2}}
	require.Equal(t, job, due(t, s, at(100)))

	r.Delivery.NextAt = at(200)
	bookkeep(t, s, r)
	require.Empty(t, due(t, s, at(199)))
	require.Equal(t, job, due(t, s, at(200)))

	require.Empty(t, due(t, s, at(200).Add(-approval.LongestWait)))
	require.Equal(t, job, due(t, s, at(199).Add(-approval.LongestWait)))

	r.Delivery.NextAt, r.Delivery.ClaimedUntil = time.Time{}, at(300)
	bookkeep(t, s, r)
	require.Equal(t, job, due(t, s, at(299).Add(-approval.LongestWait)))
	require.Empty(t, due(t, s, at(299)))
	require.Equal(t, job, due(t, s, at(300)))
}

// dueDecided: that a message shows a decision without an outcome is not called
// for as long as somebody may be about to show it.
func dueDecided(t *testing.T, s Store) {
	t.Helper()
	decidedAt := func(id string, posted bool) approval.Request {
		r := Receive(t, s, id, "x"+id)
		if posted {
			r = shown(r)
		}
		r, event := Approve(t, r, "click-"+id)
		return save(t, s, r, event)
	}
	posted, unposted := decidedAt("r1", true), decidedAt("r2", false)
	delayed := decidedAt("r3", true)
	delay := approval.Event{Seq: delayed.Version + 1, At: delayed.ChangedAt, Action: approval.Delay}
	delayed, err := approval.Apply(delayed, delay)
	require.NoError(t, err)
	save(t, s, delayed, delay)

	deliveries := func(now time.Time) []approval.Job {
		return slices.DeleteFunc(due(t, s, now), func(j approval.Job) bool { return j.Kind == approval.JobCarryOut })
	}
	decided := posted.ChangedAt
	others := []approval.Job{approval.DeliveryJob(unposted), approval.DeliveryJob(delayed)}
	all := append([]approval.Job{approval.DeliveryJob(posted)}, others...)
	require.Equal(t, all, deliveries(decided.Add(-time.Millisecond)), "the clock was put back")
	require.Equal(t, others, deliveries(decided))
	require.Equal(t, others, deliveries(decided.Add(approval.OverlookedAfter-time.Millisecond)))
	require.Equal(t, all, deliveries(decided.Add(approval.OverlookedAfter)))
}

func dueNotices(t *testing.T, s Store) {
	t.Helper()
	bookkeep(t, s, shown(Receive(t, s, "r1", "x1")))
	inTx(t, s, func(ctx context.Context, tx approval.Tx) error {
		_, err := tx.AddNotice(ctx, approval.Notice{ID: "n1", RequestID: "r1", At: at(1)})
		return err
	})
	require.Equal(t, []approval.Job{{Kind: approval.JobTell, Subject: "n1"}}, due(t, s, at(100)))
	inTx(t, s, func(ctx context.Context, tx approval.Tx) error { return tx.NoticeSent(ctx, "n1", at(2)) })
	require.Empty(t, due(t, s, at(100)))
}

func duePages(t *testing.T, s Store) {
	t.Helper()
	// Ids sort by age; the order of writing is another.
	for _, n := range []string{"3", "1", "2"} {
		r, event := Approve(t, Receive(t, s, "r"+n, "x"+n), "click-"+n)
		save(t, s, r, event)
		second, err := strconv.ParseInt(n, 10, 64)
		require.NoError(t, err)
		inTx(t, s, func(ctx context.Context, tx approval.Tx) error {
			_, err := tx.AddNotice(ctx, approval.Notice{ID: "n" + n, RequestID: r.ID, At: at(second)})
			return err
		})
	}
	all := []string{
		"carry_out r1", "carry_out r2", "carry_out r3", "post r1", "post r2", "post r3", "tell n1", "tell n2", "tell n3",
	}
	for atOnce := 1; atOnce <= 4; atOnce++ {
		var got []string
		require.NoError(t, s.Due(t.Context(), at(100), atOnce, func(jobs []approval.Job) error {
			require.LessOrEqual(t, len(jobs), atOnce)
			for _, job := range jobs {
				got = append(got, string(job.Kind)+" "+job.Subject)
			}
			if slices.Contains(got, "post r1") { // what is done meanwhile hides no other
				bookkeep(t, s, shown(stored(t, s, "r1")))
			}
			return nil
		}))
		require.Equal(t, all, got, atOnce)
		unshown := stored(t, s, "r1")
		unshown.Delivery.Done, unshown.Delivery.TS = 0, ""
		bookkeep(t, s, unshown)
	}
	failed := errors.New("no room")
	pages := 0
	require.ErrorIs(t, s.Due(t.Context(), at(100), 2, func([]approval.Job) error {
		pages++
		return failed
	}), failed)
	require.Equal(t, 1, pages, "the first trouble ends it")
}

func leastSeen(t *testing.T, s Store) {
	t.Helper()
	_, err := s.LeastSeen(t.Context(), at(1000))
	require.ErrorIs(t, err, approval.ErrUnknown)
	Receive(t, s, "unposted", "x0")
	for i, id := range []string{"r1", "r2", "r3"} {
		r := shown(Receive(t, s, id, "x"+id))
		r.Delivery.SeenAt = at(int64(300 - 100*i))
		bookkeep(t, s, r)
	}
	due := shown(Receive(t, s, "due", "x4"))
	due.Delivery.Wanted++
	bookkeep(t, s, due)
	decided, event := Approve(t, Receive(t, s, "decided", "x5"), "click")
	save(t, s, shown(decided), event)

	for since, want := range map[int]string{1000: "r3", 100: "r3", 99: ""} {
		r, err := s.LeastSeen(t.Context(), at(int64(since)))
		if want == "" {
			require.ErrorIs(t, err, approval.ErrUnknown)
			continue
		}
		require.NoError(t, err)
		require.Equal(t, want, r.ID)
	}
}
