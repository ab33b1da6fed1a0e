package main

// plan says which clicks a subject gets.
type plan struct {
	// coldStarts is how often it is started for the first answered click; the
	// idle memory is that of the last start, quietSeconds after its click.
	coldStarts   int
	quietSeconds int
	// warm is how many clicks nothing is measured of: a program that compiles
	// itself while it runs is not to be measured before it has.
	warm int
	// steady are loads at a fixed rate, whatever the answers take.
	steady []steadyLoad
	// atOnce are loads in which each of so many clients sends its next click
	// when it has the answer to the last.
	atOnce []atOnceLoad
	// total is how many clicks there are before the memory is read again.
	total int
}

type steadyLoad struct{ perSecond, clicks int }

type atOnceLoad struct{ clients, clicks int }

func fullPlan() plan {
	return plan{
		coldStarts: 3, quietSeconds: 10, warm: 300, total: 20_000,
		steady: []steadyLoad{{50, 750}, {200, 2000}, {400, 4000}},
		atOnce: []atOnceLoad{{1, 500}, {8, 3000}, {32, 3000}},
	}
}

// scaled gives the same loads with a part of the clicks, so that the figures
// have the same names and mean less.
func (p plan) scaled(part float64) plan {
	scale := func(n int) int { return max(int(float64(n)*part), 10) }
	p.quietSeconds, p.warm, p.total = min(p.quietSeconds, scale(10*p.quietSeconds)/10), scale(p.warm), scale(p.total)
	for i := range p.steady {
		p.steady[i].clicks = scale(p.steady[i].clicks)
	}
	for i := range p.atOnce {
		p.atOnce[i].clicks = scale(p.atOnce[i].clicks)
	}
	return p
}
