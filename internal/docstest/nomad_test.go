package docstest_test

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

const nomadJob = "deploy/nomad/frontdesk.nomad.hcl"

// drain is how long Frontdesk may take to stop; see docs/operations.md.
const drain = 10 * time.Second

// nomad gives the body of the job file.
func nomad(t *testing.T) *hclsyntax.Body {
	t.Helper()
	file, problems := hclparse.NewParser().ParseHCL([]byte(read(t, nomadJob)), nomadJob)
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

func TestTheNomadJobIsFormatted(t *testing.T) {
	t.Parallel()
	text := read(t, nomadJob)
	require.Equal(t, string(hclwrite.Format([]byte(text))), text)
}

func TestTheNomadJobRunsOneInstanceOnItsOwnDisk(t *testing.T) {
	t.Parallel()
	group := block(t, nomad(t), "job", "group")
	require.Equal(t, "1", value(t, group, "count"), "a SQLite file has one server")

	volume := block(t, group, "volume")
	require.Equal(t, "host", value(t, volume, "type"))
	mount := block(t, group, "task", "volume_mount")
	require.Equal(t, "data", value(t, mount, "volume"))
	require.Equal(t, "data", blocks(group, "volume")[0].Labels[0])
	folder := value(t, mount, "destination")
	require.Equal(t, "sqlite:"+folder+"/frontdesk.db", value(t, block(t, group, "task", "env"), "DATABASE_URL"))

	update := block(t, group, "update")
	require.Equal(t, "1", value(t, update, "max_parallel"))
	require.Equal(t, "0", value(t, update, "canary"), "a canary would need the lock of the one that runs")
	require.Equal(t, "checks", value(t, update, "health_check"))
	require.Less(t, duration(t, update, "min_healthy_time"), duration(t, update, "healthy_deadline"))
	require.Less(t, duration(t, update, "healthy_deadline"), duration(t, update, "progress_deadline"))

	require.Equal(t, "delay", value(t, block(t, group, "restart"), "mode"), "Frontdesk is never given up")
}

func TestTheNomadJobLetsFrontdeskDrain(t *testing.T) {
	t.Parallel()
	task := block(t, nomad(t), "job", "group", "task")
	require.Equal(t, "SIGTERM", value(t, task, "kill_signal"))
	require.GreaterOrEqual(t, duration(t, task, "kill_timeout"), drain*3/2)
}

func TestTheNomadJobIsChecked(t *testing.T) {
	t.Parallel()
	group := block(t, nomad(t), "job", "group")
	port := blocks(group, "network", "port")[0].Labels[0]
	paths := map[string]string{}
	for _, service := range blocks(group, "service") {
		require.Equal(t, port, value(t, service.Body, "port"))
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
}

// TestTheNomadJobHoldsNoSecret looks for the name of each secret setting:
// outside comments it may stand in the template only, with a value that comes
// from Nomad's variables.
func TestTheNomadJobHoldsNoSecret(t *testing.T) {
	t.Parallel()
	text := regexp.MustCompile(`(?m)^\s*#.*$`).ReplaceAllString(read(t, nomadJob), "")
	reference := regexp.MustCompile(`^\s*[A-Z_]+='\{\{ \.[a-z_]* ?\}\}'$`)
	for _, name := range secretSettings(t) {
		if name == "DATABASE_URL" {
			require.NotContains(t, text, "postgres:", "an address of PostgreSQL may hold a password")
			continue
		}
		for line := range strings.Lines(text) {
			if strings.Contains(line, name) {
				require.Regexp(t, reference, strings.TrimRight(line, "\n"))
			}
		}
	}
	require.NotRegexp(t, `xox[a-z]-|xapp-|whsec_`, text)
	template := block(t, nomad(t), "job", "group", "task", "template")
	require.Equal(t, "true", value(t, template, "env"))
	data := value(t, template, "data")
	require.Contains(t, data, `nomadVar "nomad/jobs/frontdesk"`)
	for _, required := range []string{"CONVEYOR_KEY", "SLACK_BOT_TOKEN", "SLACK_SIGNING_SECRET"} {
		require.Contains(t, data, required+"=")
	}
}

// TestTheNomadJobSetsOnlyWhatThereIs keeps a misspelt setting out.
func TestTheNomadJobSetsOnlyWhatThereIs(t *testing.T) {
	t.Parallel()
	settings := firstCells(read(t, "docs/configuration.md"))
	for name := range block(t, nomad(t), "job", "group", "task", "env").Attributes {
		require.Contains(t, settings, name)
	}
	data := value(t, block(t, nomad(t), "job", "group", "task", "template"), "data")
	for _, match := range regexp.MustCompile(`([A-Z_]+)='`).FindAllStringSubmatch(data, -1) {
		require.Contains(t, settings, match[1])
	}
}
