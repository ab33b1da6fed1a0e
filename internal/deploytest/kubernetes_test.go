package deploytest_test

import (
	"errors"
	"io/fs"
	"maps"
	"os"
	"path"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	policyv1 "k8s.io/api/policy/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"sigs.k8s.io/json"
	"sigs.k8s.io/kustomize/api/krusty"
	"sigs.k8s.io/kustomize/kyaml/filesys"
	"sigs.k8s.io/yaml"
)

const kubernetes = "deploy/kubernetes"

// cluster is what kustomize makes of the folder.
type cluster struct {
	configMap  corev1.ConfigMap
	deployment appsv1.Deployment
	service    corev1.Service
	policy     networkingv1.NetworkPolicy
	budget     policyv1.PodDisruptionBudget
}

// customized runs kustomize over files, and reads what it gives into the types
// of Kubernetes. Unknown fields are errors in both steps.
func customized(files filesys.FileSystem) (c cluster, err error) {
	resources, err := krusty.MakeKustomizer(krusty.MakeDefaultOptions()).Run(files, "/")
	if err != nil {
		return c, err
	}
	for _, resource := range resources.Resources() {
		text, err := resource.AsYAML()
		if err != nil {
			return c, err
		}
		into := map[string]any{
			"ConfigMap": &c.configMap, "Deployment": &c.deployment, "Service": &c.service,
			"NetworkPolicy": &c.policy, "PodDisruptionBudget": &c.budget,
		}[resource.GetKind()]
		if err := decode(text, into); err != nil {
			return c, err
		}
	}
	return c, nil
}

// decode reads as the API server does when it validates fields strictly.
func decode(text []byte, into any) error {
	if into == nil {
		return errors.New("there is a resource that no test looks at")
	}
	object, err := yaml.YAMLToJSONStrict(text)
	if err != nil {
		return err
	}
	strict, err := json.UnmarshalStrict(object, into)
	return errors.Join(append(strict, err)...)
}

// kubernetesFiles gives the folder, with one text replaced by another.
func kubernetesFiles(t *testing.T, right, wrong string) filesys.FileSystem {
	t.Helper()
	files, replaced := filesys.MakeFsInMemory(), right == ""
	paths, err := fs.Glob(os.DirFS(root), kubernetes+"/*.yaml")
	require.NoError(t, err)
	for _, file := range paths {
		text := read(t, file)
		if right != "" && strings.Contains(text, right) {
			text, replaced = strings.ReplaceAll(text, right, wrong), true
		}
		require.NoError(t, files.WriteFile("/"+path.Base(file), []byte(text)))
	}
	require.True(t, replaced, right)
	return files
}

func theCluster(t *testing.T) cluster {
	t.Helper()
	c, err := customized(kubernetesFiles(t, "", ""))
	require.NoError(t, err)
	for _, object := range []metav1.Object{&c.configMap, &c.deployment, &c.service, &c.policy, &c.budget} {
		require.Regexp(t, "^frontdesk(-[a-z0-9]+)?$", object.GetName())
		require.Equal(t, "frontdesk", object.GetNamespace())
	}
	return c
}

func TestKubernetesKnowsAllThatTheFilesSay(t *testing.T) {
	t.Parallel()
	theCluster(t)
	for right, wrong := range map[string]string{
		"readOnlyRootFilesystem": "readonlyRootFilesystem",
		"maxUnavailable: 1\n":    "maxUnavailable: 1\n  maxUnavailble: 1\n",
		"targetPort":             "tragetPort",
		"policyTypes":            "policyType",
		"replicas: 3":            "replicas: three",
		"configMapGenerator":     "configMapGenerators",
		"  - service.yaml":       "  - services.yaml",
		"periodSeconds: 5":       "period: 5",
	} {
		_, err := customized(kubernetesFiles(t, right, wrong))
		require.Error(t, err, wrong)
	}
}

func TestKubernetesFindsThePods(t *testing.T) {
	t.Parallel()
	c := theCluster(t)
	pods := labels.Set(c.deployment.Spec.Template.Labels)
	require.NotEmpty(t, pods)
	for name, selector := range map[string]*metav1.LabelSelector{
		"Deployment": c.deployment.Spec.Selector, "PodDisruptionBudget": c.budget.Spec.Selector, "NetworkPolicy": &c.policy.Spec.PodSelector,
		"Service": {MatchLabels: c.service.Spec.Selector}, "spread": c.deployment.Spec.Template.Spec.TopologySpreadConstraints[0].LabelSelector,
	} {
		require.NotNil(t, selector, name)
		compiled, err := metav1.LabelSelectorAsSelector(selector)
		require.NoError(t, err)
		require.False(t, compiled.Empty(), name)
		require.True(t, compiled.Matches(pods), name)
	}
}

// container gives the only container of the pods.
func (c cluster) container(t *testing.T) corev1.Container {
	t.Helper()
	require.Len(t, c.deployment.Spec.Template.Spec.Containers, 1)
	return c.deployment.Spec.Template.Spec.Containers[0]
}

func TestKubernetesRunsTheImageAsItIsMeant(t *testing.T) {
	t.Parallel()
	c := theCluster(t)
	pod, container := c.deployment.Spec.Template.Spec, c.container(t)
	require.Equal(t, "registry.example.com/frontdesk:v1.0.0", container.Image)
	uid, gid := ids(t, theImage(t).user)
	require.True(t, *pod.SecurityContext.RunAsNonRoot)
	require.Equal(t, int64(uid), *pod.SecurityContext.RunAsUser)
	require.Equal(t, int64(gid), *pod.SecurityContext.RunAsGroup)
	require.Equal(t, int64(gid), *pod.SecurityContext.FSGroup)
	require.Equal(t, corev1.SeccompProfileTypeRuntimeDefault, pod.SecurityContext.SeccompProfile.Type)
	require.True(t, *container.SecurityContext.ReadOnlyRootFilesystem)
	require.False(t, *container.SecurityContext.AllowPrivilegeEscalation)
	require.Equal(t, []corev1.Capability{"ALL"}, container.SecurityContext.Capabilities.Drop)
	require.False(t, *pod.AutomountServiceAccountToken)

	require.Equal(t, theImage(t).port, strconv.Itoa(int(container.Ports[0].ContainerPort)))
	port := container.Ports[0].Name
	require.Equal(t, port, c.service.Spec.Ports[0].TargetPort.StrVal)
	require.Equal(t, port, c.policy.Spec.Ingress[0].Ports[0].Port.StrVal)
	require.Equal(t, theImage(t).port, c.deployment.Spec.Template.Annotations["prometheus.io/port"])
	for name, probe := range map[string]*corev1.Probe{
		"startup": container.StartupProbe, "liveness": container.LivenessProbe, "readiness": container.ReadinessProbe,
	} {
		require.Equal(t, "/healthz", probe.HTTPGet.Path, "%s: trouble of Slack or Conveyor is no reason to take a pod away", name)
		require.Equal(t, port, probe.HTTPGet.Port.StrVal)
	}
	grace := *pod.TerminationGracePeriodSeconds - container.Lifecycle.PreStop.Sleep.Seconds
	require.GreaterOrEqual(t, grace, int64(drain*3/2))

	require.Greater(t, *c.deployment.Spec.Replicas, c.budget.Spec.MaxUnavailable.IntVal)
	require.Zero(t, c.deployment.Spec.Strategy.RollingUpdate.MaxUnavailable.IntVal)
}

func TestKubernetesSetsWhatThereIs(t *testing.T) {
	t.Parallel()
	c := theCluster(t)
	container := c.container(t)
	require.Len(t, container.EnvFrom, 1)
	require.Equal(t, c.configMap.Name, container.EnvFrom[0].ConfigMapRef.Name)
	environment := maps.Clone(c.configMap.Data)
	mount := container.VolumeMounts[0]
	require.True(t, mount.ReadOnly)
	volume := c.deployment.Spec.Template.Spec.Volumes[0]
	require.Equal(t, volume.Name, mount.Name)
	require.Equal(t, "frontdesk", volume.Secret.SecretName)
	require.Equal(t, int32(0o440), *volume.Secret.DefaultMode)
	for _, variable := range container.Env {
		require.NotContains(t, environment, variable.Name, "it is set twice")
		environment[variable.Name] = variable.Value
		if setting, isFile := settingOf(t, variable.Name); isFile {
			key := strings.ToLower(setting)
			require.Equal(t, mount.MountPath+"/"+key, variable.Value)
			require.Contains(t, read(t, deployReadme), key)
		}
	}
	checkEnvironment(t, environment)
	require.Contains(t, environment, "DATABASE_URL_FILE", "a SQLite file has one server")
	require.Equal(t, theImage(t).port, environment["PORT"])
}

// TestKubernetesLetsFrontdeskOut: to names, to Slack and Conveyor, to PostgreSQL,
// and nowhere else.
func TestKubernetesLetsFrontdeskOut(t *testing.T) {
	t.Parallel()
	spec := theCluster(t).policy.Spec
	require.ElementsMatch(t, []networkingv1.PolicyType{"Ingress", "Egress"}, spec.PolicyTypes)
	var ports []string
	for _, rule := range spec.Egress {
		require.NotEmpty(t, rule.Ports)
		for _, port := range rule.Ports {
			ports = append(ports, string(*port.Protocol)+" "+port.Port.String())
		}
	}
	require.ElementsMatch(t, []string{"UDP 53", "TCP 53", "TCP 443", "TCP 5432"}, ports)
	require.NotEmpty(t, spec.Ingress[0].From)
}
