package page

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/frontdesk-hq/frontdesk/pkg/practiceslack"
)

// maxSaid is how long a person's message may be, in characters.
const maxSaid = 12000

// say does what a person's message box does: it posts, or sends a command.
func (p *Page) say(ctx context.Context, in struct {
	As      string `json:"as"`
	Channel string `json:"channel"`
	Thread  string `json:"thread"`
	Text    string `json:"text"`
},
) any {
	text := strings.TrimSpace(in.Text)
	switch {
	case text == "":
		return answer{Error: "Write something first."}
	case len([]rune(text)) > maxSaid:
		return answer{Error: fmt.Sprintf("This is too long: no more than %d characters.", maxSaid)}
	case strings.HasPrefix(text, "/"):
		return p.command(ctx, in.As, in.Channel, in.Thread, text)
	}
	if _, err := p.slack.PostAsUser(in.As, in.Channel, p.asSent(text), in.Thread); err != nil {
		return answer{Error: "This was not posted: " + err.Error() + "."}
	}
	return answer{OK: true}
}

func (p *Page) command(ctx context.Context, as, channel, thread, text string) any {
	name, rest, _ := strings.Cut(text, " ")
	isIt := func(c practiceslack.Command) bool { return c.Name == name }
	switch {
	case thread != "":
		return answer{Error: name + " is not supported in threads."}
	case !slices.ContainsFunc(p.slack.Commands(), isIt):
		return answer{Error: name + " is not a valid command."}
	}
	return shown(p.slack.Command(ctx, as, channel, name, strings.TrimSpace(rest)))
}

// asSent writes a text as Slack's clients send it: escaped, and with people and
// channels by their ids.
func (p *Page) asSent(text string) string {
	text = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;").Replace(text)
	ids := map[string]string{}
	for _, u := range p.slack.Users() {
		ids["@"+u.Name] = "<@" + u.ID + ">"
	}
	for _, c := range p.slack.Channels() {
		if !c.Direct {
			ids["#"+c.Name] = "<#" + c.ID + ">"
		}
	}
	for _, everybody := range []string{"here", "channel", "everyone"} {
		ids["@"+everybody] = "<!" + everybody + ">"
	}
	return regexp.MustCompile(`[@#][\p{L}\p{N}._-]*[\p{L}\p{N}_-]`).ReplaceAllStringFunc(text, func(name string) string {
		if id, known := ids[name]; known {
			return id
		}
		return name
	})
}

func (p *Page) dismiss(_ context.Context, in struct {
	As      string `json:"as"`
	Channel string `json:"channel"`
	TS      string `json:"ts"`
},
) any {
	if err := p.slack.User(in.As).Dismiss(in.Channel, in.TS); err != nil {
		return answer{Error: "This message is gone already."}
	}
	return answer{OK: true}
}

func (p *Page) openHome(ctx context.Context, in struct {
	As string `json:"as"`
},
) any {
	return shown(p.slack.User(in.As).OpenHome(ctx))
}
