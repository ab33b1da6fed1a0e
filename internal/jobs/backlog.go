package jobs

import (
	"context"
	"fmt"
	"time"
)

// Backlog is what one of the queues has to do.
type Backlog struct {
	// Waiting jobs are due and wait for a worker; Running ones have one; Later
	// ones wait for a time that was planned.
	Waiting, Running, Later int
	// Oldest is for how long the first of those that wait has been due; zero if
	// none waits.
	Oldest time.Duration
}

// Queues lists the names of the queues.
func Queues() []string { return []string{queueCarryOut, queuePost, queueRewrite, queueTell} }

// Backlogs gives what each queue has to do, by its name, for all processes that
// share it, and with what this one holds back. It reads what is not finished by
// an index.
func (q *Queue) Backlogs(ctx context.Context) (map[string]Backlog, error) {
	rows, err := q.read.QueryContext(ctx, q.backlog)
	if err != nil {
		return nil, fmt.Errorf("count the jobs that are not finished: %w", err)
	}
	defer func() { _ = rows.Close() }()
	all := map[string]Backlog{}
	for _, queue := range Queues() {
		all[queue] = Backlog{}
	}
	for rows.Next() {
		var queue string
		var b Backlog
		var oldest float64
		if err := rows.Scan(&queue, &b.Waiting, &b.Running, &b.Later, &oldest); err != nil {
			return nil, fmt.Errorf("count the jobs of a queue: %w", err)
		}
		b.Oldest = time.Duration(max(oldest, 0) * float64(time.Second))
		if _, ours := all[queue]; ours {
			all[queue] = b
		}
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("count the jobs that are not finished: %w", err)
	}
	q.held.addTo(all)
	return all, nil
}

// The statements differ in how the database, whose clock River goes by, tells
// the time and takes two times apart. On SQLite a time is a text that begins with
// the date and the time to the second; what follows is not always what SQLite
// can read, so it is compared as a text, as River does.
const (
	backlogSQLite = `SELECT queue, SUM(state = 'available' AND due), SUM(state = 'running'),
		SUM(state <> 'running' AND NOT (state = 'available' AND due)),
		COALESCE(MAX(CASE WHEN state = 'available' AND due THEN waits END), 0.0)
		FROM (SELECT queue, state, scheduled_at <= datetime('now', 'subsec') AS due,
			unixepoch('now', 'subsec') - unixepoch(substr(scheduled_at, 1, 19)) AS waits FROM river_job
			WHERE state IN ('available', 'running', 'scheduled', 'retryable')) AS unfinished
		GROUP BY queue`
	backlogPostgres = `SELECT queue, COUNT(*) FILTER (WHERE state = 'available' AND waits >= 0),
		COUNT(*) FILTER (WHERE state = 'running'),
		COUNT(*) FILTER (WHERE state <> 'running' AND NOT (state = 'available' AND waits >= 0)),
		COALESCE(MAX(waits) FILTER (WHERE state = 'available' AND waits >= 0), 0)::float8
		FROM (SELECT queue, state, EXTRACT(EPOCH FROM now() - scheduled_at) AS waits FROM river_job
			WHERE state IN ('available', 'running', 'scheduled', 'retryable')) AS unfinished
		GROUP BY queue`
)
