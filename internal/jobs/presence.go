package jobs

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/frontdesk-hq/frontdesk/internal/approval"
)

// Timings of presence. A replica without its lock gives its work up well before
// another one takes it over.
const (
	// lookEvery is the time between two looks, lookWithin bounds one.
	lookEvery  = time.Second
	lookWithin = 2 * time.Second
	// absentAfter is how long after its last good look a replica works on.
	absentAfter = 3 * time.Second
	// deadAfter is for how many looks in a row a replica has to be missing.
	deadAfter = 6
	// claimsOlder is the age that the claims of a dead replica have at least by
	// then; a younger one is somebody else's.
	claimsOlder = deadAfter*lookEvery - absentAfter - time.Second
	// replicaPrefix marks those that hold a lock as long as they live.
	replicaPrefix = "replica-"
	// presenceClass is the first half of the locks' key.
	presenceClass = 0x66726f6e // "fron"
)

// LetGo frees the claims that the worker of these jobs has left on their
// subjects, if they are at least so old.
type LetGo func(ctx context.Context, jobs []approval.Job, age time.Duration) error

// presence is how the replicas on one PostgreSQL know which of them live. Each
// holds an advisory lock on a connection of its own. PostgreSQL lets go of it
// as soon as the connection ends, which the kernel sees to when a process is
// killed. Each looks at the others' locks, and takes over the jobs of one whose
// lock is gone. A replica that loses its lock stops working until it has one
// again, so that nobody takes over what is still being done. Where locks tell
// nothing, as behind a pooler that shares connections, River's own rescue is
// left, which takes a minute.
type presence struct {
	config *pgx.ConnConfig
	id     string
	log    *slog.Logger
	letGo  LetGo

	cancel context.CancelFunc
	done   sync.WaitGroup
	late   *time.Timer

	mu   sync.Mutex
	gone chan struct{} // closed when the lock is lost; nil as long as there is none
}

func newPresence(config *pgx.ConnConfig, id string, log *slog.Logger) *presence {
	return &presence{config: config, id: id, log: log}
}

// start makes the first look before it returns, so that work can begin at once.
func (p *presence) start(ctx context.Context) {
	ctx, p.cancel = context.WithCancel(ctx)
	p.late = time.AfterFunc(absentAfter, p.absent)
	missing := map[string]int{}
	conn := p.turn(ctx, nil, missing)
	p.done.Go(func() {
		ticker := time.NewTicker(lookEvery)
		defer ticker.Stop()
		for ctx.Err() == nil {
			select {
			case <-ticker.C:
				conn = p.turn(ctx, conn, missing)
			case <-ctx.Done():
			}
		}
		if conn != nil {
			closing, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
			defer cancel()
			_ = conn.Close(closing)
		}
	})
}

// stop ends it. It is called when the work has ended.
func (p *presence) stop() {
	p.cancel()
	p.done.Wait()
	p.late.Stop()
}

// turn makes one look, and takes over what nobody works on any more. It gives
// the connection that holds the lock, nil if there is none.
func (p *presence) turn(ctx context.Context, conn *pgx.Conn, missing map[string]int) *pgx.Conn {
	ctx, cancel := context.WithTimeout(ctx, lookWithin)
	defer cancel()
	conn, err := p.hold(ctx, conn)
	var running []runningJob
	if err == nil {
		running, err = p.look(ctx, conn)
	}
	if err != nil {
		clear(missing) // what was not seen is not known to be missing
		if conn != nil {
			_ = conn.Close(ctx)
		}
		return nil
	}
	p.present()
	if dead := orphans(running, missing); len(dead) > 0 {
		err := p.takeOver(ctx, conn, running, dead)
		if err != nil && ctx.Err() == nil {
			p.log.Warn("the jobs of a replica that is gone could not be taken over; it is tried again", slog.String("error", err.Error()))
		}
	}
	return conn
}

// hold makes sure that the lock is held. It is a shared one, so that a session
// of before that the server has not given up yet does not stand in the way.
func (p *presence) hold(ctx context.Context, conn *pgx.Conn) (*pgx.Conn, error) {
	if conn != nil {
		return conn, nil
	}
	conn, err := pgx.ConnectConfig(ctx, p.config)
	if err != nil {
		return nil, fmt.Errorf("connect to hold the replica's lock: %w", err)
	}
	if _, err := conn.Exec(ctx, `SELECT pg_advisory_lock_shared($1, hashtext($2))`, presenceClass, p.id); err != nil {
		return conn, fmt.Errorf("hold the replica's lock: %w", err)
	}
	return conn, nil
}

// runningJob is a job that some replica has begun.
type runningJob struct {
	id    int64
	owner string
	held  bool // the owner holds its lock
	job   approval.Job
}

// look gives all jobs that are running, in one snapshot with the locks. It is
// an error if our own lock is not among those.
func (p *presence) look(ctx context.Context, conn *pgx.Conn) ([]runningJob, error) {
	rows, err := conn.Query(ctx, `
		WITH held AS (
			SELECT objid FROM pg_locks WHERE locktype = 'advisory' AND classid = $1::bigint::oid AND objsubid = 2 AND granted
				AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
		), running AS (
			SELECT id, attempted_by[cardinality(attempted_by)] AS owner, args::text AS args FROM river_job WHERE state = 'running' AND kind = $3
			UNION ALL SELECT 0, $2, '{}'
		)
		SELECT id, coalesce(owner, ''), args,
			EXISTS (SELECT FROM held WHERE objid = (hashtext(owner)::bigint & 4294967295)::oid)
		FROM running`, presenceClass, p.id, step{}.Kind())
	if err != nil {
		return nil, fmt.Errorf("look at the running jobs: %w", err)
	}
	defer rows.Close()
	var all []runningJob
	ours := false
	for rows.Next() {
		var (
			r    runningJob
			args string
			s    step
		)
		if err := rows.Scan(&r.id, &r.owner, &args, &r.held); err != nil {
			return nil, fmt.Errorf("look at a running job: %w", err)
		}
		if r.owner == p.id {
			ours = r.held
		}
		if r.id == 0 {
			continue
		}
		if err := json.Unmarshal([]byte(args), &s); err != nil {
			return nil, fmt.Errorf("read the running job %d: %w", r.id, err)
		}
		r.job = approval.Job{Kind: s.Step, Subject: s.Subject, Version: s.Version}
		all = append(all, r)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("look at the running jobs: %w", err)
	}
	if !ours {
		return nil, fmt.Errorf("the lock of %s is lost", p.id)
	}
	return all, nil
}

// orphans counts the looks for which each owner is missing, and gives the jobs
// of those that were for long enough.
func orphans(running []runningJob, missing map[string]int) []runningJob {
	seen := map[string]bool{}
	var dead []runningJob
	for _, r := range running {
		if r.held || !strings.HasPrefix(r.owner, replicaPrefix) {
			continue
		}
		if !seen[r.owner] {
			seen[r.owner] = true
			missing[r.owner]++
		}
		if missing[r.owner] >= deadAfter {
			dead = append(dead, r)
		}
	}
	for owner := range missing {
		if !seen[owner] {
			delete(missing, owner)
		}
	}
	return dead
}

// takeOver frees the claims of dead replicas first, so that whoever gets their
// jobs finds the way free. Claims on what a living replica works on stay.
func (p *presence) takeOver(ctx context.Context, conn *pgx.Conn, running, dead []runningJob) error {
	living := map[string]bool{}
	for _, r := range running {
		if r.held {
			living[r.job.Subject] = true
		}
	}
	var ids []int64
	var owners []string
	var claims []approval.Job
	for _, r := range dead {
		ids, owners = append(ids, r.id), append(owners, r.owner)
		if !living[r.job.Subject] {
			claims = append(claims, r.job)
		}
	}
	if p.letGo != nil && len(claims) > 0 {
		if err := p.letGo(ctx, claims, claimsOlder); err != nil {
			return err
		}
	}
	freed, err := conn.Exec(ctx, `UPDATE river_job SET state = 'available', scheduled_at = now()
		WHERE id = ANY($1) AND state = 'running' AND attempted_by[cardinality(attempted_by)] = ANY($2)`, ids, owners)
	if err != nil {
		return fmt.Errorf("free the jobs of a replica that is gone: %w", err)
	}
	if n := freed.RowsAffected(); n > 0 {
		p.log.Info("took over the jobs of a replica that is gone", slog.Int64("jobs", n))
	}
	return nil
}

// present notes a good look.
func (p *presence) present() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.late.Reset(absentAfter)
	if p.gone == nil {
		p.gone = make(chan struct{})
	}
}

// absent ends the work under way: another replica may take it over soon.
func (p *presence) absent() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.gone != nil {
		close(p.gone)
		p.gone = nil
	}
}

// during gives a context that ends when the lock is lost; false if there is
// none at the moment.
func (p *presence) during(ctx context.Context) (context.Context, context.CancelFunc, bool) {
	p.mu.Lock()
	gone := p.gone
	p.mu.Unlock()
	if gone == nil {
		return ctx, func() {}, false
	}
	ctx, cancel := context.WithCancel(ctx)
	go func() {
		select {
		case <-gone:
			cancel()
		case <-ctx.Done():
		}
	}()
	return ctx, cancel, true
}
