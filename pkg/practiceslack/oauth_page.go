package practiceslack

import (
	"html"
	"strings"
)

// consentPage is what a person sees who was sent to an authorize address. With
// an error it says why nothing can be allowed.
type consentPage struct {
	App    string
	Team   string
	SignIn bool
	Bot    []string
	User   []string
	People []Person
	Chosen string
	Host   string // where the answer goes
	Error  string
	Detail []string
}

const consentHead = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title} – practice Slack</title>
<style>
:root { color-scheme: light dark; }
body { font: 1rem/1.5 system-ui, sans-serif; max-width: 34rem; margin: 2rem auto; padding: 0 1rem; }
button, select { font: inherit; padding: .4rem .8rem; }
</style>
<p>This is a practice workspace, not Slack.</p>
<h1>{heading}</h1>
`

// html draws the page. It is written by hand because html/template calls
// methods by name, for which the linker keeps every method there is: every
// program with a practice workspace in it would be a quarter larger.
func (p consentPage) html() string {
	var b strings.Builder
	// put writes a piece of the page; {name} in it stands for the text that
	// follows the name.
	put := func(piece string, named ...string) {
		for i := 1; i < len(named); i += 2 {
			named[i-1], named[i] = "{"+named[i-1]+"}", html.EscapeString(named[i])
		}
		b.WriteString(strings.NewReplacer(named...).Replace(piece))
	}
	list := func(heading string, scopes []string) {
		if len(scopes) == 0 {
			return
		}
		put("<p>{heading}</p>\n<ul>", "heading", heading)
		for _, scope := range scopes {
			put("<li><code>{scope}</code></li>", "scope", scope)
		}
		put("</ul>\n")
	}
	switch {
	case p.Error != "":
		put(consentHead, "title", "Something went wrong", "heading", "Something went wrong")
		put("<p>The app sent you here with a request that Slack refuses: <code>{error}</code></p>\n", "error", p.Error)
		for _, detail := range p.Detail {
			put("<p>{detail}</p>\n", "detail", detail)
		}
		put("</html>\n")
		return b.String()
	case p.SignIn:
		put(consentHead, "title", "Sign in to "+p.App, "heading", "Sign in to "+p.App+" with "+p.Team)
		list("It will read about you:", p.Bot)
	default:
		put(consentHead, "title", "Install "+p.App, "heading", p.App+" asks to be installed in "+p.Team)
		list("What it may do:", p.Bot)
	}
	list("What it may do as you:", p.User)
	put("<form method=\"post\">\n<p><label>You are <select name=\"user\">")
	for _, person := range p.People {
		selected := ""
		if person.ID == p.Chosen {
			selected = " selected"
		}
		put("\n<option value=\"{id}\""+selected+">{name}</option>", "id", person.ID, "name", person.RealName)
	}
	put("\n</select></label></p>\n" +
		"<p><button name=\"answer\" value=\"allow\">Allow</button> <button name=\"answer\" value=\"cancel\">Cancel</button></p>\n</form>\n")
	put("<p>Afterwards you go on to {host}.</p>\n</html>\n", "host", p.Host)
	return b.String()
}
