package page

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
)

// maxShownBody bounds each body as it is shown.
const maxShownBody = 64 << 10

// notShown stands where a secret was.
const notShown = "(not shown)"

// exchange is what went over the wire in one line of it.
type exchange struct {
	answer
	Request  string `json:"request"`
	Response string `json:"response"`
}

// serveExchange gives the bodies of one line of the wire.
func (p *Page) serveExchange(w http.ResponseWriter, r *http.Request) {
	request, response, found := p.bodies(r.URL.Query().Get("id"))
	if !found {
		writeJSON(w, http.StatusOK, exchange{answer: answer{Error: "This is not kept any more."}})
		return
	}
	writeJSON(w, http.StatusOK, exchange{answer: answer{OK: true}, Request: p.shownBody(request), Response: p.shownBody(response)})
}

// bodies finds the two bodies of a line, each as JSON if it can be read so.
func (p *Page) bodies(id string) (request, response any, found bool) {
	for _, c := range p.slack.Calls("") {
		if id == fmt.Sprintf("s%d", c.Seq) {
			args := make(map[string]any, len(c.Args))
			for name, value := range c.Args {
				args[name] = readable([]byte(value))
			}
			return args, readable(c.Response), true
		}
	}
	for _, d := range p.slack.Deliveries() {
		if id == fmt.Sprintf("d%d", d.Seq) {
			return deliveredBody(d.Body, d.Payload), readable(d.Response), true
		}
	}
	for _, c := range p.room.Calls() {
		if id == fmt.Sprintf("c%d", c.Number) {
			request = readable([]byte(c.Body))
			if c.Query != "" {
				request = map[string]any{"query": formFields(c.Query), "body": request}
			}
			return request, readable([]byte(c.Answer)), true
		}
	}
	for _, d := range p.room.Deliveries() {
		if id == fmt.Sprintf("w%d", d.Number) {
			return readable(d.Body), readable([]byte(d.Answer)), true
		}
	}
	return nil, nil, false
}

// deliveredBody reads what Slack sent: JSON, or a form with a payload or with
// the fields of a command.
func deliveredBody(body, payload []byte) any {
	if len(payload) > 0 {
		return readable(payload)
	}
	return formFields(string(body))
}

// formFields reads a form or a query. What is no form is a text.
func formFields(body string) any {
	form, err := url.ParseQuery(body)
	if err != nil {
		return body
	}
	fields := make(map[string]any, len(form))
	for name, values := range form {
		fields[name] = strings.Join(values, ", ")
	}
	return fields
}

// readable gives JSON objects and lists as such, and everything else as a text.
func readable(raw []byte) any {
	trimmed := bytes.TrimSpace(raw)
	if len(trimmed) > 0 && (trimmed[0] == '{' || trimmed[0] == '[') {
		decoder := json.NewDecoder(bytes.NewReader(trimmed))
		decoder.UseNumber()
		var v any
		if err := decoder.Decode(&v); err == nil {
			return v
		}
	}
	return string(raw)
}

// shownBody writes a body for people, without what opens a door.
func (p *Page) shownBody(body any) string {
	text, isText := body.(string)
	if !isText {
		var out bytes.Buffer
		encoder := json.NewEncoder(&out)
		encoder.SetEscapeHTML(false)
		encoder.SetIndent("", "  ")
		if err := encoder.Encode(withoutSecrets(body)); err != nil {
			return "This cannot be shown."
		}
		text = strings.TrimSuffix(out.String(), "\n")
	}
	for _, secret := range []string{p.slack.BotToken(), p.slack.SigningSecret(), p.room.Key()} {
		text = strings.ReplaceAll(text, secret, notShown)
	}
	if len(text) > maxShownBody {
		text = strings.ToValidUTF8(text[:maxShownBody], "") + "\n… the rest is not shown"
	}
	return text
}

// withoutSecrets gives JSON without the tokens in it, and without the addresses
// that need no token.
func withoutSecrets(v any) any {
	switch v := v.(type) {
	case map[string]any:
		clean := make(map[string]any, len(v))
		for name, value := range v {
			switch name {
			case "token", "response_url", "response_urls":
				clean[name] = notShown
			default:
				clean[name] = withoutSecrets(value)
			}
		}
		return clean
	case []any:
		clean := make([]any, 0, len(v))
		for _, item := range v {
			clean = append(clean, withoutSecrets(item))
		}
		return clean
	}
	return v
}
