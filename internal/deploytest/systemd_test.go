package deploytest_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

const unitFile = "deploy/systemd/frontdesk.service"

// directive is one line of a unit file.
type directive struct{ section, name, value string }

// directives reads a unit file.
func directives(t *testing.T) []directive {
	t.Helper()
	var found []directive
	section := ""
	for line := range strings.Lines(read(t, unitFile)) {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		if name := regexp.MustCompile(`^\[(\w+)\]$`).FindStringSubmatch(line); name != nil {
			section = name[1]
			continue
		}
		name, value, is := strings.Cut(line, "=")
		require.True(t, is, line)
		found = append(found, directive{section, name, value})
	}
	return found
}

// TestTheServiceIsSpeltRight keeps misspelt directives out where there is no
// systemd to ask; it ignores what it does not know. TestSystemdKnows… keeps
// this list right where there is one.
func TestTheServiceIsSpeltRight(t *testing.T) {
	t.Parallel()
	known := map[string]string{
		"Unit":    "After Description Documentation StartLimitIntervalSec Wants",
		"Install": "WantedBy",
		"Service": "CapabilityBoundingSet DynamicUser ExecStart LoadCredential LockPersonality MemoryDenyWriteExecute MemoryMax " +
			"NoNewPrivileges PrivateDevices PrivateTmp PrivateUsers ProtectClock ProtectControlGroups ProtectHome ProtectHostname " +
			"ProtectKernelLogs ProtectKernelModules ProtectKernelTunables ProtectProc ProtectSystem RemoveIPC Restart " +
			"RestartPreventExitStatus RestartSec RestrictAddressFamilies RestrictNamespaces RestrictRealtime RestrictSUIDSGID " +
			"StateDirectory StateDirectoryMode SystemCallArchitectures SystemCallErrorNumber SystemCallFilter TimeoutStopSec Type " +
			"UMask WorkingDirectory",
	}
	for _, d := range directives(t) {
		require.Contains(t, strings.Fields(known[d.section]), d.name)
	}
}

// of gives the only value of a directive.
func of(t *testing.T, section, name string) string {
	t.Helper()
	var values []string
	for _, d := range directives(t) {
		if d.section == section && d.name == name {
			values = append(values, d.value)
		}
	}
	require.Len(t, values, 1, "%s in %s", name, section)
	return values[0]
}

func TestTheServiceRunsFrontdeskAsItIsMeant(t *testing.T) {
	t.Parallel()
	require.Equal(t, "/usr/local/bin/frontdesk serve --env-file ${CREDENTIALS_DIRECTORY}/frontdesk.env", of(t, "Service", "ExecStart"))
	require.Equal(t, "frontdesk.env:/etc/frontdesk/frontdesk.env", of(t, "Service", "LoadCredential"))
	require.Equal(t, "yes", of(t, "Service", "DynamicUser"))
	require.Equal(t, "%S/"+of(t, "Service", "StateDirectory"), of(t, "Service", "WorkingDirectory"), "SQLite's file is one of the working directory")
	require.Equal(t, "0700", of(t, "Service", "StateDirectoryMode"))
	require.Equal(t, "always", of(t, "Service", "Restart"))
	require.Equal(t, "2", of(t, "Service", "RestartPreventExitStatus"), "the exit code for settings that cannot be used")
	require.Equal(t, "0", of(t, "Unit", "StartLimitIntervalSec"))
	stop, err := time.ParseDuration(of(t, "Service", "TimeoutStopSec") + "s")
	require.NoError(t, err)
	require.GreaterOrEqual(t, stop, drain*time.Second*3/2)
	require.Equal(t, "multi-user.target", of(t, "Install", "WantedBy"))
}

// TestTheServiceIsHardened: each of these closes a door that Frontdesk has no
// use for.
func TestTheServiceIsHardened(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"CapabilityBoundingSet": "", "MemoryDenyWriteExecute": "yes", "NoNewPrivileges": "yes", "PrivateDevices": "yes", "PrivateTmp": "yes",
		"PrivateUsers": "yes", "ProtectHome": "yes", "ProtectKernelModules": "yes", "ProtectKernelTunables": "yes", "ProtectSystem": "strict",
		"RestrictAddressFamilies": "AF_INET AF_INET6 AF_UNIX", "RestrictNamespaces": "yes", "SystemCallArchitectures": "native", "UMask": "0077",
	} {
		require.Equal(t, want, of(t, "Service", name), name)
	}
}

// TestSystemdKnowsAllThatTheServiceSays asks systemd itself.
func TestSystemdKnowsAllThatTheServiceSays(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("systemd-analyze"); err != nil {
		t.Skip("there is no systemd here")
	}
	require.Empty(t, verify(t, read(t, unitFile)))
	for right, wrong := range map[string]string{
		"ProtectSystem=": "ProtectSystems=", "RestartSec=5": "RestartSec=soon", "[Install]": "[Instal]", "@system-service": "@system-services",
	} {
		require.Contains(t, read(t, unitFile), right)
		require.NotEmpty(t, verify(t, strings.Replace(read(t, unitFile), right, wrong, 1)), wrong)
	}

	// The exposure in tenths, from 0 to 100, as systemd counts it.
	file := unit(t, read(t, unitFile))
	out, err := exec.CommandContext(t.Context(), "systemd-analyze", "security", "--offline=yes", "--threshold=20", file).CombinedOutput() //nolint:gosec // a file of the test's
	require.NoError(t, err, "%s", out)
}

// unit writes a unit file whose program is there.
func unit(t *testing.T, text string) string {
	t.Helper()
	program, err := exec.LookPath("true")
	require.NoError(t, err)
	file := filepath.Join(t.TempDir(), "frontdesk.service")
	require.NoError(t, os.WriteFile(file, []byte(strings.Replace(text, "/usr/local/bin/frontdesk", program, 1)), 0o600))
	return file
}

// verify gives what systemd has to say against a unit file.
func verify(t *testing.T, text string) string {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), "systemd-analyze", "verify", unit(t, text)).CombinedOutput() //nolint:gosec // a file of the test's
	if err != nil {
		return string(out) + err.Error()
	}
	return string(out)
}
