package practiceslack

import (
	"cmp"
	"context"
	"encoding/json"
	"time"
)

// Modal is the handle of an open view. What cannot be done in it fails the test
// that it was expected in.
type Modal struct {
	ws   *Workspace
	t    TB
	user *User
	id   string
}

// ID is the view's id.
func (m *Modal) ID() string { return m.id }

// Snapshot is the view as it stands now; false when it is not open any more.
func (m *Modal) Snapshot() (View, bool) {
	m.ws.mu.Lock()
	defer m.ws.mu.Unlock()
	v := m.ws.open(m.id)
	if v == nil {
		return View{}, false
	}
	return v.snapshot(), true
}

// IsOpen says whether the view is open.
func (m *Modal) IsOpen() bool {
	_, ok := m.Snapshot()
	return ok
}

// Text is all that can be read in the view now.
func (m *Modal) Text() string {
	v, _ := m.Snapshot()
	return v.Visible()
}

// Errors are the inline errors that the view shows, by block id.
func (m *Modal) Errors() map[string]string {
	v, _ := m.Snapshot()
	return v.Errors
}

// Has says whether the view has an element with that label, block or action id.
func (m *Modal) Has(name string) bool {
	_, ok := m.locate(name, isField)
	return ok
}

func (m *Modal) locate(name string, fits func(el element, name string) bool) (slot, bool) {
	m.ws.mu.Lock()
	defer m.ws.mu.Unlock()
	v := m.ws.open(m.id)
	if v == nil {
		return slot{}, false
	}
	return findByName(&v.canvas, name, fits)
}

// need is locate for an element that must be there.
func (m *Modal) need(name string, fits func(el element, name string) bool) slot {
	m.t.Helper()
	s, ok := m.locate(name, fits)
	if !ok {
		m.t.Fatalf("the view %s has no %q; it reads:\n%s", m.id, name, m.Text())
	}
	return s
}

func (m *Modal) set(name string, in Input) *Modal {
	m.t.Helper()
	s := m.need(name, isField)
	// Only an element that dispatches its actions sends anything, within the
	// delivery's own deadline.
	out := m.ws.SetViewInput(context.Background(), m.user.id, m.id, s.block, s.action, in)
	if !out.OK {
		m.t.Fatalf("%q could not be set: %s", name, out.Error)
	}
	return m
}

// Fill types text into the input with that label or id, in place of what it
// holds: any text, a number, an e-mail address or a URL.
func (m *Modal) Fill(name, text string) *Modal {
	m.t.Helper()
	return m.set(name, Input{Text: text})
}

// PickDate picks a date written as YYYY-MM-DD; empty takes it away.
func (m *Modal) PickDate(name, date string) *Modal {
	m.t.Helper()
	return m.set(name, Input{Date: date})
}

// PickTime picks a time of day written as HH:mm; empty takes it away.
func (m *Modal) PickTime(name, clock string) *Modal {
	m.t.Helper()
	return m.set(name, Input{Time: clock})
}

// PickMoment picks a date and a time of day; the zero time takes it away.
func (m *Modal) PickMoment(name string, at time.Time) *Modal {
	m.t.Helper()
	if at.IsZero() {
		return m.set(name, Input{})
	}
	return m.set(name, Input{Moment: at.Unix()})
}

// Check makes exactly these checkboxes checked, by their texts.
func (m *Modal) Check(name string, texts ...string) *Modal {
	m.t.Helper()
	return m.ChooseOptions(name, texts...)
}

// ChooseOptions makes exactly these options chosen, by their texts.
func (m *Modal) ChooseOptions(name string, texts ...string) *Modal {
	m.t.Helper()
	s := m.need(name, isField)
	offered := m.ws.OptionsOf(m.user.id, InView(m.id), s.block, s.action)
	// What is chosen already may have been loaded in an earlier search.
	offered = append(offered, m.ws.ChosenIn(m.user.id, InView(m.id), s.block, s.action)...)
	values := make([]string, 0, len(texts))
	for _, text := range texts {
		option, ok := optionByText(offered, text)
		if !ok {
			m.t.Fatalf("%q does not offer %q", name, text)
		}
		values = append(values, option.Value)
	}
	return m.set(name, Input{Values: values})
}

// Search types into an external menu.
func (m *Modal) Search(ctx context.Context, name, query string) OptionsResult {
	m.t.Helper()
	s := m.need(name, isField)
	return m.ws.Search(ctx, m.user.id, InView(m.id), s.block, s.action, query)
}

// Chosen lists the texts of what is chosen in a menu.
func (m *Modal) Chosen(name string) []string {
	m.t.Helper()
	s := m.need(name, isField)
	var texts []string
	for _, option := range m.ws.ChosenIn(m.user.id, InView(m.id), s.block, s.action) {
		texts = append(texts, option.Text)
	}
	return texts
}

// Options lists what a menu offers.
func (m *Modal) Options(name string) []Option {
	m.t.Helper()
	s := m.need(name, isField)
	return m.ws.OptionsOf(m.user.id, InView(m.id), s.block, s.action)
}

// Value is what an input holds: the text, the date, the time, or the moment in
// Unix seconds.
func (m *Modal) Value(name string) string {
	m.t.Helper()
	s := m.need(name, isField)
	m.ws.mu.Lock()
	defer m.ws.mu.Unlock()
	v := m.ws.open(m.id)
	if v == nil {
		return ""
	}
	el, _ := v.find(s)
	state := v.value(m.user.id, el)
	moment, _ := state["selected_date_time"].(json.Number)
	return cmp.Or(stringOf(state, "value"), stringOf(state, "selected_date"), stringOf(state, "selected_time"), moment.String())
}

// Click clicks a button of the view, by its text or action id.
func (m *Modal) Click(ctx context.Context, text string) Outcome {
	m.t.Helper()
	s := m.need(text, isButton)
	return m.ws.Act(ctx, m.user.id, InView(m.id), s.block, s.action, Input{})
}

// Submit submits the view.
func (m *Modal) Submit(ctx context.Context) SubmitResult {
	return m.ws.SubmitView(ctx, m.user.id, m.id, nil)
}

// Close cancels the view.
func (m *Modal) Close(ctx context.Context) Outcome {
	return m.ws.CloseView(ctx, m.user.id, m.id)
}
