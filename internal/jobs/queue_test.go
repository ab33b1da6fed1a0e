package jobs_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/frontdesk-hq/frontdesk/internal/approval"
	"github.com/frontdesk-hq/frontdesk/internal/jobs"
	"github.com/frontdesk-hq/frontdesk/internal/store"
	"github.com/frontdesk-hq/frontdesk/internal/store/postgrestest"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m)
}

// patience is how long a test waits for what should come at once.
const patience = 2 * time.Minute

// onEach runs a test with a new store on each database.
func onEach(t *testing.T, test func(t *testing.T, s *store.Store)) {
	t.Helper()
	t.Run("sqlite", func(t *testing.T) {
		t.Parallel()
		test(t, open(t, "sqlite:"+filepath.Join(t.TempDir(), "frontdesk.db")))
	})
	t.Run("postgres", func(t *testing.T) {
		t.Parallel()
		test(t, open(t, postgrestest.URL(t)))
	})
}

func open(tb testing.TB, databaseURL string) *store.Store {
	tb.Helper()
	s, err := store.Open(tb.Context(), databaseURL)
	require.NoError(tb, err)
	tb.Cleanup(func() { require.NoError(tb, s.Close()) })
	return s
}

// logs collects what a queue logs.
type logs struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *logs) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *logs) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

func (l *logs) logger() *slog.Logger { return slog.New(slog.NewTextHandler(l, nil)) }

// newQueue makes a queue in the store's database.
func newQueue(tb testing.TB, s *store.Store, log *slog.Logger) *jobs.Queue {
	tb.Helper()
	var (
		q   *jobs.Queue
		err error
	)
	if s.Kind() == store.SQLite {
		q, err = jobs.NewSQLite(tb.Context(), s.SQLite(), s.Reader(), log)
	} else {
		q, err = jobs.NewPostgres(tb.Context(), s.Pool(), s.Reader(), log)
	}
	require.NoError(tb, err)
	return q
}

// start starts the queue, and stops it when the test ends.
func start(tb testing.TB, q *jobs.Queue, work jobs.Work) {
	tb.Helper()
	require.NoError(tb, q.Start(tb.Context(), work))
	require.True(tb, q.Running())
	tb.Cleanup(func() { stop(tb, q) })
}

func stop(tb testing.TB, q *jobs.Queue) {
	tb.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	require.NoError(tb, q.Stop(ctx))
	require.False(tb, q.Running())
}

// enqueue commits the jobs and wakes the queue, as the domain does.
func enqueue(tb testing.TB, s *store.Store, q *jobs.Queue, all ...approval.Job) int {
	tb.Helper()
	added := 0
	require.NoError(tb, s.InTx(tb.Context(), func(ctx context.Context, tx approval.Tx) error {
		var err error
		added, err = q.Enqueue(ctx, tx, all...)
		return err
	}))
	q.Wake(all...)
	return added
}

// next waits for something that a job does.
func next[T any](tb testing.TB, from <-chan T) T {
	tb.Helper()
	late := time.NewTimer(patience)
	defer late.Stop()
	select {
	case got := <-from:
		return got
	case <-late.C:
		require.Fail(tb, "nothing came in time")
		panic("not reached")
	}
}

// count gives the number that a query finds.
func count(tb testing.TB, s *store.Store, query string) int {
	tb.Helper()
	var n int
	if s.Kind() == store.SQLite {
		require.NoError(tb, s.SQLite().QueryRowContext(tb.Context(), query).Scan(&n))
	} else {
		require.NoError(tb, s.Pool().QueryRow(tb.Context(), query).Scan(&n))
	}
	return n
}

// change runs a statement on River's tables.
func change(tb testing.TB, s *store.Store, sqlite, postgres string) {
	tb.Helper()
	var err error
	if s.Kind() == store.SQLite {
		_, err = s.SQLite().ExecContext(tb.Context(), sqlite)
	} else {
		_, err = s.Pool().Exec(tb.Context(), postgres)
	}
	require.NoError(tb, err)
}

// eventually waits until a query finds a number.
func eventually(tb testing.TB, s *store.Store, want int, query string) {
	tb.Helper()
	require.Eventually(tb, func() bool { return count(tb, s, query) == want }, patience, 10*time.Millisecond, query)
}

func job(kind approval.JobKind, subject string) approval.Job {
	return approval.Job{Kind: kind, Subject: subject, Version: 1}
}

// into gives work that sends each job on and is done.
func into(ran chan<- approval.Job) jobs.Work {
	return func(_ context.Context, job approval.Job) (time.Duration, error) {
		ran <- job
		return 0, nil
	}
}

func TestEveryKindOfJobRuns(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, s *store.Store) {
		t.Helper()
		q, ran := newQueue(t, s, slog.New(slog.DiscardHandler)), make(chan approval.Job, 10)
		start(t, q, into(ran))
		var want, got []approval.Job
		for _, kind := range approval.JobKinds() {
			want = append(want, approval.Job{Kind: kind, Subject: "r1", Version: 1 << 60})
		}
		require.Equal(t, len(want), enqueue(t, s, q, want...))
		for range want {
			got = append(got, next(t, ran))
		}
		require.ElementsMatch(t, want, got)
	})
}

func TestMenusAreRefreshedAfterThePosts(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, s *store.Store) {
		t.Helper()
		q, ran := newQueue(t, s, slog.New(slog.DiscardHandler)), make(chan approval.Job, 10)
		refresh := approval.Job{Kind: approval.JobRefresh, Subject: "r1", Version: 2}
		post := approval.Job{Kind: approval.JobPost, Subject: "r2", Version: 1}
		require.Equal(t, 2, enqueue(t, s, q, refresh, post))
		start(t, q, into(ran))
		require.Equal(t, post, next(t, ran))
		require.Equal(t, refresh, next(t, ran))
	})
}

func TestCommittedJobRunsAtOnce(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, s *store.Store) {
		t.Helper()
		// The queue polls so rarely that only a wake-up can make it look.
		var (
			q   *jobs.Queue
			err error
			log = slog.New(slog.DiscardHandler)
		)
		if s.Kind() == store.SQLite {
			q, err = jobs.NewSQLiteTimed(t.Context(), s.SQLite(), s.Reader(), log, time.Hour)
		} else {
			q, err = jobs.NewPostgresTimed(t.Context(), s.Pool(), s.Reader(), log, time.Hour)
		}
		require.NoError(t, err)
		ran := make(chan approval.Job, 1)
		start(t, q, into(ran))
		for version := range int64(30) {
			want := approval.Job{Kind: approval.JobRewrite, Subject: "r1", Version: version}
			enqueue(t, s, q, want)
			require.Equal(t, want, next(t, ran))
		}
	})
}

func TestRolledBackJobNeverRuns(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, s *store.Store) {
		t.Helper()
		q, ran := newQueue(t, s, slog.New(slog.DiscardHandler)), make(chan approval.Job, 10)
		start(t, q, into(ran))
		failure := errors.New("thought better of it")
		err := s.InTx(t.Context(), func(ctx context.Context, tx approval.Tx) error {
			added, err := q.Enqueue(ctx, tx, job(approval.JobPost, "rolled back"))
			require.NoError(t, err)
			require.Equal(t, 1, added)
			return failure
		})
		require.ErrorIs(t, err, failure)
		q.Wake(job(approval.JobPost, "rolled back"))
		// Posts go one by one, in order: what comes first would have run first.
		enqueue(t, s, q, job(approval.JobPost, "committed"))
		require.Equal(t, "committed", next(t, ran).Subject)
		require.Equal(t, 1, count(t, s, `SELECT count(*) FROM river_job`))
	})
}

func TestEqualJobsWaitOnce(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, s *store.Store) {
		t.Helper()
		q := newQueue(t, s, slog.New(slog.DiscardHandler))
		one, two := job(approval.JobCarryOut, "r1"), job(approval.JobCarryOut, "r2")
		otherKind, later := job(approval.JobRewrite, "r1"), one
		later.Version++
		require.Equal(t, 2, enqueue(t, s, q, one, two, one))
		require.Equal(t, 0, enqueue(t, s, q, two, one))
		require.Equal(t, 2, enqueue(t, s, q, one, otherKind, later))
		require.Equal(t, 4, count(t, s, `SELECT count(*) FROM river_job`))

		// A job that runs still keeps an equal one out, one that is done does not.
		running, finish := make(chan approval.Job, 10), make(chan struct{})
		start(t, q, func(_ context.Context, job approval.Job) (time.Duration, error) {
			running <- job
			<-finish
			return 0, nil
		})
		for range 4 {
			next(t, running)
		}
		require.Equal(t, 0, enqueue(t, s, q, one, two, otherKind, later))
		close(finish)
		eventually(t, s, 4, `SELECT count(*) FROM river_job WHERE state = 'completed'`)
		require.Equal(t, 4, enqueue(t, s, q, one, two, otherKind, later))
		for range 4 {
			next(t, running)
		}
	})
}

func TestManyJobsAtOnce(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, s *store.Store) {
		t.Helper()
		q := newQueue(t, s, slog.New(slog.DiscardHandler))
		var many []approval.Job
		for version := range int64(2000) {
			many = append(many, approval.Job{Kind: approval.JobRewrite, Subject: "r1", Version: version})
		}
		require.Equal(t, len(many), enqueue(t, s, q, many...))
		require.Equal(t, 0, enqueue(t, s, q, many...))
	})
}

func TestEnqueueNeedsTheStoresTransaction(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, s *store.Store) {
		t.Helper()
		q := newQueue(t, s, slog.New(slog.DiscardHandler))
		_, err := q.Enqueue(t.Context(), nil, job(approval.JobPost, "r1"))
		require.ErrorContains(t, err, "enqueue 1 jobs")
		_, err = q.Enqueue(t.Context(), foreignTx{}, job(approval.JobPost, "r1"))
		require.ErrorContains(t, err, "the transaction is a string")
		added, err := q.Enqueue(t.Context(), nil)
		require.NoError(t, err)
		require.Zero(t, added)
	})
}

// foreignTx is a transaction of some other store.
type foreignTx struct{ approval.Tx }

func (foreignTx) Raw() any           { return "another" }
func (foreignTx) AfterCommit(func()) {}

func TestPostgresReplicasShareTheWork(t *testing.T) {
	t.Parallel()
	address := postgrestest.URL(t)
	type done struct {
		replica int
		subject string
	}
	const many = 60
	ran := make(chan done, 2*many)
	var both sync.WaitGroup // lets jobs end only when each replica has one
	both.Add(2)
	var stores [2]*store.Store
	var queues [2]*jobs.Queue
	for replica := range queues {
		s := open(t, address)
		q := newQueue(t, s, slog.New(slog.DiscardHandler))
		var first sync.Once
		start(t, q, func(_ context.Context, job approval.Job) (time.Duration, error) {
			first.Do(both.Done)
			both.Wait()
			ran <- done{replica, job.Subject}
			return 0, nil
		})
		stores[replica], queues[replica] = s, q
	}
	var all []approval.Job
	for i := range many {
		all = append(all, job(approval.JobCarryOut, "r"+strconv.Itoa(i)))
	}
	require.Equal(t, many, enqueue(t, stores[0], queues[0], all...))
	// The other replica would have enqueued the same: they are the same jobs.
	require.Equal(t, 0, enqueue(t, stores[1], queues[1], all[many-10:]...))
	times, share := map[string]int{}, map[int]int{}
	for range many {
		d := next(t, ran)
		times[d.subject]++
		share[d.replica]++
	}
	require.Len(t, times, many, "a job ran twice")
	require.Len(t, share, 2)
	eventually(t, stores[0], many, `SELECT count(*) FROM river_job WHERE state = 'completed'`)
	require.Empty(t, ran)
}

func TestPostgresReplicasStartTogether(t *testing.T) {
	t.Parallel()
	s := open(t, postgrestest.URL(t))
	const replicas = 3
	made := make(chan error, replicas)
	for range replicas {
		go func() {
			_, err := jobs.NewPostgres(t.Context(), s.Pool(), s.Reader(), slog.New(slog.DiscardHandler))
			made <- err
		}()
	}
	for range replicas {
		require.NoError(t, next(t, made))
	}
}

// TestPostgresFetchesByIndexes: the server keeps the plan of a fetch that it made
// when there were few jobs, and it has to be good for many.
func TestPostgresFetchesByIndexes(t *testing.T) {
	t.Parallel()
	s := open(t, postgrestest.URL(t))
	_, err := jobs.NewPostgres(t.Context(), s.Pool(), s.Reader(), slog.New(slog.DiscardHandler))
	require.NoError(t, err)
	var plan strings.Builder
	require.NoError(t, s.Pool().AcquireFunc(t.Context(), func(conn *pgxpool.Conn) error {
		for _, statement := range []string{
			`INSERT INTO river_job (args, kind, max_attempts, queue) SELECT '{}', 'step', 100, 'carry_out' FROM generate_series(1, 20)`,
			`ANALYZE river_job`,
			`SET plan_cache_mode = force_generic_plan`,
			`PREPARE take (text, integer) AS UPDATE river_job SET state = 'running' FROM (
				SELECT id FROM river_job WHERE state = 'available' AND queue = $1 AND scheduled_at <= now()
				ORDER BY priority, scheduled_at, id LIMIT $2 FOR UPDATE SKIP LOCKED) AS locked WHERE river_job.id = locked.id`,
		} {
			if _, err := conn.Exec(t.Context(), statement); err != nil {
				return fmt.Errorf("run %q: %w", statement, err)
			}
		}
		rows, err := conn.Query(t.Context(), `EXPLAIN EXECUTE take ('carry_out', 16)`)
		if err != nil {
			return fmt.Errorf("explain the fetch: %w", err)
		}
		lines, err := pgx.CollectRows(rows, pgx.RowTo[string])
		plan.WriteString(strings.Join(lines, "\n"))
		return err
	}))
	require.Contains(t, plan.String(), "river_job_prioritized_fetching_index")
	require.NotContains(t, plan.String(), "Seq Scan")
	var compiles string
	require.NoError(t, s.Pool().QueryRow(t.Context(), `SHOW jit`).Scan(&compiles))
	require.Equal(t, "off", compiles, "what has no index would be compiled at each run")
}

// TestPostgresWritesNoIndexThatNothingReads begins with tables that were made
// before, as after an upgrade.
func TestPostgresWritesNoIndexThatNothingReads(t *testing.T) {
	t.Parallel()
	s := open(t, postgrestest.URL(t))
	newQueue(t, s, slog.New(slog.DiscardHandler))
	unread := []string{"river_job_args_index", "river_job_metadata_index", "river_job_kind"}
	for _, index := range unread {
		using := "(kind)"
		if index != "river_job_kind" {
			using = "USING gin (" + strings.TrimSuffix(strings.TrimPrefix(index, "river_job_"), "_index") + ")"
		}
		change(t, s, "", fmt.Sprintf(`DROP INDEX %[1]s; CREATE INDEX %[1]s ON river_job %[2]s`, index, using))
	}

	q := newQueue(t, s, slog.New(slog.DiscardHandler))
	enqueue(t, s, q, job(approval.JobCarryOut, "r1"))
	const page = 8192 // the first, which is not for rows
	require.Greater(t, count(t, s, `SELECT pg_relation_size('river_job_pkey')`), page)
	for _, index := range unread {
		require.Equal(t, page, count(t, s, `SELECT pg_relation_size('`+index+`')`), index)
		change(t, s, "", `REINDEX INDEX CONCURRENTLY `+index) // as River does each day
	}

	made := `SELECT max(oid::bigint) FROM pg_class`
	before := count(t, s, made)
	newQueue(t, s, slog.New(slog.DiscardHandler))
	require.Equal(t, before, count(t, s, made), "nothing is left to be emptied")
}
