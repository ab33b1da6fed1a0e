package jobs

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/frontdesk-hq/frontdesk/internal/approval"
)

// Unfinished implements approval.Jobs. It locks nothing: on PostgreSQL a job that
// is locked is passed over by whoever looks for the next one.
func (q *Queue) Unfinished(ctx context.Context) (map[approval.Job]bool, error) {
	rows, err := q.read.QueryContext(ctx, `SELECT args FROM river_job
		WHERE state IN ('available', 'pending', 'retryable', 'running', 'scheduled')`)
	if err != nil {
		return nil, fmt.Errorf("read the jobs that are not finished: %w", err)
	}
	defer func() { _ = rows.Close() }()
	all := map[approval.Job]bool{}
	for rows.Next() {
		var args []byte
		if err := rows.Scan(&args); err != nil {
			return nil, fmt.Errorf("read a job that is not finished: %w", err)
		}
		var s step
		if err := json.Unmarshal(args, &s); err != nil {
			return nil, fmt.Errorf("read a job that is not finished: %w", err)
		}
		all[s.job()] = true
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("read the jobs that are not finished: %w", err)
	}
	q.held.addJobsTo(all)
	return all, nil
}
