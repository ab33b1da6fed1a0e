package store

import (
	"context"
	"fmt"
	"time"

	"github.com/frontdesk-hq/frontdesk/internal/approval"
)

// Due implements approval.Store.
func (s *Store) Due(ctx context.Context, now time.Time, atOnce int, each func(jobs []approval.Job) error) error {
	at := now.UnixMilli()
	wrong := now.Add(approval.LongestWait).UnixMilli() // what is later was written by a clock that was put back
	err := s.eachDue(ctx, `state IN ('approving', 'rejecting')
		AND (effect_next_at <= $1 OR effect_next_at > $2)
		AND (effect_claimed_until <= $1 OR effect_claimed_until > $2)`, at, wrong, atOnce, approval.CarryOutJob, each)
	if err != nil {
		return err
	}
	// Without a delay the last change is the decision.
	justDecided := fmt.Sprintf(`(state IN ('approving', 'rejecting') AND NOT delayed AND ts <> ''
		AND changed_at <= $1 AND changed_at + %d > $1)`, approval.OverlookedAfter.Milliseconds())
	err = s.eachDue(ctx, undelivered+` AND NOT `+justDecided+`
		AND (delivery_next_at <= $1 OR delivery_next_at > $2)
		AND (delivery_claimed_until <= $1 OR delivery_claimed_until > $2)`, at, wrong, atOnce, approval.DeliveryJob, each)
	if err != nil {
		return err
	}
	overviews, err := s.dueOverviews(ctx, at, wrong)
	if err != nil {
		return err
	}
	if len(overviews) > 0 {
		if err := each(overviews); err != nil {
			return err
		}
	}
	return s.eachUnsent(ctx, atOnce, each)
}

// eachDue hands out the jobs of requests that are due, page by page.
func (s *Store) eachDue(
	ctx context.Context, condition string, at, wrong int64, atOnce int,
	job func(r approval.Request) approval.Job, each func(jobs []approval.Job) error,
) error {
	last := ""
	for {
		page, err := queryRequests(ctx, s.read, `WHERE `+condition+` AND id > $3 ORDER BY id LIMIT $4`, at, wrong, last, atOnce)
		if err != nil || len(page) == 0 {
			return err
		}
		jobs := make([]approval.Job, len(page))
		for i, r := range page {
			jobs[i], last = job(r), r.ID
		}
		if err := each(jobs); err != nil || len(page) < atOnce {
			return err
		}
	}
}

// dueOverviews has no pages: there is one overview for each source.
func (s *Store) dueOverviews(ctx context.Context, at, wrong int64) ([]approval.Job, error) {
	rows, err := s.read.QueryContext(ctx, `SELECT source, delivery_wanted FROM overviews WHERE `+undelivered+`
		AND (delivery_next_at <= $1 OR delivery_next_at > $2)
		AND (delivery_claimed_until <= $1 OR delivery_claimed_until > $2) ORDER BY source`, at, wrong)
	if err != nil {
		return nil, fmt.Errorf("read due overviews: %w", err)
	}
	defer func() { _ = rows.Close() }()
	var jobs []approval.Job
	for rows.Next() {
		var o approval.Overview
		if err := rows.Scan(&o.Source, &o.Delivery.Wanted); err != nil {
			return nil, fmt.Errorf("read a due overview: %w", err)
		}
		jobs = append(jobs, o.Job())
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("read due overviews: %w", err)
	}
	return jobs, nil
}

// eachUnsent hands out the jobs of notices that were not sent, page by page.
func (s *Store) eachUnsent(ctx context.Context, atOnce int, each func(jobs []approval.Job) error) error {
	var last unsent
	for {
		page, err := s.unsent(ctx, last, atOnce)
		if err != nil || len(page) == 0 {
			return err
		}
		jobs := make([]approval.Job, len(page))
		for i, notice := range page {
			jobs[i], last = approval.Job{Kind: approval.JobTell, Subject: notice.id}, notice
		}
		if err := each(jobs); err != nil || len(page) < atOnce {
			return err
		}
	}
}

// unsent is a notice's place among those that were not sent.
type unsent struct {
	at int64
	id string
}

func (s *Store) unsent(ctx context.Context, after unsent, atOnce int) ([]unsent, error) {
	rows, err := s.read.QueryContext(ctx, `SELECT at, id FROM notices
		WHERE sent_at = 0 AND (at, id) > ($1, $2) ORDER BY at, id LIMIT $3`, after.at, after.id, atOnce)
	if err != nil {
		return nil, fmt.Errorf("read unsent notices: %w", err)
	}
	defer func() { _ = rows.Close() }()
	var page []unsent
	for rows.Next() {
		var n unsent
		if err := rows.Scan(&n.at, &n.id); err != nil {
			return nil, fmt.Errorf("read an unsent notice: %w", err)
		}
		page = append(page, n)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("read unsent notices: %w", err)
	}
	return page, nil
}
