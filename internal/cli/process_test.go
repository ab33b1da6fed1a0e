package cli_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// build builds the program and gives its path.
func build(tb testing.TB) string {
	tb.Helper()
	binary := filepath.Join(tb.TempDir(), "frontdesk")
	said, err := exec.CommandContext(tb.Context(), "go", "build", "-o", binary, "../../cmd/frontdesk").CombinedOutput() //nolint:gosec // into the test's own folder
	require.NoError(tb, err, "%s", said)
	return binary
}

// process is a sandbox as a process of its own.
type process struct {
	tb     testing.TB
	cmd    *exec.Cmd
	page   string // its address, with a slash at the end
	client *http.Client
	errs   output
}

// spawn starts a sandbox and waits until it says where its page is.
func spawn(tb testing.TB, binary string, args ...string) *process {
	tb.Helper()
	p := &process{tb: tb, client: &http.Client{Transport: &http.Transport{}, Timeout: 20 * time.Second}}
	p.cmd = exec.CommandContext(tb.Context(), binary, append([]string{"sandbox"}, args...)...) //nolint:gosec // it was built a moment ago
	p.cmd.Stderr = &p.errs
	out, err := p.cmd.StdoutPipe()
	require.NoError(tb, err)
	require.NoError(tb, p.cmd.Start())
	lines := bufio.NewScanner(out)
	require.True(tb, lines.Scan(), "it said nothing on its output, and on the other: %s", &p.errs)
	p.page = regexp.MustCompile(`http://localhost:\d+/`).FindString(lines.Text())
	require.NotEmpty(tb, p.page, lines.Text())
	return p
}

// kill pulls the plug.
func (p *process) kill() {
	p.tb.Helper()
	require.NoError(p.tb, p.cmd.Process.Kill())
	require.Error(p.tb, p.cmd.Wait(), "it was killed")
	p.over()
}

// interrupt ends it as Ctrl+C does.
func (p *process) interrupt() {
	p.tb.Helper()
	require.NoError(p.tb, p.cmd.Process.Signal(os.Interrupt))
	require.NoError(p.tb, p.cmd.Wait())
	p.over()
}

func (p *process) over() {
	p.tb.Helper()
	p.client.CloseIdleConnections()
	require.Empty(p.tb, p.errs.String(), "nothing went wrong that it has to tell of")
}

// ask sends a body, or asks without one, and reads the answer. It says false
// when there was none.
func (p *process) ask(path, body string, into any) bool {
	p.tb.Helper()
	method := http.MethodGet
	if body != "" {
		method = http.MethodPost
	}
	req, err := http.NewRequestWithContext(p.tb.Context(), method, p.page+path, strings.NewReader(body))
	if err != nil {
		return false
	}
	req.Header.Set("Content-Type", "application/json")
	resp, err := p.client.Do(req)
	if err != nil {
		return false
	}
	defer resp.Body.Close()
	raw, err := io.ReadAll(resp.Body)
	return err == nil && resp.StatusCode == http.StatusOK && json.Unmarshal(raw, into) == nil
}

// do does something on the page, as a person, and says whether it went well.
func (p *process) do(what string, in map[string]any) bool {
	body, err := json.Marshal(in)
	var out struct {
		OK bool `json:"ok"`
	}
	return err == nil && p.ask("practice/"+what, string(body), &out) && out.OK
}

// approve clicks the button of a message.
func (p *process) approve(as, ts string) {
	p.do("act", map[string]any{"as": as, "channel": "C0REQUESTS", "ts": ts, "block": "decide", "action": "approve"})
}

// posted is a message of the channel.
type posted struct {
	TS        string          `json:"ts"`
	Blocks    json.RawMessage `json:"blocks"`
	Ephemeral bool            `json:"ephemeral"`
}

func (m posted) decidable() bool { return bytes.Contains(m.Blocks, []byte(`"approve"`)) }

// texts gives messages one a line, to be read.
func texts(messages map[string]posted) string {
	var all strings.Builder
	for ts, m := range messages {
		fmt.Fprintf(&all, "%s %s\n", ts, m.Blocks)
	}
	return all.String()
}

// requested is a request as the practice Conveyor knows it.
type requested struct {
	ID        string `json:"id"`
	Email     string `json:"email"`
	Status    string `json:"status"`
	DecidedBy string `json:"decided_by"`
}

// look reads the page: the channel's messages by their timestamps, and the
// requests by their e-mail addresses. It scrolls up to the first message, since
// what is whispered stands between them. It says false when nobody answered.
func (p *process) look() (messages map[string]posted, requests map[string]requested, ok bool) {
	p.tb.Helper()
	var shown struct {
		Messages []posted    `json:"messages"`
		Earlier  int         `json:"earlier"`
		Requests []requested `json:"requests"`
	}
	const channel = "?as=U0ADA&channel=C0REQUESTS"
	if !p.ask("practice/snapshot"+channel, "", &shown) {
		return nil, nil, false
	}
	messages, requests = map[string]posted{}, map[string]requested{}
	for {
		for _, m := range shown.Messages {
			if !m.Ephemeral {
				messages[m.TS] = m
			}
		}
		if shown.Earlier == 0 {
			break
		}
		first := shown.Messages[0].TS
		shown.Messages = nil // what is read into one that is there shares its bytes
		if !p.ask("practice/messages"+channel+"&before="+first, "", &shown) {
			return nil, nil, false
		}
	}
	for _, r := range shown.Requests {
		requests[r.Email] = r
	}
	return messages, requests, true
}

// witness is what was seen of a world, to be held against it later.
type witness struct {
	mu      sync.Mutex
	filed   []string // e-mail addresses that the practice Conveyor acknowledged
	decided map[string]requested
	posted  []string
	acts    int
}

// look notes what stands, and complains about what has changed that must not.
func (w *witness) look(tb testing.TB, p *process) {
	tb.Helper()
	messages, requests, ok := p.look()
	require.True(tb, ok)
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, email := range w.filed {
		require.Contains(tb, requests, email, "it was acknowledged")
	}
	for email, was := range w.decided {
		require.Equal(tb, was, requests[email], "decided stays decided")
	}
	for _, ts := range w.posted {
		require.Contains(tb, messages, ts, "it was there")
	}
	for email, r := range requests {
		if r.Status != "requested" {
			w.decided[email] = r
		}
	}
	w.posted = slices.Collect(maps.Keys(messages))
}

// act counts something that is about to be done, and pulls the plug over it
// when it is the one.
func (w *witness) act(last int, plug chan<- struct{}) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.acts++; w.acts == last {
		close(plug)
	}
}

// TestThePlugIsPulled kills a sandbox again and again while requests arrive and
// buttons are clicked. Nothing that was acknowledged is lost, nothing is posted
// twice, and what is decided stays decided.
func TestThePlugIsPulled(t *testing.T) {
	t.Parallel()
	binary, data := build(t), filepath.Join(t.TempDir(), "world")
	seen := &witness{decided: map[string]requested{}}
	for round, acts := range []int{3, 7, 12, 18, 5} {
		p := spawn(t, binary, "--data", data, "--port", "0", "--requests", "2", "--log-level", "error")
		seen.look(t, p)
		seen.acts = 0
		plug, pulled := make(chan struct{}), make(chan struct{})
		going := func() bool {
			select {
			case <-pulled:
				return false
			default:
				return true
			}
		}
		var people sync.WaitGroup
		people.Go(func() { // customers
			for n := 0; n < 3 && going(); n++ {
				email := fmt.Sprintf("customer%d-%d@customer.example", round, n)
				seen.act(acts, plug)
				if p.do("request", map[string]any{"email": email}) {
					seen.mu.Lock()
					seen.filed = append(seen.filed, email)
					seen.mu.Unlock()
				}
			}
		})
		for _, reviewer := range []string{"U0ADA", "U0BEN"} {
			people.Go(func() {
				for going() {
					messages, _, _ := p.look()
					for ts, m := range messages {
						if m.decidable() {
							seen.act(acts, plug)
							p.approve(reviewer, ts)
							break
						}
					}
				}
			})
		}
		patience := time.NewTimer(10 * time.Second)
		select {
		case <-plug:
		case <-patience.C: // all was decided before it came so far
		}
		patience.Stop()
		p.kill()
		close(pulled)
		people.Wait()
		p.client.CloseIdleConnections()
	}

	p := spawn(t, binary, "--data", data, "--port", "0", "--log-level", "error")
	defer p.interrupt()
	defer func() {
		if t.Failed() {
			messages, requests, ok := p.look()
			t.Logf("what stands at the end (%t): %+v\n%s", ok, requests, texts(messages))
		}
	}()
	seen.look(t, p)
	require.Eventually(t, func() bool { // all comes to its end
		messages, requests, ok := p.look()
		done := ok && len(messages) >= len(requests)
		for ts, m := range messages {
			if m.decidable() {
				p.approve("U0ADA", ts)
			}
			done = done && bytes.Contains(m.Blocks, []byte("Access request approved"))
		}
		return done
	}, time.Minute, 100*time.Millisecond)
	seen.look(t, p)
	messages, requests, ok := p.look()
	require.True(t, ok)
	for email, r := range requests {
		require.Equal(t, "approved", r.Status)
		about := 0
		for _, m := range messages {
			if bytes.Contains(m.Blocks, []byte(email)) {
				about++
			}
		}
		require.Equal(t, 1, about, "messages about %s", email)
	}
	require.Len(t, messages, len(requests))
	require.GreaterOrEqual(t, len(messages), 2+len(seen.filed), "those of the start are among them")
}
