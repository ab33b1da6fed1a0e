package deploytest_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/stretchr/testify/require"
)

const deployReadme = "deploy/README.md"

// recipe gives the shell lines below a heading of deploy/README.md.
func recipe(t *testing.T, heading string) string {
	t.Helper()
	_, after, found := strings.Cut(read(t, deployReadme), "\n## "+heading+"\n")
	require.True(t, found, heading)
	_, after, found = strings.Cut(after, "\n```sh\n")
	require.True(t, found, heading)
	text, _, found := strings.Cut(after, "\n```")
	require.True(t, found)
	return text + "\n"
}

// tried runs a recipe in a copy of the deploy files where the programs that
// are named are stand-ins which note how they are called, and gives these
// calls. What the shell and its usual programs do is done.
func tried(t *testing.T, heading string, standIns ...string) (folder string, calls []string) {
	t.Helper()
	folder = t.TempDir()
	require.NoError(t, os.CopyFS(filepath.Join(folder, "deploy"), os.DirFS(filepath.Join(root, "deploy"))))
	require.NoError(t, os.MkdirAll(filepath.Join(folder, "deploy/secrets"), 0o750))
	for name, line := range readmeSecrets(t) {
		require.NoError(t, os.WriteFile(filepath.Join(folder, "deploy/secrets", name), []byte(line), 0o600))
	}
	bin := t.TempDir()
	log := filepath.Join(bin, "calls")
	for _, name := range standIns {
		script := "#!/bin/sh\necho \"" + name + " $*\" >>'" + log + "'\n"
		require.NoError(t, os.WriteFile(filepath.Join(bin, name), []byte(script), 0o700)) //nolint:gosec // it has to run
	}
	execute(t, folder, []string{"PATH=" + bin + ":" + searchPath()}, "sh", "-e", "-c", recipe(t, heading))
	return folder, strings.Split(strings.TrimSpace(string(content(t, bin, "calls"))), "\n")
}

// searchPath gives where the shell's programs are.
func searchPath() string {
	return os.Getenv("PATH") //nolint:forbidigo // the stand-ins come before them
}

// readmeSecrets gives the files of the table, by their names.
func readmeSecrets(t *testing.T) map[string]string {
	t.Helper()
	found := map[string]string{}
	for _, match := range regexp.MustCompile("(?m)^\\| `([a-z_]+)` \\| (.*) \\|$").FindAllStringSubmatch(read(t, deployReadme), -1) {
		found[match[1]] = match[2]
	}
	require.Contains(t, found, "database_url")
	return found
}

// TestTheRecipeForTheImage: what is run fits to what is built.
func TestTheRecipeForTheImage(t *testing.T) {
	t.Parallel()
	_, calls := tried(t, "The image", "docker", "git")
	text := strings.Join(calls, "\n")
	require.Contains(t, text, "--build-arg VERSION=")
	require.Contains(t, text, "--build-arg REVISION=")
	for _, flag := range []string{"--read-only", "--tmpfs /tmp", "-v frontdesk:" + theImage(t).volume, "-p 8080:" + theImage(t).port} {
		require.Contains(t, text, flag)
		require.Contains(t, read(t, "README.md"), flag, "the README has the same")
	}
	require.Contains(t, read(t, deployReadme), "user "+strings.Split(theImage(t).user, ":")[0])
}

// TestTheRecipeForCompose is tried up to Docker itself: the files that it makes
// are what the Compose file reads.
func TestTheRecipeForCompose(t *testing.T) {
	t.Parallel()
	folder, calls := tried(t, "Compose", "docker")
	require.Len(t, calls, 3)
	for _, call := range calls {
		require.Contains(t, call, " -f "+composeFile+" ")
	}
	text := string(content(t, folder, "deploy/.env"))
	for _, name := range regexp.MustCompile(`\$\{([A-Z_]+):\?`).FindAllStringSubmatch(read(t, composeFile), -1) {
		require.Regexp(t, "(?m)^"+name[1]+"=.+$", text)
	}
	project, _, _ := theComposition(t)
	for name := range project.Secrets {
		info, err := os.Stat(filepath.Join(folder, "deploy/secrets", name))
		require.NoError(t, err)
		require.Equal(t, os.FileMode(0o444), info.Mode().Perm(), "the image's user has to read it")
	}
	info, err := os.Stat(filepath.Join(folder, "deploy/secrets"))
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o700), info.Mode().Perm(), "and nobody else")
	require.True(t, ignoredByDocker(t, "deploy/secrets/slack_bot_token"))
}

// TestTheRecipeForKubernetes is tried with kubectl where there is one, up to
// what needs a cluster.
func TestTheRecipeForKubernetes(t *testing.T) {
	t.Parallel()
	folder, calls := tried(t, "Kubernetes", "kubectl")
	require.Equal(t, []string{
		"kubectl create namespace frontdesk",
		"kubectl create secret generic frontdesk --namespace frontdesk --from-file deploy/secrets",
		"kubectl kustomize deploy/kubernetes",
		"kubectl apply -k deploy/kubernetes",
		"kubectl rollout status deployment/frontdesk --namespace frontdesk",
	}, calls)
	if _, err := exec.LookPath("kubectl"); err != nil {
		t.Skip("there is no kubectl here")
	}
	for _, call := range calls[:3] {
		if strings.Contains(call, " create ") {
			call += " --dry-run=client -o yaml"
		}
		said := execute(t, folder, []string{"KUBECONFIG=" + filepath.Join(folder, "none")}, "sh", "-c", call)
		require.Contains(t, said, "name: frontdesk")
		if strings.Contains(call, " secret ") {
			for name := range readmeSecrets(t) {
				require.Contains(t, said, "  "+name+": ", "a key of the secret")
			}
		}
	}
}

// TestTheRecipeForNomad is tried up to Nomad itself: each variable of the file
// is one of both jobs, and none is missing.
func TestTheRecipeForNomad(t *testing.T) {
	t.Parallel()
	folder, calls := tried(t, "Nomad", "nomad")
	require.Equal(t, []string{
		"nomad job plan -var-file frontdesk.vars " + nomadSQLite,
		"nomad job run -var-file frontdesk.vars " + nomadSQLite,
		"nomad job status frontdesk",
	}, calls)
	var set []string
	for name := range nomad(t, string(content(t, folder, "frontdesk.vars"))).Attributes {
		set = append(set, name)
	}
	eachNomadJob(t, func(t *testing.T, _ string, job *hclsyntax.Body) {
		t.Helper()
		var needed []string
		for _, variable := range blocks(job, "variable") {
			if _, optional := variable.Body.Attributes["default"]; !optional {
				needed = append(needed, variable.Labels[0])
			}
		}
		require.ElementsMatch(t, needed, set)
	})
}

// TestTheRecipeForSystemd: what is installed is where the service looks for it.
func TestTheRecipeForSystemd(t *testing.T) {
	t.Parallel()
	_, calls := tried(t, "systemd", "install", "systemctl", "systemd-analyze")
	require.Len(t, calls, 5)
	require.Equal(t, "systemd-analyze verify /etc/systemd/system/frontdesk.service", calls[3])
	require.Equal(t, "systemctl enable --now frontdesk", calls[4])
	installed := map[string]string{}
	for _, call := range calls[:3] {
		words := strings.Fields(call)
		require.Equal(t, []string{"install", "-D", "-m"}, words[:3])
		installed[words[5]] = words[3] + " " + words[4]
	}
	program, _, _ := strings.Cut(of(t, "Service", "ExecStart"), " ")
	_, settings, _ := strings.Cut(of(t, "Service", "LoadCredential"), ":")
	require.Equal(t, map[string]string{
		program: "755 bin/frontdesk", settings: "600 .env", "/etc/systemd/system/frontdesk.service": "644 " + unitFile,
	}, installed)
}
