package deploytest_test

import (
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/compose-spec/compose-go/v2/loader"
	"github.com/compose-spec/compose-go/v2/types"
	"github.com/stretchr/testify/require"
)

const composeFile = "deploy/compose.yaml"

// composed loads a Compose file as Docker does: by the schema, with the
// variables filled in and all references followed.
func composed(t *testing.T, text string) (*types.Project, error) {
	t.Helper()
	folder, err := filepath.Abs(filepath.Join(root, filepath.Dir(composeFile)))
	require.NoError(t, err)
	return loader.LoadWithContext(t.Context(), types.ConfigDetails{
		WorkingDir:  folder,
		ConfigFiles: []types.ConfigFile{{Filename: filepath.Join(folder, filepath.Base(composeFile)), Content: []byte(text)}},
		Environment: types.Mapping{
			"SLACK_CHANNEL_ID": "C0123456789", "REVIEWERS": "ann@example.com", "FRONTDESK_URL": "https://frontdesk.example.com",
		},
	})
}

func theComposition(t *testing.T) (project *types.Project, frontdesk, postgres types.ServiceConfig) {
	t.Helper()
	project, err := composed(t, read(t, composeFile))
	require.NoError(t, err)
	require.Len(t, project.Services, 2)
	return project, project.Services["frontdesk"], project.Services["postgres"]
}

func TestComposeKnowsAllThatTheFileSays(t *testing.T) {
	t.Parallel()
	text := read(t, composeFile)
	for right, wrong := range map[string]string{
		"read_only: true":        "readonly: true",
		"service_healthy":        "service_is_healthy",
		"stop_grace_period":      "stop_grace",
		"interval: 5s":           "interval: 5",
		"      - database_url\n": "      - database\n",
		"      - postgres:/var":  "      - postgresql:/var",
		"127.0.0.1:8080:8080":    "127.0.0.1:8080:http",
	} {
		require.Contains(t, text, right)
		_, err := composed(t, strings.Replace(text, right, wrong, 1))
		require.Error(t, err, wrong)
	}
}

func TestComposeRunsTheImageAsItIsMeant(t *testing.T) {
	t.Parallel()
	project, frontdesk, postgres := theComposition(t)
	require.True(t, frontdesk.ReadOnly)
	require.Equal(t, types.StringList{"/tmp"}, frontdesk.Tmpfs)
	require.Equal(t, []string{"ALL"}, frontdesk.CapDrop)
	require.Equal(t, []string{"no-new-privileges:true"}, frontdesk.SecurityOpt)
	require.Empty(t, frontdesk.User, "the image's own")
	require.Nil(t, frontdesk.HealthCheck, "the image's own")
	require.GreaterOrEqual(t, time.Duration(*frontdesk.StopGracePeriod), drain*time.Second*3/2)
	require.Equal(t, filepath.Dir(project.WorkingDir), frontdesk.Build.Context)

	require.Len(t, frontdesk.Ports, 1)
	require.Equal(t, "127.0.0.1", frontdesk.Ports[0].HostIP, "TLS ends in a proxy before it")
	require.Equal(t, theImage(t).port, frontdesk.Ports[0].Published)
	require.Equal(t, "service_healthy", frontdesk.DependsOn["postgres"].Condition)
	require.NotNil(t, postgres.HealthCheck)
	require.Empty(t, postgres.Ports, "only Frontdesk may talk to it")
}

func TestComposeSetsWhatThereIs(t *testing.T) {
	t.Parallel()
	project, frontdesk, postgres := theComposition(t)
	environment := map[string]string{}
	for name, value := range frontdesk.Environment {
		environment[name] = *value
	}
	checkEnvironment(t, environment)
	require.Equal(t, theImage(t).port, environment["PORT"])
	require.Contains(t, environment, "DATABASE_URL_FILE")
	delete(environment, "DATABASE_URL_FILE")
	checkSecretFiles(t, frontdesk.Secrets, frontdesk.Environment)
	checkSecretFiles(t, postgres.Secrets, postgres.Environment)

	ignored := read(t, ".gitignore")
	for name, secret := range project.Secrets {
		require.Equal(t, filepath.Join(project.WorkingDir, "secrets", name), secret.File)
		require.Contains(t, ignored, "/deploy/secrets/\n", "secrets never get into git")
		require.Contains(t, read(t, deployReadme), name)
	}
	// What the file asks for stands in the .env beside it, and Docker says so.
	_, err := loader.LoadWithContext(t.Context(), types.ConfigDetails{
		WorkingDir:  project.WorkingDir,
		ConfigFiles: []types.ConfigFile{{Filename: composeFile, Content: []byte(read(t, composeFile))}},
		Environment: types.Mapping{"REVIEWERS": "ann@example.com", "FRONTDESK_URL": "https://frontdesk.example.com"},
	})
	require.ErrorContains(t, err, "SLACK_CHANNEL_ID")
	require.ErrorContains(t, err, "write it into deploy/.env")
}

// checkSecretFiles compares the secrets that a service is given with the files
// that its settings name.
func checkSecretFiles(t *testing.T, given []types.ServiceSecretConfig, environment types.MappingWithEquals) {
	t.Helper()
	var mounted, named []string
	for _, secret := range given {
		mounted = append(mounted, "/run/secrets/"+secret.Source)
	}
	for name, value := range environment {
		if strings.HasSuffix(name, "_FILE") {
			named = append(named, *value)
		}
	}
	require.ElementsMatch(t, mounted, named)
}
