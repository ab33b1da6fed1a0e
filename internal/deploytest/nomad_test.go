package deploytest_test

import (
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/hcl/v2/hclparse"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/hashicorp/hcl/v2/hclwrite"
	"github.com/stretchr/testify/require"
)

const (
	nomadSQLite   = "deploy/nomad/frontdesk.nomad.hcl"
	nomadPostgres = "deploy/nomad/frontdesk-postgres.nomad.hcl"
)

// eachNomadJob runs a test on both variants.
func eachNomadJob(t *testing.T, test func(t *testing.T, file string, job *hclsyntax.Body)) {
	t.Helper()
	for _, file := range []string{nomadSQLite, nomadPostgres} {
		t.Run(file, func(t *testing.T) {
			t.Parallel()
			test(t, file, nomad(t, read(t, file)))
		})
	}
}

// nomad gives the body of a job file.
func nomad(t *testing.T, text string) *hclsyntax.Body {
	t.Helper()
	file, problems := hclparse.NewParser().ParseHCL([]byte(text), "job")
	require.False(t, problems.HasErrors(), "%v", problems)
	body, ok := file.Body.(*hclsyntax.Body)
	require.True(t, ok)
	return body
}

// blocks gives the blocks at the end of a path of types.
func blocks(body *hclsyntax.Body, path ...string) []*hclsyntax.Block {
	bodies := []*hclsyntax.Body{body}
	var found []*hclsyntax.Block
	for _, kind := range path {
		found = nil
		for _, within := range bodies {
			for _, block := range within.Blocks {
				if block.Type == kind {
					found = append(found, block)
				}
			}
		}
		bodies = nil
		for _, block := range found {
			bodies = append(bodies, block.Body)
		}
	}
	return found
}

// block gives the only block at the end of a path.
func block(t *testing.T, body *hclsyntax.Body, path ...string) *hclsyntax.Body {
	t.Helper()
	found := blocks(body, path...)
	require.Len(t, found, 1, "%v", path)
	return found[0].Body
}

// value gives an attribute that is written out, as text.
func value(t *testing.T, body *hclsyntax.Body, name string) string {
	t.Helper()
	attribute, ok := body.Attributes[name]
	require.True(t, ok, "%s is not set", name)
	got, problems := attribute.Expr.Value(nil)
	require.False(t, problems.HasErrors(), "%s: %v", name, problems)
	if got.Type().FriendlyName() == "number" {
		return got.AsBigFloat().String()
	}
	if got.Type().FriendlyName() == "bool" {
		return strconv.FormatBool(got.True())
	}
	return got.AsString()
}

func duration(t *testing.T, body *hclsyntax.Body, name string) time.Duration {
	t.Helper()
	d, err := time.ParseDuration(value(t, body, name))
	require.NoError(t, err)
	return d
}

func TestTheNomadJobsAreFormatted(t *testing.T) {
	t.Parallel()
	eachNomadJob(t, func(t *testing.T, file string, _ *hclsyntax.Body) {
		t.Helper()
		require.Equal(t, string(hclwrite.Format([]byte(read(t, file)))), read(t, file))
	})
}

// TestNomadKnowsAllThatTheJobsSay holds them against the types of Nomad's own
// API, which it fills from job files.
func TestNomadKnowsAllThatTheJobsSay(t *testing.T) {
	t.Parallel()
	eachNomadJob(t, func(t *testing.T, file string, job *hclsyntax.Body) {
		t.Helper()
		require.Empty(t, nomadProblems(job))
		for right, wrong := range map[string]string{
			"min_healthy_time": "min_healthy_tine", "check_restart {": "check_restarts {", `"10s"`: `"10"`, "count = ": "count = 1.5 # ",
			"readonly_rootfs": "read_only_rootfs", "max_parallel      = 1": `max_parallel = "one"`, "auto_revert = false": "auto_revert = []",
			"var.image": "var.imagine", `volume_mount {`: `volume_mount "x" {`, `group "frontdesk"`: "group",
		} {
			text := read(t, file)
			if !strings.Contains(text, right) {
				require.Equal(t, nomadPostgres, file, "%s is in neither", right)
				continue
			}
			require.NotEmpty(t, nomadProblems(nomad(t, strings.ReplaceAll(text, right, wrong))), wrong)
		}
	})
}

func TestTheNomadJobRunsOneInstanceOnItsOwnDisk(t *testing.T) {
	t.Parallel()
	group := block(t, nomad(t, read(t, nomadSQLite)), "job", "group")
	require.Equal(t, "1", value(t, group, "count"), "a SQLite file has one server")

	volume := block(t, group, "volume")
	require.Equal(t, "host", value(t, volume, "type"))
	mount := block(t, group, "task", "volume_mount")
	require.Equal(t, "data", value(t, mount, "volume"))
	require.Equal(t, "data", blocks(group, "volume")[0].Labels[0])
	folder := value(t, mount, "destination")
	require.Equal(t, theImage(t).volume, folder)
	require.Equal(t, "sqlite:"+folder+"/frontdesk.db", value(t, block(t, group, "task", "env"), "DATABASE_URL"))
	require.Equal(t, "0", value(t, block(t, group, "update"), "canary"), "a canary would need the lock of the one that runs")
	require.Contains(t, read(t, nomadSQLite), "chown "+theImage(t).user+" /opt/frontdesk")
}

func TestTheOtherNomadJobRunsThreeOnPostgreSQL(t *testing.T) {
	t.Parallel()
	group := block(t, nomad(t, read(t, nomadPostgres)), "job", "group")
	require.Equal(t, "3", value(t, group, "count"))
	require.Empty(t, blocks(group, "volume"))
	require.NotContains(t, block(t, group, "task", "env").Attributes, "DATABASE_URL", "it comes from Vault")
	require.Len(t, blocks(group, "task", "vault"), 1)
	require.Contains(t, nomadTemplate(t, group), "DATABASE_URL")
}

func TestTheNomadJobsAreUpdatedWithCare(t *testing.T) {
	t.Parallel()
	eachNomadJob(t, func(t *testing.T, _ string, job *hclsyntax.Body) {
		t.Helper()
		group := block(t, job, "job", "group")
		update := block(t, group, "update")
		require.Equal(t, "1", value(t, update, "max_parallel"))
		require.Equal(t, "checks", value(t, update, "health_check"))
		require.Equal(t, "false", value(t, update, "auto_revert"), "migrations go only forward")
		require.Less(t, duration(t, update, "min_healthy_time"), duration(t, update, "healthy_deadline"))
		require.Less(t, duration(t, update, "healthy_deadline"), duration(t, update, "progress_deadline"))
		require.Equal(t, "delay", value(t, block(t, group, "restart"), "mode"), "Frontdesk is never given up")
		task := block(t, group, "task")
		require.Equal(t, "SIGTERM", value(t, task, "kill_signal"))
		require.GreaterOrEqual(t, duration(t, task, "kill_timeout"), drain*time.Second*3/2)
	})
}

func TestTheNomadJobsAreChecked(t *testing.T) {
	t.Parallel()
	eachNomadJob(t, func(t *testing.T, _ string, job *hclsyntax.Body) {
		t.Helper()
		group := block(t, job, "job", "group")
		port := blocks(group, "network", "port")[0]
		require.Equal(t, theImage(t).port, value(t, port.Body, "to"))
		require.Equal(t, theImage(t).port, value(t, block(t, group, "task", "env"), "PORT"))
		paths := map[string]string{}
		for _, service := range blocks(group, "service") {
			require.Equal(t, port.Labels[0], value(t, service.Body, "port"))
			check := block(t, service.Body, "check")
			require.Equal(t, "http", value(t, check, "type"))
			require.Less(t, duration(t, check, "timeout"), duration(t, check, "interval"))
			paths[value(t, service.Body, "name")] = value(t, check, "path")
			if len(blocks(check, "check_restart")) > 0 {
				require.Equal(t, "/healthz", value(t, check, "path"), "a restart mends no trouble of Slack or Conveyor")
			}
		}
		// Clicks are taken in while Slack or Conveyor is in trouble, so the service
		// that they are sent to must not depend on either.
		require.Equal(t, map[string]string{"frontdesk": "/healthz", "frontdesk-ready": "/readyz"}, paths)
	})
}

// nomadTemplate gives the settings of the template: each by the expression
// that its value comes from.
func nomadTemplate(t *testing.T, group *hclsyntax.Body) map[string]string {
	t.Helper()
	template := block(t, group, "task", "template")
	require.Equal(t, "true", value(t, template, "env"))
	require.Contains(t, value(t, template, "data"), "{{- with ")
	found := map[string]string{}
	for line := range strings.Lines(value(t, template, "data")) {
		if line = strings.TrimSpace(line); strings.HasPrefix(line, "{{-") {
			continue
		}
		set := regexp.MustCompile(`^([A-Z_]+)='\{\{ (\.[A-Za-z_.]*) \}\}'$`).FindStringSubmatch(line)
		require.NotNil(t, set, "%s: a secret comes from outside, in single quotes", line)
		found[set[1]] = set[2]
	}
	return found
}

// TestTheNomadJobsSetWhatThereIs: all that is needed, nothing misspelt, and no
// secret but through the template.
func TestTheNomadJobsSetWhatThereIs(t *testing.T) {
	t.Parallel()
	eachNomadJob(t, func(t *testing.T, file string, job *hclsyntax.Body) {
		t.Helper()
		_, secret := settings(t)
		group := block(t, job, "job", "group")
		set := nomadTemplate(t, group)
		for name := range set {
			require.Contains(t, secret, name)
		}
		environment := block(t, group, "task", "env")
		for name := range environment.Attributes {
			setting, isFile := settingOf(t, name)
			require.False(t, isFile)
			require.NotContains(t, set, setting, "it is set twice")
			if setting != "DATABASE_URL" { // without a password in it, which is checked below
				require.NotContains(t, secret, setting)
			}
			set[setting] = ""
		}
		for _, required := range requiredSettings() {
			require.Contains(t, set, required)
		}
		code := regexp.MustCompile(`(?m)^\s*#.*$`).ReplaceAllString(read(t, file), "")
		checkNoSecret(t, map[string]string{file: code})
		require.NotContains(t, code, "postgres:")

		// What the comment says to prepare is what the template reads.
		for name, expression := range set {
			if expression != "" && expression != "." {
				key := expression[strings.LastIndex(expression, ".")+1:]
				require.Equal(t, strings.ToLower(name), key)
			}
			if expression != "" {
				require.Regexp(t, `(?m)^#.*\b`+strings.ToLower(name)+`\b`, read(t, file))
			}
		}
	})
}
