package page

import (
	"context"
	"errors"
	"strings"

	"github.com/frontdesk-hq/frontdesk/internal/sandbox/practiceconveyor"
	"github.com/frontdesk-hq/frontdesk/pkg/practiceslack"
)

// spot names an element and who uses it.
type spot struct {
	As      string `json:"as"`
	Channel string `json:"channel"`
	TS      string `json:"ts"`
	View    string `json:"view"`
	Block   string `json:"block"`
	Action  string `json:"action"`
}

func (s spot) place() practiceslack.Place {
	return practiceslack.Place{Channel: s.Channel, TS: s.TS, View: s.View}
}

type input struct {
	Text   string   `json:"text"`
	Date   string   `json:"date"`
	Time   string   `json:"time"`
	Moment int64    `json:"moment"`
	Values []string `json:"values"`
}

func shown(o practiceslack.Outcome) answer { return answer{OK: o.OK, Error: o.Error} }

func (p *Page) act(ctx context.Context, in struct {
	spot
	Input input `json:"input"`
},
) any {
	return shown(p.slack.Act(ctx, in.As, in.place(), in.Block, in.Action, practiceslack.Input(in.Input)))
}

type option struct {
	Text        string `json:"text"`
	Value       string `json:"value"`
	Description string `json:"description,omitempty"`
	Group       string `json:"group,omitempty"`
}

type found struct {
	answer
	Options []option `json:"options"`
}

func (p *Page) search(ctx context.Context, in struct {
	spot
	Query string `json:"query"`
},
) any {
	result := p.slack.Search(ctx, in.As, in.place(), in.Block, in.Action, in.Query)
	out := found{answer: shown(result.Outcome), Options: []option{}}
	for _, o := range result.Options {
		out.Options = append(out.Options, option(o))
	}
	return out
}

type submitted struct {
	answer
	Errors map[string]string `json:"errors"`
}

func (p *Page) submit(ctx context.Context, in struct {
	As     string                      `json:"as"`
	View   string                      `json:"view"`
	Inputs map[string]map[string]input `json:"inputs"`
},
) any {
	inputs := make(map[string]map[string]practiceslack.Input, len(in.Inputs))
	for block, actions := range in.Inputs {
		inputs[block] = make(map[string]practiceslack.Input, len(actions))
		for action, value := range actions {
			inputs[block][action] = practiceslack.Input(value)
		}
	}
	result := p.slack.SubmitView(ctx, in.As, in.View, inputs)
	return submitted{answer: shown(result.Outcome), Errors: result.Errors}
}

func (p *Page) closeView(ctx context.Context, in struct {
	As   string `json:"as"`
	View string `json:"view"`
	All  bool   `json:"all"`
},
) any {
	if in.All {
		return shown(p.slack.CloseAllViews(ctx, in.As, in.View))
	}
	return shown(p.slack.CloseView(ctx, in.As, in.View))
}

func (p *Page) fileRequest(_ context.Context, in struct {
	Email   string `json:"email"`
	Message string `json:"message"`
},
) any {
	email := strings.TrimSpace(in.Email)
	if email == "" {
		return answer{Error: "Enter the customer's e-mail address."}
	}
	requester := practiceconveyor.Requester{Email: email}
	if strings.TrimSpace(in.Message) != "" {
		requester.Message = &in.Message
	}
	p.room.Request(requester)
	return answer{OK: true}
}

func (p *Page) decideElsewhere(_ context.Context, in struct {
	Request  string                    `json:"request"`
	Decision practiceconveyor.Decision `json:"decision"`
	Groups   []string                  `json:"groups"`
},
) any {
	err := p.room.DecideElsewhere(in.Request, in.Decision, in.Groups...)
	switch {
	case err == nil:
		return answer{OK: true}
	case errors.Is(err, practiceconveyor.ErrDecided):
		return answer{Error: "This request was decided meanwhile."}
	case errors.Is(err, practiceconveyor.ErrUnknown):
		return answer{Error: "This request, or one of the groups, is not there any more."}
	}
	return answer{Error: err.Error()}
}

func (p *Page) addGroup(_ context.Context, in struct {
	Name string `json:"name"`
},
) any {
	name := strings.TrimSpace(in.Name)
	if name == "" {
		return answer{Error: "Enter a name for the access group."}
	}
	p.room.AddGroup(name)
	return answer{OK: true}
}

func (p *Page) signNDA(_ context.Context, in struct {
	Email string `json:"email"`
},
) any {
	p.room.SignNDA(in.Email)
	return answer{OK: true}
}
