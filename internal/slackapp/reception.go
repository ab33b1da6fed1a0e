package slackapp

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/slack-go/slack"

	"github.com/frontdesk-hq/frontdesk/internal/approval"
	"github.com/frontdesk-hq/frontdesk/internal/slackapp/render"
	"github.com/frontdesk-hq/frontdesk/internal/tracing"
	"github.com/frontdesk-hq/frontdesk/internal/trail"
)

// bounds on the way to an answer.
type bounds struct {
	// answer bounds all of it: Slack waits for 3 seconds. The others are parts
	// of it, and end when it does.
	answer time.Duration
	// ask bounds asking Slack who somebody is, if it is not known.
	ask time.Duration
	// store bounds making a click durable.
	store time.Duration
	// background bounds what goes on after an answer.
	background time.Duration
}

func defaultBounds() bounds {
	return bounds{answer: 2500 * time.Millisecond, ask: time.Second, store: 2 * time.Second, background: 5 * time.Second}
}

// Desk is what the reception needs of the domain.
type Desk interface {
	Request(ctx context.Context, id string) (approval.Request, error)
	Groups(ctx context.Context, source string) ([]approval.Group, error)
	Decide(ctx context.Context, id string, d approval.Decision, tell bool) (approval.Request, approval.Verdict, error)
	Held(ctx context.Context, source, typed string, limit int) ([]approval.Request, error)
	Open(ctx context.Context, id string) (approval.Request, error)
	OpenOldest(ctx context.Context, source string, limit int) (int, error)
	Deny(ctx context.Context, id, clickID, person string, denial approval.Denial) error
}

// Reception turns what people do in Slack into decisions. It does not care how
// a payload came in.
type Reception struct {
	desk      Desk
	api       API
	board     *Board
	directory *Directory
	watch     DoorWatch
	clock     approval.Clock
	bounds    bounds
	tracer    *tracing.Tracer
	// behind are calls that go on after an answer.
	behind sync.WaitGroup
}

// NewReception makes a reception.
func NewReception(desk Desk, api API, board *Board, directory *Directory, watch DoorWatch, clock approval.Clock) *Reception {
	return &Reception{
		desk: desk, api: api, board: board, directory: directory, watch: watch, clock: clock, bounds: defaultBounds(),
	}
}

// Trace traces what follows from what people do. It is called before anything
// is taken in.
func (r *Reception) Trace(tracer *tracing.Tracer) { r.tracer = tracer }

// Close waits for what goes on after answers.
func (r *Reception) Close() { r.behind.Wait() }

// take works on a payload and gives the answer, nil for an empty one. id is
// the payload's own, the same when it is sent again.
func (r *Reception) take(ctx context.Context, p payload, id string) (answer any, err error) {
	ctx = trail.With(ctx, func(t *trail.Trail) { t.Decision, t.Request = id, p.requestID() })
	ctx, end := r.tracer.Begin(ctx, tracing.Server, "answer "+p.kind())
	defer func() { end(err) }()
	switch p.Type {
	case optionsLoad:
		return r.takeOptionsLoad(ctx, p)
	case "block_actions":
		return nil, r.takeActions(ctx, p, id)
	case "view_submission":
		return r.takeSubmission(ctx, p, id)
	case "view_closed":
		return nil, nil //nolint:nilnil // closing a form changes nothing
	}
	r.watch.Unknown("interaction")
	return nil, nil //nolint:nilnil // an empty answer
}

func (r *Reception) takeActions(ctx context.Context, p payload, id string) error {
	for _, action := range p.Actions {
		var err error
		switch action.ActionID {
		case render.ActionGroups, render.ActionExpiry, render.ActionNDA:
			// A choice in a menu decides nothing; Slack keeps it.
		case render.ActionApprove:
			err = r.approve(ctx, p, action.Value, id)
		case render.ActionReject:
			err = r.openForm(ctx, p, action.Value, id, func(request approval.Request) (slack.ModalViewRequest, error) {
				return render.RejectModal(request), nil
			})
		case render.ActionMore:
			requestID, ok := render.RequestOfMore(action.SelectedOption.Value)
			if !ok {
				r.watch.Unknown("overflow")
				continue
			}
			err = r.openForm(ctx, p, requestID, id, func(request approval.Request) (slack.ModalViewRequest, error) {
				return r.optionsForm(ctx, p, request)
			})
		case render.ActionOpen:
			err = r.openHeld(ctx, p, action.SelectedOption.Value)
		case render.ActionOpenNext:
			err = r.openNext(ctx, p, action.Value)
		default:
			r.watch.Unknown("action")
		}
		if err != nil {
			r.watch.Unanswered(ctx, "click", err)
			// An answer that was lost on the way to the database may have been
			// recorded all the same, so it is not said that it was not.
			says := "This could not be recorded in time. If the message does not change in a moment, please click again."
			if f, ok := errors.AsType[*failure](err); ok {
				says = f.says
			}
			r.whisper(ctx, p, says)
			return err
		}
	}
	return nil
}

// failure is why a click came to nothing, with what the person is told.
type failure struct {
	error
	says string
}

// Unwrap gives the cause.
func (f *failure) Unwrap() error { return f.error }

// approve makes a click on Approve durable.
func (r *Reception) approve(ctx context.Context, p payload, requestID, id string) error {
	err := r.approveAs(ctx, p, requestID, id)
	if errors.Is(err, approval.ErrUnknown) {
		r.whisper(ctx, p, "Frontdesk does not know this request (any more). Please decide it in the source system.")
		return nil
	}
	return err
}

// approveAs approves as the one who clicked, or denies it to them.
func (r *Reception) approveAs(ctx context.Context, p payload, requestID, id string) error {
	if !p.acts(requestID) {
		return approval.ErrUnknown
	}
	reviewer, denial, err := r.mayDecide(ctx, p.User.ID)
	if err != nil {
		return &failure{error: err, says: "Slack did not say in time whether you may decide. Nothing was decided; please click again."}
	}
	if denial != approval.Allowed {
		return r.deny(ctx, requestID, id, p.User.ID, denial)
	}
	chosen, err := r.chosen(ctx, p.State.source(), p.State)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, r.bounds.store)
	defer cancel()
	_, _, err = r.desk.Decide(ctx, requestID, approval.Decision{
		ID: id, Verb: approval.Approve, Reviewer: reviewer, Groups: chosen,
	}, true)
	return err
}

// openForm opens a form for a click, before anything else is asked of Slack:
// the trigger lives for 3 seconds. Who may not decide is turned away here if
// that is known, and in any case when the form is submitted.
func (r *Reception) openForm(ctx context.Context, p payload, requestID, id string, form func(approval.Request) (slack.ModalViewRequest, error)) error {
	request, err := r.request(ctx, p, requestID)
	if errors.Is(err, approval.ErrUnknown) {
		r.whisper(ctx, p, "Frontdesk does not know this request (any more). Please decide it in the source system.")
		return nil
	}
	if err != nil {
		return err
	}
	if denial := r.directory.KnownDenial(p.User.ID); denial != approval.Allowed {
		return r.deny(ctx, requestID, id, p.User.ID, denial)
	}
	view := render.ClosedModal("Already decided", render.Taken(request))
	if request.State == approval.Pending {
		if view, err = form(request); err != nil {
			return err
		}
	}
	if _, err := r.api.OpenViewContext(ctx, p.TriggerID, view); err != nil {
		r.watch.Unanswered(ctx, "form", fmt.Errorf("open a form: %w", slackError(err)))
		r.whisper(ctx, p, "Slack did not open the form in time. Nothing was decided; please click again.")
		return nil
	}
	r.after(ctx, func(ctx context.Context) {
		// So that the answer to the submission need not wait for it.
		_, _, _ = r.directory.MayDecide(ctx, p.User.ID)
	})
	return nil
}

func (r *Reception) optionsForm(ctx context.Context, p payload, request approval.Request) (slack.ModalViewRequest, error) {
	groups, err := r.desk.Groups(ctx, request.Source)
	if err != nil {
		return slack.ModalViewRequest{}, err
	}
	chosen, err := r.chosen(ctx, request.Source, p.State)
	if err != nil {
		return slack.ModalViewRequest{}, err
	}
	return render.OptionsModal(request, groups, chosen, r.clock()), nil
}

// chosen gives the access groups that are chosen in a menu. What is not among
// the known groups is kept as it is: it is for the outside system to refuse
// it, and not for us to drop it silently.
func (r *Reception) chosen(ctx context.Context, source string, from inputs) ([]approval.Group, error) {
	options := from.at(render.GroupsBlock(source), render.ActionGroups).SelectedOptions
	if len(options) == 0 {
		return nil, nil
	}
	groups, err := r.desk.Groups(ctx, source)
	if err != nil {
		return nil, err
	}
	values := make([]string, len(options))
	names := make(map[string]string, len(options))
	for i, o := range options {
		values[i], names[o.Value] = o.Value, o.Text.Text
	}
	chosen, unknown := render.Choices(groups, values)
	for _, value := range unknown {
		chosen = append(chosen, approval.Group{ID: value, Name: names[value]})
	}
	return chosen, nil
}

func (r *Reception) takeOptionsLoad(ctx context.Context, p payload) (any, error) {
	if source, ok := render.SourceOfOverview(p.BlockID); ok {
		return r.findHeld(ctx, source, p.Value)
	}
	source, ok := render.SourceOf(p.BlockID)
	if !ok {
		r.watch.Unknown("options")
		return options{Options: []*slack.OptionBlockObject{}}, nil
	}
	groups, err := r.desk.Groups(ctx, source)
	if err != nil {
		r.watch.Unanswered(ctx, "options", err)
		return nil, err
	}
	return options{Options: render.OptionsFor(groups, p.Value)}, nil
}

// options answers an options load. slack-go's own type leaves an empty list
// out, which Slack does not take.
type options struct {
	Options []*slack.OptionBlockObject `json:"options"`
}

// takeSubmission decides what a submitted form says. Whatever goes wrong is
// said inside the form.
func (r *Reception) takeSubmission(ctx context.Context, p payload, id string) (any, error) {
	requestID, ok := render.RequestOfMeta(p.View.PrivateMetadata)
	if !ok {
		r.watch.Unknown("form")
		return nil, nil //nolint:nilnil // an empty answer
	}
	decision := approval.Decision{ID: id}
	var block, problem string // where in the form a problem is shown
	switch p.View.CallbackID {
	case render.CallbackReject:
		block = render.BlockReason
		decision.Verb, decision.Note = approval.Reject, p.View.State.at(render.BlockReason, render.ActionReason).Value
		problem = render.ReasonProblem(decision.Note)
	case render.CallbackOptions:
		block = render.BlockNote
		state := p.View.State
		decision.Verb, decision.Note = approval.Approve, state.at(render.BlockNote, render.ActionNote).Value
		decision.Expires = state.at(render.BlockExpiry, render.ActionExpiry).SelectedDate
		decision.NDABypass = len(state.at(render.BlockNDA, render.ActionNDA).SelectedOptions) > 0
		if problem = render.ExpiryProblem(decision.Expires, r.clock()); problem != "" {
			block = render.BlockExpiry
		}
	default:
		r.watch.Unknown("form")
		return nil, nil //nolint:nilnil // an empty answer
	}
	if problem != "" {
		return inForm(block, problem), nil
	}
	return r.decideForm(ctx, p, requestID, decision, block), nil
}

func (r *Reception) decideForm(ctx context.Context, p payload, requestID string, decision approval.Decision, block string) any {
	request, err := r.request(ctx, p, requestID)
	if errors.Is(err, approval.ErrUnknown) {
		return inForm(block, "Frontdesk does not know this request (any more).")
	}
	var denial approval.Denial
	if err == nil {
		decision.Reviewer, denial, err = r.mayDecide(ctx, p.User.ID)
	}
	if err == nil && denial != approval.Allowed {
		return inForm(block, render.Denial(denial))
	}
	if err == nil && decision.Verb == approval.Approve {
		decision.Groups, err = r.chosen(ctx, request.Source, p.View.State)
	}
	var verdict approval.Verdict
	if err == nil {
		ctx, cancel := context.WithTimeout(ctx, r.bounds.store)
		defer cancel()
		request, verdict, err = r.desk.Decide(ctx, requestID, decision, false)
	}
	if err != nil {
		r.watch.Unanswered(ctx, "form", err)
		return inForm(block, "This could not be recorded in time. If the message does not change in a moment, please try again.")
	}
	if verdict == approval.Taken {
		closed := render.ClosedModal("Already decided", render.Taken(request))
		return slack.NewUpdateViewSubmissionResponse(&closed)
	}
	return slack.NewClearViewSubmissionResponse()
}

func inForm(block, sentence string) any {
	return slack.NewErrorsViewSubmissionResponse(map[string]string{block: sentence})
}

func (r *Reception) mayDecide(ctx context.Context, userID string) (approval.Reviewer, approval.Denial, error) {
	ctx, cancel := context.WithTimeout(ctx, r.bounds.ask)
	defer cancel()
	person, denial, err := r.directory.MayDecide(ctx, userID)
	return approval.Reviewer{ID: userID, Email: person.Email}, denial, err
}

// request gives the request that somebody acted on.
func (r *Reception) request(ctx context.Context, p payload, id string) (approval.Request, error) {
	if !p.acts(id) {
		return approval.Request{}, approval.ErrUnknown
	}
	return r.desk.Request(ctx, id)
}

func (r *Reception) deny(ctx context.Context, requestID, id, person string, denial approval.Denial) error {
	ctx, cancel := context.WithTimeout(ctx, r.bounds.store)
	defer cancel()
	return r.desk.Deny(ctx, requestID, id, person, denial)
}

// whisper tells the person who clicked, after the answer and as well as it can.
func (r *Reception) whisper(ctx context.Context, p payload, sentence string) {
	if p.Channel.ID == "" || p.User.ID == "" {
		return
	}
	r.after(ctx, func(ctx context.Context) {
		if err := r.board.whisper(ctx, p.Channel.ID, p.User.ID, sentence); err != nil {
			r.watch.Unanswered(ctx, "whisper", err)
		}
	})
}

// after runs something beside the answer. Close waits for it.
func (r *Reception) after(ctx context.Context, do func(ctx context.Context)) {
	r.behind.Go(func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), r.bounds.background)
		defer cancel()
		do(ctx)
	})
}
