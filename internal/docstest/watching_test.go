package docstest_test

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"
)

// metric is what docs/operations.md says of one. A test of internal/app holds
// the document against what Frontdesk really shows.
type metric struct{ labels []string }

// theMetrics reads the tables of the section on metrics: of metrics, and of the
// values of labels.
func theMetrics(t *testing.T) (metrics map[string]metric, values map[string][]string) {
	t.Helper()
	metrics, values = map[string]metric{}, map[string][]string{}
	quoted := regexp.MustCompile("`([^`]+)`")
	for line := range strings.Lines(section(t, "docs/operations.md", "Metrics")) {
		cells := strings.Split(line, "|")
		if len(cells) < 4 || !strings.HasPrefix(cells[1], " `") {
			continue
		}
		var names []string
		for _, match := range quoted.FindAllStringSubmatch(cells[2], -1) {
			names = append(names, match[1])
		}
		if name := strings.Trim(cells[1], " `"); len(cells) == 5 {
			metrics[name] = metric{labels: names}
		} else {
			values[name] = names
		}
	}
	require.Greater(t, len(metrics), 20)
	require.Greater(t, len(values), 10)
	return metrics, values
}

var (
	series  = regexp.MustCompile(`(frontdesk_\w+)(?:\{([^}]*)\})?`)
	matcher = regexp.MustCompile(`(\w+)\s*(=~|!~|!=|=)\s*"([^"]*)"`)
	grouped = regexp.MustCompile(`\b(?:by|without)\s*\(([^)]*)\)`)
)

// outsideLabels are those that Prometheus itself puts on.
func outsideLabels() []string { return []string{"job", "instance", "le"} }

// requireKnown checks that an expression names only metrics that there are, with
// labels and values that they can have. It gives the metrics.
func requireKnown(t *testing.T, expression string) []string {
	t.Helper()
	metrics, values := theMetrics(t)
	var used, labels []string
	for _, match := range series.FindAllStringSubmatch(expression, -1) {
		name := match[1]
		if _, known := metrics[name]; !known {
			name = regexp.MustCompile(`_(bucket|sum|count)$`).ReplaceAllString(name, "")
			require.True(t, strings.HasSuffix(name, "_seconds"), "%s is no histogram: %s", match[1], expression)
		}
		m, known := metrics[name]
		require.True(t, known, "there is no metric %s: %s", match[1], expression)
		used, labels = append(used, name), append(labels, m.labels...)
		for _, match := range matcher.FindAllStringSubmatch(match[2], -1) {
			label, how, value := match[1], match[2], match[3]
			if slices.Contains(outsideLabels(), label) {
				continue
			}
			require.Contains(t, m.labels, label, "%s: %s", name, expression)
			each := []string{regexp.QuoteMeta(value)}
			if strings.Contains(how, "~") {
				each = strings.Split(value, "|")
			}
			for _, one := range each {
				fits := regexp.MustCompile("^(?:" + one + ")$").MatchString
				require.True(t, slices.ContainsFunc(values[label], fits), "%s is never %q: %s", label, one, expression)
			}
		}
	}
	for _, match := range grouped.FindAllStringSubmatch(expression, -1) {
		for label := range strings.SplitSeq(match[1], ",") {
			label = strings.TrimSpace(label)
			require.Contains(t, append(labels, outsideLabels()...), label, expression)
		}
	}
	return used
}

const (
	alertRules = "deploy/prometheus/alerts.yaml"
	alertTests = "deploy/prometheus/alerts.test.yaml"
	dashboard  = "deploy/grafana/frontdesk.json"
)

// rule is one alert.
type rule struct {
	Alert       string
	Expr        string
	For         string
	Labels      map[string]string
	Annotations map[string]string
}

func alerts(t *testing.T) []rule {
	t.Helper()
	var file struct {
		Groups []struct {
			Name  string
			Rules []rule
		}
	}
	decoder := yaml.NewDecoder(strings.NewReader(read(t, alertRules)))
	decoder.KnownFields(true)
	require.NoError(t, decoder.Decode(&file))
	var all []rule
	for _, group := range file.Groups {
		all = append(all, group.Rules...)
	}
	require.NotEmpty(t, all)
	return all
}

// TestEveryAlertSaysWhatToDo and where it is explained, and is tried.
func TestEveryAlertSaysWhatToDo(t *testing.T) {
	t.Parallel()
	tried := read(t, alertTests)
	_, values := theMetrics(t)
	for _, alert := range alerts(t) {
		t.Run(alert.Alert, func(t *testing.T) {
			t.Parallel()
			requireKnown(t, alert.Expr)
			require.Contains(t, []string{"page", "ticket"}, alert.Labels["severity"])
			require.Len(t, alert.Annotations, 3)
			for _, says := range []string{"summary", "action"} {
				require.True(t, strings.HasSuffix(alert.Annotations[says], "."), "%s: %q", says, alert.Annotations[says])
				for _, match := range regexp.MustCompile(`\$labels\.(\w+)`).FindAllStringSubmatch(alert.Annotations[says], -1) {
					require.Contains(t, values, match[1])
					require.Regexp(t, `by \([^)]*\b`+match[1]+`\b`, alert.Expr, "the label is not left")
				}
			}
			document, heading, found := strings.Cut(alert.Annotations["runbook"], "#")
			require.True(t, found)
			require.Contains(t, anchors(read(t, document)), heading)
			require.Contains(t, tried, "alertname: "+alert.Alert+"}", "it is not tried when all is well")
			require.Contains(t, tried, `alertname="`+alert.Alert+`"`, "it is not tried when something is wrong")
		})
	}
}

// panel is a part of the dashboard.
type panel struct {
	ID          int
	Type        string
	Title       string
	Description string
	Datasource  struct{ UID string }
	GridPos     struct{ H, W, X, Y int }
	Targets     []struct {
		Expr       string
		RefID      string
		Datasource struct{ UID string }
	}
}

func panels(t *testing.T) []panel {
	t.Helper()
	var board struct {
		Title, UID string
		Panels     []panel
	}
	require.NoError(t, json.Unmarshal([]byte(read(t, dashboard)), &board))
	require.Equal(t, "frontdesk", board.UID)
	require.NotEmpty(t, board.Panels)
	return board.Panels
}

// TestTheDashboardShowsWhatThereIs compares its expressions with the document,
// and looks that every metric is to be seen.
func TestTheDashboardShowsWhatThereIs(t *testing.T) {
	t.Parallel()
	shown, ids := map[string]bool{}, map[int]bool{}
	for _, p := range panels(t) {
		require.False(t, ids[p.ID], "two panels have the id %d", p.ID)
		ids[p.ID] = true
		require.LessOrEqual(t, p.GridPos.X+p.GridPos.W, 24, p.Title)
		if p.Type == "row" {
			continue
		}
		require.NotEmpty(t, p.Description, p.Title)
		require.NotEmpty(t, p.Targets, p.Title)
		for _, target := range p.Targets {
			require.Equal(t, "${datasource}", target.Datasource.UID, p.Title)
			for _, name := range requireKnown(t, target.Expr) {
				shown[name] = true
			}
		}
	}
	metrics, _ := theMetrics(t)
	for name := range metrics {
		require.True(t, shown[name], "%s is on no panel", name)
	}
	for i, p := range panels(t) {
		for _, q := range panels(t)[i+1:] {
			a, b := p.GridPos, q.GridPos
			apart := a.X+a.W <= b.X || b.X+b.W <= a.X || a.Y+a.H <= b.Y || b.Y+b.H <= a.Y
			require.True(t, apart, "%s and %s overlap", p.Title, q.Title)
		}
	}
}

// TestPromtoolAcceptsRulesAndDashboard lets Prometheus' own tool read all
// expressions, and try the alerts.
func TestPromtoolAcceptsRulesAndDashboard(t *testing.T) {
	t.Parallel()
	promtool, err := exec.LookPath("promtool")
	if ci := os.Getenv("CI"); err != nil && ci == "true" { //nolint:forbidigo // a test has no configuration to take it from
		t.Fatal("promtool is not on the PATH; it is required where CI=true")
	}
	if err != nil {
		t.Skip("promtool is not on the PATH; it comes with Prometheus")
	}
	run := func(args ...string) {
		t.Helper()
		said, err := exec.CommandContext(t.Context(), promtool, args...).CombinedOutput() //nolint:gosec // the tool of the machine
		require.NoError(t, err, "%s", said)
	}
	run("check", "rules", filepath.Join(root, alertRules))
	run("test", "rules", filepath.Join(root, alertTests))

	// It reads no dashboards, but rules: each expression becomes one.
	type record struct {
		Record string `yaml:"record"`
		Expr   string `yaml:"expr"`
	}
	var records []record
	for _, p := range panels(t) {
		for _, target := range p.Targets {
			expression := strings.NewReplacer("$__rate_interval", "5m", "$__range", "1d", "$job", ".*").Replace(target.Expr)
			records = append(records, record{"panel_" + strings.ToLower(target.RefID) + strings.Repeat("_", len(records)), expression})
		}
	}
	require.NotEmpty(t, records)
	rules, err := yaml.Marshal(map[string]any{"groups": []any{map[string]any{"name": "dashboard", "rules": records}}})
	require.NoError(t, err)
	file := filepath.Join(t.TempDir(), "rules.yaml")
	require.NoError(t, os.WriteFile(file, rules, 0o600))
	run("check", "rules", file)
}
