package practiceslack

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
)

const (
	installPath = "/oauth/v2/authorize"
	signInPath  = "/openid/connect/authorize"
)

func (ws *Workspace) handleConsent(mux *http.ServeMux) {
	for path, f := range map[string]flow{installPath: installFlow, signInPath: signInFlow} {
		mux.HandleFunc("GET "+path, func(w http.ResponseWriter, r *http.Request) { ws.askConsent(w, r, f) })
		mux.HandleFunc("POST "+path, func(w http.ResponseWriter, r *http.Request) { ws.takeConsent(w, r, f) })
	}
}

// askConsent shows what an app asks for. The query may name the person with
// user, by id; the form lets another be chosen.
func (ws *Workspace) askConsent(w http.ResponseWriter, r *http.Request, f flow) {
	query := r.URL.Query()
	c, refused := ws.readConsent(f, query)
	if refused != nil {
		ws.showConsent(w, consentPage{Error: refused.code, Detail: refused.messages})
		return
	}
	page := consentPage{
		SignIn: f == signInFlow, Bot: c.scopes, User: c.userScopes, Chosen: query.Get("user"), Host: c.redirect.Host,
	}
	for _, p := range ws.Users() {
		if ws.mayConsent(f, p) {
			page.People = append(page.People, p)
		}
	}
	ws.showConsent(w, page)
}

func (ws *Workspace) showConsent(w http.ResponseWriter, page consentPage) {
	page.App, page.Team = ws.opt.BotName, ws.opt.TeamName
	header := w.Header()
	header.Set("Content-Type", "text/html; charset=utf-8")
	header.Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'")
	header.Set("Cache-Control", "no-store")
	if page.Error != "" {
		w.WriteHeader(http.StatusBadRequest)
	}
	_, _ = io.WriteString(w, page.html()) // a browser that is gone needs no page
}

// takeConsent sends a person back to the app with what they decided.
func (ws *Workspace) takeConsent(w http.ResponseWriter, r *http.Request, f flow) {
	r.Body = http.MaxBytesReader(w, r.Body, maxRequestBytes)
	c, refused := ws.readConsent(f, r.URL.Query())
	if refused != nil {
		ws.showConsent(w, consentPage{Error: refused.code, Detail: refused.messages})
		return
	}
	next := ""
	switch r.PostFormValue("answer") {
	case "allow":
		next, refused = ws.allow(r.PostFormValue("user"), c)
	case "cancel":
		next = c.answer("error", "access_denied")
	default:
		refused = refuse("invalid_arguments")
	}
	if refused != nil {
		ws.showConsent(w, consentPage{Error: refused.code, Detail: refused.messages})
		return
	}
	http.Redirect(w, r, next, http.StatusFound) //nolint:gosec // readConsent lets registered addresses through only
}

var errElsewhere = errors.New("the address is not one of this workspace where an app asks for consent")

// Allow does what the person does when an app has sent them to address, to
// install it or to sign in, and they allow it. It gives the address at which
// they arrive with the code.
func (u *User) Allow(address string) (string, error) {
	c, err := u.ws.asked(address)
	if err != nil {
		return "", err
	}
	next, refused := u.ws.allow(u.id, c)
	if refused != nil {
		return "", fmt.Errorf("practice Slack refuses %s: %s", u.id, refused.code)
	}
	return next, nil
}

// Cancel is Allow for a person who does not: they arrive with access_denied.
func (u *User) Cancel(address string) (string, error) {
	c, err := u.ws.asked(address)
	if err != nil {
		return "", err
	}
	return c.answer("error", "access_denied"), nil
}

// asked reads an address to which an app sends people.
func (ws *Workspace) asked(address string) (consent, error) {
	ws.mu.Lock()
	base := ws.baseURL
	ws.mu.Unlock()
	path, here := strings.CutPrefix(address, base)
	u, err := url.Parse(path)
	if err != nil || !here {
		return consent{}, errElsewhere
	}
	f, ok := map[string]flow{installPath: installFlow, signInPath: signInFlow}[u.Path]
	if !ok {
		return consent{}, errElsewhere
	}
	c, refused := ws.readConsent(f, u.Query())
	if refused != nil {
		return consent{}, fmt.Errorf("practice Slack refuses the request: %s %v", refused.code, refused.messages)
	}
	return c, nil
}
