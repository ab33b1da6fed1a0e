package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"
)

// figures are what one run of a subject gave, by the figures' names.
type figures map[string]float64

// The figures' names.
const (
	coldStart  = "cold start to the first answered click"
	idleMemory = "idle memory (PSS)"
	idleRSS    = "idle memory (RSS)"
	idleOwn    = "idle memory without pages of files"
	loadMemory = "memory after the clicks (PSS)"
	loadRSS    = "memory after the clicks (RSS)"
	loadOwn    = "memory after the clicks without pages of files"
	peakRSS    = "most memory at any time (RSS)"
	processor  = "processor time a click"
	refusals   = "clicks that were refused and sent again"
	rewriteP50 = "click to rewritten message at 50 a second, p50"
)

func answeredAt(clients int) string { return fmt.Sprintf("answered a second, %d at once", clients) }
func finishedAt(clients int) string {
	return fmt.Sprintf("carried out and shown a second, %d at once", clients)
}

func answerP(percent, perSecond int) string {
	return fmt.Sprintf("answer at %d a second, p%d", perSecond, percent)
}

func (f figures) line() string {
	return fmt.Sprintf("cold %.0f ms, idle %.1f MB, loaded %.1f MB, at 1/8/32 %.0f/%.0f/%.0f a second, p99 %.1f/%.1f/%.1f ms, rewrite %.1f ms, processor %.2f ms",
		f[coldStart], f[idleRSS], f[loadRSS], f[answeredAt(1)], f[answeredAt(8)], f[answeredAt(32)],
		f[answerP(99, 50)], f[answerP(99, 200)], f[answerP(99, 400)], f[rewriteP50], f[processor])
}

// measure runs a subject once.
func (s *subject) measure(ctx context.Context, p plan, clock func() time.Time) (figures, error) {
	got := figures{}
	if err := s.measureStarts(ctx, p, clock, got); err != nil {
		return nil, fmt.Errorf("start: %w", err)
	}
	if err := s.measureLoads(ctx, p, clock, got); err != nil {
		return nil, fmt.Errorf("under load: %w", err)
	}
	return got, nil
}

// openWhenIdle is how many requests wait in the starts that are measured.
const openWhenIdle = 50

func (s *subject) measureStarts(ctx context.Context, p plan, clock func() time.Time, got figures) (err error) {
	st, err := startStub(ctx, openWhenIdle, clock)
	if err != nil {
		return err
	}
	defer st.close()
	database, drop, err := s.store.fresh(ctx, openWhenIdle)
	if err != nil {
		return err
	}
	defer drop()
	var took []float64
	for i := range p.coldStarts {
		duration, err := s.startOnce(ctx, p, st, database, i, clock, got)
		if err != nil {
			return err
		}
		took = append(took, milliseconds(duration))
	}
	got[coldStart] = median(took)
	return st.check(p.coldStarts)
}

func (s *subject) startOnce(ctx context.Context, p plan, st *stub, database string, number int, clock func() time.Time, got figures) (time.Duration, error) {
	c, err := newClick(number, s.value, clock())
	if err != nil {
		return 0, err
	}
	began := clock()
	running, err := s.start(st, database)
	if err != nil {
		return 0, err
	}
	defer running.stop()
	if err := running.firstAnswer(ctx, newSender(running.url+"/slack/events", clock), c); err != nil {
		return 0, err
	}
	took := clock().Sub(began)
	if err := st.awaitRewritten(ctx, number+1); err != nil {
		return 0, err
	}
	if number < p.coldStarts-1 {
		return took, nil
	}
	if err := wait(ctx, time.Duration(p.quietSeconds)*time.Second); err != nil {
		return 0, err
	}
	used, err := memoryOf(running.cmd.Process.Pid)
	got[idleMemory], got[idleRSS], got[idleOwn] = used.pss, used.rss, used.own
	return took, err
}

func (s *subject) measureLoads(ctx context.Context, p plan, clock func() time.Time, got figures) error {
	st, err := startStub(ctx, p.total, clock)
	if err != nil {
		return err
	}
	defer st.close()
	database, drop, err := s.store.fresh(ctx, p.total)
	if err != nil {
		return err
	}
	defer drop()
	running, err := s.start(st, database)
	if err != nil {
		return err
	}
	defer running.stop()
	if err := running.awaitReady(ctx, s); err != nil {
		return err
	}
	before, err := processorTime(running.cmd.Process.Pid)
	if err != nil {
		return err
	}
	l := &load{subject: s, stub: st, send: newSender(running.url+"/slack/events", clock), clock: clock}
	if err := l.all(ctx, p, got); err != nil {
		return err
	}
	got[refusals] = float64(l.refused)
	after, err := processorTime(running.cmd.Process.Pid)
	if err != nil {
		return err
	}
	got[processor] = milliseconds(after-before) / float64(p.total)
	if err := wait(ctx, time.Duration(p.quietSeconds)*time.Second); err != nil {
		return err
	}
	used, err := memoryOf(running.cmd.Process.Pid)
	got[loadMemory], got[loadRSS], got[loadOwn], got[peakRSS] = used.pss, used.rss, used.own, used.peak
	return errors.Join(err, st.check(p.total))
}

// load is the clicks that one running subject gets.
type load struct {
	subject *subject
	stub    *stub
	send    *sender
	clock   func() time.Time
	used    int
	refused int
}

func (l *load) all(ctx context.Context, p plan, got figures) error {
	if _, err := l.steady(ctx, steadyLoad{50, p.warm}); err != nil {
		return err
	}
	for _, one := range p.steady {
		sent, err := l.steady(ctx, one)
		if err != nil {
			return err
		}
		took := make([]float64, len(sent.took))
		for i, d := range sent.took {
			took[i] = milliseconds(d)
		}
		got[answerP(50, one.perSecond)] = percentile(took, 50)
		got[answerP(99, one.perSecond)] = percentile(took, 99)
		if one.perSecond == 50 {
			got[rewriteP50] = percentile(l.rewritten(sent), 50)
		}
	}
	for _, one := range p.atOnce {
		if err := l.atOnce(ctx, one, got); err != nil {
			return err
		}
	}
	return l.atOnce(ctx, atOnceLoad{8, p.total - l.used}, nil)
}

// clicks gives the next clicks, signed now.
func (l *load) clicks(n int) ([]click, error) {
	clicks := make([]click, n)
	for i := range clicks {
		var err error
		if clicks[i], err = newClick(l.used+i, l.subject.value, l.clock()); err != nil {
			return nil, err
		}
	}
	l.used += n
	return clicks, nil
}

// steady sends clicks at a rate and waits until all of them are shown.
func (l *load) steady(ctx context.Context, one steadyLoad) (sent, error) {
	clicks, err := l.clicks(one.clicks)
	if err != nil {
		return sent{}, err
	}
	got, err := l.send.steady(ctx, clicks, one.perSecond)
	l.refused += got.refused
	if err != nil {
		return got, err
	}
	return got, l.stub.awaitRewritten(ctx, l.used)
}

// rewritten gives how long it took from when the clicks of the last load were
// to be sent until their messages showed the outcome.
func (l *load) rewritten(s sent) []float64 {
	took := make([]float64, len(s.planned))
	for i, planned := range s.planned {
		took[i] = milliseconds(l.stub.requests[l.used-len(s.planned)+i].rewritten.Load().Sub(planned))
	}
	return took
}

func (l *load) atOnce(ctx context.Context, one atOnceLoad, got figures) error {
	clicks, err := l.clicks(one.clicks)
	if err != nil {
		return err
	}
	began := l.clock()
	sent, err := l.send.atOnce(ctx, clicks, one.clients)
	l.refused += sent.refused
	if err != nil {
		return err
	}
	if err := l.stub.awaitRewritten(ctx, l.used); err != nil {
		return err
	}
	if got != nil {
		got[answeredAt(one.clients)] = float64(one.clicks) / sent.lasted.Seconds()
		got[finishedAt(one.clients)] = float64(one.clicks) / l.clock().Sub(began).Seconds()
	}
	return nil
}

func milliseconds(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

// percentile gives the smallest value that so many of a hundred do not exceed.
func percentile(values []float64, percent int) float64 {
	sorted := slices.Sorted(slices.Values(values))
	if len(sorted) == 0 {
		return 0
	}
	return sorted[max(0, (len(sorted)*percent+99)/100-1)]
}

// median gives the middle value, or the mean of the two in the middle.
func median(values []float64) float64 {
	sorted := slices.Sorted(slices.Values(values))
	n := len(sorted)
	if n == 0 {
		return 0
	}
	return (sorted[(n-1)/2] + sorted[n/2]) / 2
}
