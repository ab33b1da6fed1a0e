package jobs_test

import (
	"context"
	"log/slog"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/frontdesk-hq/frontdesk/internal/approval"
	"github.com/frontdesk-hq/frontdesk/internal/jobs"
	"github.com/frontdesk-hq/frontdesk/internal/store"
	"github.com/frontdesk-hq/frontdesk/internal/store/postgrestest"
)

// TestJobsOfADeadReplicaAreTakenOver leaves a job running under the name of a
// replica that holds no lock, and one under a name that never held any, beside
// one that a living replica really works on.
func TestJobsOfADeadReplicaAreTakenOver(t *testing.T) {
	t.Parallel()
	s, err := store.Open(t.Context(), postgrestest.URL(t))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	log := slog.New(slog.DiscardHandler)
	dead := approval.Job{Kind: approval.JobRewrite, Subject: "of the dead", Version: 1}
	older := approval.Job{Kind: approval.JobTell, Subject: "of an older Frontdesk", Version: 1}
	slow := approval.Job{Kind: approval.JobCarryOut, Subject: "of the living", Version: 1}

	living, other := newQueue(t, s, log), newQueue(t, s, log)
	ran := make(chan approval.Job, 10)
	work := func(ctx context.Context, job approval.Job) (time.Duration, error) {
		if job == slow {
			select {
			case <-ctx.Done():
				return 0, ctx.Err()
			case <-time.After(9 * time.Second): //nolint:forbidigo // longer than a takeover takes, in real time
			}
		}
		ran <- job
		return 0, nil
	}
	freed := make(chan []approval.Job, 10)
	letGo := func(_ context.Context, jobs []approval.Job, age time.Duration) error {
		require.Positive(t, age)
		freed <- jobs
		return nil
	}
	living.OnDeath(letGo)
	other.OnDeath(letGo)
	enqueue(t, s, living, dead, older)
	for subject, owner := range map[string]string{dead.Subject: "replica-dead", older.Subject: "older"} {
		_, err := s.Pool().Exec(t.Context(), `UPDATE river_job SET state = 'running', attempt = 1, attempted_at = now(),
			attempted_by = ARRAY[$1] WHERE args ->> 'subject' = $2`, owner, subject)
		require.NoError(t, err)
	}
	start(t, living, work)
	enqueue(t, s, living, slow)
	start(t, other, work)

	require.Equal(t, dead, next(t, ran), "taken over before the slow one is done")
	require.Equal(t, []approval.Job{dead}, next(t, freed))
	require.Equal(t, slow, next(t, ran), "nobody took it from the living")
	require.Empty(t, ran)
	require.Empty(t, freed)
}

// TestWithoutItsLockAReplicaDoesNotWork ends the work under way of a replica
// that cannot show that it lives, and lets none begin until it can.
func TestWithoutItsLockAReplicaDoesNotWork(t *testing.T) {
	t.Parallel()
	s, err := store.Open(t.Context(), postgrestest.URL(t))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	q := newQueue(t, s, slog.New(slog.DiscardHandler))
	begun, ended := make(chan struct{}, 10), make(chan error, 10)
	start(t, q, func(ctx context.Context, _ approval.Job) (time.Duration, error) {
		begun <- struct{}{}
		if len(begun) > 1 {
			return 0, nil
		}
		<-ctx.Done()
		ended <- ctx.Err()
		return 0, ctx.Err()
	})
	enqueue(t, s, q, approval.Job{Kind: approval.JobRewrite, Subject: "x", Version: 1})
	require.Eventually(t, func() bool { return len(begun) == 1 }, patience, time.Millisecond)
	q.LoseLock()
	require.ErrorIs(t, next(t, ended), context.Canceled)
	// The next look holds the lock again, and the job runs once more.
	require.Eventually(t, func() bool { return len(begun) == 2 }, patience, time.Millisecond)
}

// TestALockThatIsLostIsTakenAgain ends the session that holds the lock, as a
// server does that starts again.
func TestALockThatIsLostIsTakenAgain(t *testing.T) {
	t.Parallel()
	s, err := store.Open(t.Context(), postgrestest.URL(t))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	q := newQueue(t, s, slog.New(slog.DiscardHandler))
	start(t, q, func(context.Context, approval.Job) (time.Duration, error) { return 0, nil })
	holder := func() (pid int32) {
		_ = s.Pool().QueryRow(t.Context(), `SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND classid = $1::bigint::oid
			AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`, jobs.PresenceClass).Scan(&pid)
		return pid
	}
	first := holder()
	require.NotZero(t, first)
	_, err = s.Pool().Exec(t.Context(), `SELECT pg_terminate_backend($1)`, first)
	require.NoError(t, err)
	require.Eventually(t, func() bool { now := holder(); return now != 0 && now != first }, patience, 10*time.Millisecond)
}
