package main

import (
	"fmt"
	"os"
	"slices"
	"strings"
)

// results are the figures of every run, by subject, in the order of the rounds.
type results struct {
	subjects []string
	runs     map[string][]figures
}

func newResults(subjects []*subject) *results {
	r := &results{runs: map[string][]figures{}}
	for _, s := range subjects {
		r.subjects = append(r.subjects, s.name)
	}
	return r
}

func (r *results) add(subject string, f figures) { r.runs[subject] = append(r.runs[subject], f) }

// row is a line of the table. target is the ratio to the peer that is to be
// reached; more reports that it is a least and not a most.
type row struct {
	figure, unit string
	target       map[string]float64
	more         bool
}

func rows() []row {
	both := func(ratio float64) map[string]float64 { return map[string]float64{onSQLite: ratio, onPostgres: ratio} }
	sqlite := func(ratio float64) map[string]float64 { return map[string]float64{onSQLite: ratio} }
	all := []row{
		{figure: coldStart, unit: "ms", target: sqlite(0.25)},
		{figure: idleRSS, unit: "MB", target: sqlite(1. / 3)},
		{figure: idleMemory, unit: "MB"},
		{figure: idleOwn, unit: "MB"},
		{figure: loadRSS, unit: "MB", target: sqlite(1. / 3)},
		{figure: loadMemory, unit: "MB"},
		{figure: loadOwn, unit: "MB"},
		{figure: peakRSS, unit: "MB"},
		{figure: processor, unit: "ms"},
		{figure: refusals},
		{figure: answeredAt(1), more: true},
		{figure: answeredAt(8), target: sqlite(1.5), more: true},
		{figure: answeredAt(32), target: sqlite(1.5), more: true},
		{figure: finishedAt(1), more: true},
		{figure: finishedAt(8), more: true},
		{figure: finishedAt(32), more: true},
	}
	for _, perSecond := range []int{50, 200, 400} {
		all = append(all, row{figure: answerP(50, perSecond), unit: "ms"}, row{figure: answerP(99, perSecond), unit: "ms"})
	}
	all[len(all)-1].target = both(0.5)
	return append(all, row{figure: rewriteP50, unit: "ms", target: sqlite(5)})
}

// of gives a figure of every run of a subject.
func (r *results) of(subject, figure string) []float64 {
	var values []float64
	for _, f := range r.runs[subject] {
		values = append(values, f[figure])
	}
	return values
}

// markdown gives the tables of the page.
func (r *results) markdown(m machine, o options) string {
	var b strings.Builder
	fmt.Fprintf(&b, "Measured on %s. Each value is the median of %d runs in turn, least to most in brackets; "+
		"a ratio is that of the medians. Each run: %d starts, then %d clicks.\n\n", m.line(), o.rounds, o.plan.coldStarts, o.plan.total)
	compared := slices.Contains(r.subjects, peer)
	b.WriteString("| figure |")
	for _, s := range r.subjects {
		b.WriteString(" " + s + " |")
		if compared && s != peer {
			b.WriteString(" ratio |")
		}
	}
	b.WriteString(" to reach |\n|---|" + strings.Repeat("---|", strings.Count(b.String()[strings.LastIndex(b.String(), "\n")+1:], "|")-1) + "\n")
	for _, line := range rows() {
		b.WriteString("| " + line.figure + " |")
		for _, s := range r.subjects {
			b.WriteString(" " + spread(r.of(s, line.figure), line.unit) + " |")
			if compared && s != peer {
				b.WriteString(" " + r.ratio(line, s) + " |")
			}
		}
		b.WriteString(" " + line.toReach() + " |\n")
	}
	return b.String()
}

func (l row) toReach() string {
	ratio, ok := l.target[onSQLite]
	switch {
	case !ok:
		return ""
	case l.more:
		return fmt.Sprintf("≥ %.2f", ratio)
	}
	return fmt.Sprintf("≤ %.2f", ratio)
}

// ratio gives a subject's median to the peer's, bold if it misses its target.
func (r *results) ratio(line row, subject string) string {
	base := median(r.of(peer, line.figure))
	if base == 0 {
		return ""
	}
	ratio := median(r.of(subject, line.figure)) / base
	text := fmt.Sprintf("%.2f", ratio)
	target, ok := line.target[subject]
	if ok && (line.more && ratio < target || !line.more && ratio > target) {
		return "**" + text + "**"
	}
	return text
}

func spread(values []float64, unit string) string {
	if len(values) == 0 {
		return ""
	}
	text := number(median(values))
	if unit != "" {
		text += " " + unit
	}
	if len(values) == 1 {
		return text
	}
	return fmt.Sprintf("%s (%s–%s)", text, number(slices.Min(values)), number(slices.Max(values)))
}

// number gives three digits or all before the point.
func number(v float64) string {
	switch {
	case v < 10:
		return fmt.Sprintf("%.2f", v)
	case v < 100:
		return fmt.Sprintf("%.1f", v)
	}
	return fmt.Sprintf("%.0f", v)
}

// The marks in the page between which the tables stand.
const (
	begin = "<!-- tables: written by make bench -->\n"
	end   = "<!-- end of the tables -->\n"
)

// writePage puts the tables into the page.
func writePage(path, tables string) error {
	content, err := os.ReadFile(path) //nolint:gosec // the page that we were told to write
	if err != nil {
		return fmt.Errorf("read the page: %w", err)
	}
	before, rest, found := strings.Cut(string(content), begin)
	_, after, foundEnd := strings.Cut(rest, end)
	if !found || !foundEnd {
		return fmt.Errorf("%s has no %q and %q", path, strings.TrimSpace(begin), strings.TrimSpace(end))
	}
	if err := os.WriteFile(path, []byte(before+begin+"\n"+tables+"\n"+end+after), 0o644); err != nil { //nolint:gosec // a document for everybody
		return fmt.Errorf("write the page: %w", err)
	}
	return nil
}
