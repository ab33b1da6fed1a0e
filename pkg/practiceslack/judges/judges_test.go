// Package judges_test holds the practice Slack workspace to what programs expect
// of Slack that others wrote: Bolt for JavaScript, over HTTP and in Socket Mode,
// and Slack's own client @slack/web-api. It imports the workspace and test
// libraries only, and runs the programs beside it with Node.
//
// Without Node and `npm ci` in this folder the tests are skipped; where CI=true
// that is a failure. A program ends when its standard input does, so none
// outlives the test, however that ends.
package judges_test

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/frontdesk-hq/frontdesk/pkg/practiceslack"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	// patience is how long a program may take to start or to answer; CI is slow.
	patience = time.Minute
	// farewell is how long a program may take to end once its input has.
	farewell = 10 * time.Second
)

// needNode skips the test where the programs cannot run. CI may not skip it.
func needNode(t *testing.T) string {
	t.Helper()
	node, err := exec.LookPath("node")
	if err == nil {
		_, err = os.Stat("node_modules/@slack/bolt/package.json")
	}
	if err == nil {
		return node
	}
	if os.Getenv("CI") == "true" { //nolint:forbidigo // a test has no configuration to take it from
		t.Fatalf("CI must judge the practice workspace: %v", err)
	}
	t.Skipf("needs Node 20 and its modules: run `npm ci` in pkg/practiceslack/judges: %v", err)
	return ""
}

// program is a running Node program.
type program struct {
	stdin io.WriteCloser
	lines chan string // its standard output
	log   *logged     // its standard error
}

// logged keeps what a program complains of.
type logged struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *logged) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *logged) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// start runs a program until the test ends and waits for the line in which it
// says that it is ready. It gives what else that line says.
func start(t *testing.T, script string, settings map[string]any) (p *program, ready string) {
	t.Helper()
	node := needNode(t)
	argument, err := json.Marshal(settings)
	require.NoError(t, err)
	ctx, kill := context.WithCancel(context.Background())           // longer than t.Context, by the farewell
	cmd := exec.CommandContext(ctx, node, script, string(argument)) //nolint:gosec // the program and its settings are the test's own
	p = &program{lines: make(chan string), log: &logged{}}
	cmd.Stderr = p.log
	p.stdin, err = cmd.StdinPipe()
	require.NoError(t, err)
	stdout, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	ended := make(chan error, 1)
	go func() {
		scanner := bufio.NewScanner(stdout)
		scanner.Buffer(nil, 16<<20)
		for scanner.Scan() {
			select {
			case p.lines <- scanner.Text():
			case <-ctx.Done():
			}
		}
		close(p.lines)
		ended <- cmd.Wait()
	}()
	t.Cleanup(func() {
		last := time.AfterFunc(farewell, kill)
		_ = p.stdin.Close()
		for range p.lines {
		}
		err := <-ended
		last.Stop()
		kill()
		require.NoError(t, err, "%s did not end well:\n%s", script, p.log)
	})
	ready, ok := strings.CutPrefix(p.line(t), "ready ")
	require.True(t, ok, "%s is not ready:\n%s", script, p.log)
	return p, ready
}

// line waits for the program's next line.
func (p *program) line(t *testing.T) string {
	t.Helper()
	limit := time.NewTimer(patience)
	defer limit.Stop()
	select {
	case line, ok := <-p.lines:
		require.True(t, ok, "the program has ended:\n%s", p.log)
		return line
	case <-limit.C:
		require.FailNow(t, "the program says nothing", "%s", p.log)
		return ""
	}
}

// world is a workspace that is served on an address of its own.
type world struct {
	ws         *practiceslack.Workspace
	apiURL     string
	alice, bob *practiceslack.User
}

func newWorld(t *testing.T, opt practiceslack.Options) *world {
	t.Helper()
	needNode(t)
	// How fast this machine is, is not what is judged.
	opt.Patience, opt.DeliveryTimeout = patience, patience
	opt.TriggerLife = cmp.Or(opt.TriggerLife, patience)
	w := &world{ws: practiceslack.New(opt)}
	server := httptest.NewServer(w.ws.Handler())
	t.Cleanup(func() {
		w.ws.Close()
		server.Close()
		http.DefaultTransport.(*http.Transport).CloseIdleConnections() //nolint:forcetypeassert // it is one
	})
	w.apiURL = server.URL + "/api/"
	w.ws.SetBaseURL(server.URL)
	w.alice = w.ws.AddUser(practiceslack.Person{ID: "U1", Name: "alice", RealName: "Alice Ant", Email: "alice@corp.example"})
	w.bob = w.ws.AddUser(practiceslack.Person{ID: "U2", Name: "bob", Email: "bob@corp.example"})
	w.ws.AddUserGroup(practiceslack.UserGroup{ID: "S1", Handle: "reviewers", Name: "Reviewers", Users: []string{"U1", "U2"}})
	return w
}

// channel adds a channel with both people in it.
func (w *world) channel(id string) *practiceslack.Channel {
	return w.ws.AddChannel(practiceslack.ChannelInfo{ID: id, Name: strings.ToLower(id), Members: []string{"U1", "U2"}})
}
