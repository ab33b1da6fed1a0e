package app_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/frontdesk-hq/frontdesk/internal/sandbox"
	"github.com/frontdesk-hq/frontdesk/pkg/practiceslack"
)

// plantedPassword is given to PostgreSQL, which does not ask for one in most
// tests, so that it can be looked for.
const plantedPassword = "planted-database-password"

// withPassword puts a password into a database's address that has none.
func withPassword(databaseURL string) string {
	address, err := url.Parse(databaseURL)
	if err != nil || address.Scheme == "sqlite" || address.User == nil {
		return databaseURL
	}
	if _, has := address.User.Password(); !has {
		address.User = url.UserPassword(address.User.Username(), plantedPassword)
	}
	return address.String()
}

// shortestText is how long a text has to be that is looked for: a shorter one
// may be in a log line by chance.
const shortestText = 10

// secrets gives what no log line and no span may hold, with what it is: keys,
// what opens something for a while, and what people wrote.
func (w *world) secrets() map[string]string {
	c := w.Settings()
	secrets := map[string]string{
		w.Slack.BotToken(): "the bot token", w.Slack.SigningSecret(): "the signing secret", w.Slack.AppToken(): "the app token",
		w.Room.Key(): "Conveyor's key", sandbox.WebhookSecret: "the webhook's secret", sandbox.OperatorToken: "the API token",
		strings.TrimPrefix(sandbox.WebhookSecret, "whsec_"): "the webhook's secret", c.OTLPHeaderList.Reveal(): "the collector's key",
	}
	if address, err := url.Parse(c.DatabaseURL.Reveal()); err == nil && address.User != nil {
		if password, _ := address.User.Password(); password != address.User.Username() {
			secrets[password] = "the database's password"
		}
	}
	for _, r := range w.Room.Requests() {
		if r.Message != nil && len(*r.Message) >= shortestText {
			secrets[*r.Message] = "a requester's message"
		}
	}
	for _, call := range w.Slack.Calls("") {
		if text := call.Args["text"]; len(text) >= shortestText {
			secrets[text] = "the text of " + call.Method
		}
		var opened struct{ URL string }
		if json.Unmarshal(call.Response, &opened) == nil && call.Method == "apps.connections.open" {
			secrets[opened.URL] = "the address of a Socket Mode connection"
		}
	}
	for _, d := range w.Slack.Deliveries() {
		maps.Copy(secrets, secretsOf(d))
	}
	delete(secrets, "")
	return secrets
}

// secretsOf gives what of a delivery is nobody's business.
func secretsOf(d practiceslack.Delivery) map[string]string {
	var p struct {
		Trigger     string `json:"trigger_id"`
		ResponseURL string `json:"response_url"`
		Token       string `json:"token"`
		View        struct {
			State struct {
				Values map[string]map[string]struct{ Value string }
			}
		}
	}
	_ = json.Unmarshal(d.Payload, &p) // what cannot be read has none
	secrets := map[string]string{p.Trigger: "a trigger", p.ResponseURL: "a response_url", p.Token: "a verification token"}
	for _, block := range p.View.State.Values {
		for _, input := range block {
			if len(input.Value) >= shortestText {
				secrets[input.Value] = "what somebody wrote into a form"
			}
		}
	}
	return secrets
}

// leaks gives which secrets a text has, as they are or as a log writes them.
func leaks(text string, secrets map[string]string) []string {
	var found []string
	for secret, what := range secrets {
		quoted := strconv.Quote(secret)
		encoded, _ := json.Marshal(secret)
		for _, form := range []string{secret, quoted[1 : len(quoted)-1], string(encoded[1 : len(encoded)-1]), url.QueryEscape(secret)} {
			if before, _, has := strings.Cut(text, form); has {
				line, _, _ := strings.Cut(text[strings.LastIndexByte(before, '\n')+1:], "\n")
				found = append(found, fmt.Sprintf("%s is in: %s", what, line))
				break
			}
		}
	}
	return found
}

// guardLog fails the test if a log line has a secret. Every world is guarded so.
func (w *world) guardLog() {
	w.t.Helper()
	for _, leak := range leaks(w.log.String(), w.secrets()) {
		w.t.Error(leak)
	}
}

// documented is what docs/operations.md says of metrics.
type documented struct {
	labels map[string][]string // by metric
	values map[string][]string // by label
}

func readMetricsDocument(tb testing.TB) documented {
	tb.Helper()
	text, err := os.ReadFile("../../docs/operations.md")
	require.NoError(tb, err)
	_, section, found := strings.Cut(string(text), "\n## Metrics\n")
	require.True(tb, found)
	section, _, _ = strings.Cut(section, "\n## ")
	d := documented{labels: map[string][]string{}, values: map[string][]string{}}
	quoted := regexp.MustCompile("`([^`]+)`")
	for line := range strings.Lines(section) {
		cells := strings.Split(line, "|")
		if len(cells) < 4 || !strings.HasPrefix(strings.TrimSpace(cells[1]), "`") {
			continue
		}
		names := []string{}
		for _, match := range quoted.FindAllStringSubmatch(cells[2], -1) {
			names = append(names, match[1])
		}
		name := strings.Trim(cells[1], " `")
		if len(cells) == 5 {
			d.labels[name] = names
		} else {
			d.values[name] = names
		}
	}
	require.Greater(tb, len(d.labels), 20)
	require.Greater(tb, len(d.values), 10)
	return d
}

var (
	sample = regexp.MustCompile(`^(frontdesk_\w+)(?:\{(.*)\})? \S+$`)
	label  = regexp.MustCompile(`(\w+)="((?:[^"\\]|\\.)*)"`)
)

// wrongLabels gives the samples that have a label, or a value of one, that the
// document does not know.
func (d documented) wrongLabels(metrics string) []string {
	var wrong []string
	for line := range strings.Lines(metrics) {
		line = strings.TrimSpace(line)
		if !strings.HasPrefix(line, "frontdesk_") {
			continue
		}
		parts := sample.FindStringSubmatch(line)
		if parts == nil {
			wrong = append(wrong, "not readable: "+line)
			continue
		}
		labels, known := d.labels[regexp.MustCompile(`_(bucket|sum|count)$`).ReplaceAllString(parts[1], "")]
		if _, plain := d.labels[parts[1]]; plain {
			labels, known = d.labels[parts[1]], true
		}
		named := []string{}
		for _, match := range label.FindAllStringSubmatch(parts[2], -1) {
			if match[1] == "le" {
				continue
			}
			named = append(named, match[1])
			if match[1] != "version" && !slices.Contains(d.values[match[1]], match[2]) {
				wrong = append(wrong, "a value that is not documented: "+line)
			}
			if match[1] == "method" && match[2] == "other" {
				wrong = append(wrong, "a call without a name; see Calls in slackapp and connector/conveyor: "+line)
			}
		}
		slices.Sort(named)
		if !known || !slices.Equal(named, slices.Sorted(slices.Values(labels))) {
			wrong = append(wrong, "not documented like that: "+line)
		}
	}
	return wrong
}

// guardMetrics fails the test if a metric has another label than is documented.
// Every world that still runs is guarded so.
func (w *world) guardMetrics() {
	w.t.Helper()
	if !w.FrontdeskRunning() {
		return
	}
	for _, wrong := range readMetricsDocument(w.t).wrongLabels(w.metrics()) {
		w.t.Error(wrong)
	}
}

// metrics gives what Prometheus would read, also after the test.
func (w *world) metrics() string {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(w.t.Context()), time.Minute)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, w.FrontdeskURL()+"/metrics", nil)
	require.NoError(w.t, err)
	res, err := (&http.Client{Transport: &http.Transport{DisableKeepAlives: true}}).Do(req)
	require.NoError(w.t, err)
	defer func() { _ = res.Body.Close() }()
	body, err := io.ReadAll(res.Body)
	require.NoError(w.t, err)
	require.Equal(w.t, http.StatusOK, res.StatusCode, "%s", body)
	return string(body)
}
