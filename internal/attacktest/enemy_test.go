package attacktest_test

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"slices"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/frontdesk-hq/frontdesk/pkg/practiceslack"
)

// asEnemy makes this test binary an attacker, who is a process of its own so
// that what he does takes no time from those who click honestly.
var asEnemy = flag.String("enemy", "", "what an attacker is to do, as JSON")

// allAtOnce is the attack that is all the others.
const allAtOnce = "all at once"

// enemy is what attackers know and do.
type enemy struct {
	Address string
	// Click is a form that Slack sent, Secret what it signs with: some attacks are
	// those of somebody who knows it.
	Click  []byte
	Secret string
	// Innocent is a request that only attackers click on, Replayed one that was
	// clicked on once and whose click is sent again and again.
	Innocent, Replayed string
	Attack             string
	Lasts              time.Duration
	Clients, HalfOpen  int
	Pace               time.Duration
}

// TestBeTheEnemy is no test: it is what the attacker's process runs.
func TestBeTheEnemy(t *testing.T) { //nolint:paralleltest // it is alone in its process
	if *asEnemy == "" {
		t.Skip("only run by the tests of attacks")
	}
	var e enemy
	require.NoError(t, json.Unmarshal([]byte(*asEnemy), &e))
	ctx, cancel := context.WithTimeout(t.Context(), e.Lasts)
	defer cancel()
	total := newTally()
	var all sync.WaitGroup
	var mu sync.Mutex
	kinds := attacks(e.HalfOpen)
	if e.Attack == allAtOnce {
		e.Pace *= time.Duration(len(kinds)) // together they send as much as each did alone
	}
	for _, kind := range kinds {
		if e.Attack != kind.name && e.Attack != allAtOnce {
			continue
		}
		all.Go(func() {
			y := newTally()
			kind.run(ctx, &e, y)
			mu.Lock()
			defer mu.Unlock()
			total.add(y, kind)
		})
	}
	all.Wait()
	if total.Sent == 0 {
		total.Problems = append(total.Problems, "it sent nothing")
	}
	require.NoError(t, json.NewEncoder(os.Stderr).Encode(total))
}

// mostOfOne is how many connections one attacker keeps: the race detector takes
// no more than 8128 goroutines.
const mostOfOne = 5000

// attacking starts as many attackers as it takes. What it gives waits for their
// end.
func (e *enemy) attacking(t *testing.T) func() *tally {
	t.Helper()
	e.Clients, e.HalfOpen, e.Pace = *clients, *halfOpen, *pace
	var waits []func() *tally
	if e.Attack == halfOpenName || e.Attack == allAtOnce {
		one := *e
		for one.Attack, one.HalfOpen = halfOpenName, mostOfOne; e.HalfOpen > mostOfOne; e.HalfOpen -= mostOfOne {
			waits = append(waits, one.startOne(t))
		}
	}
	waits = append(waits, e.startOne(t))
	return func() *tally {
		all := newTally()
		for _, wait := range waits {
			y := wait()
			all.Sent += y.Sent
			all.Problems = append(all.Problems, y.Problems...)
			for what, n := range y.Back {
				all.Back[what] += n
			}
		}
		return all
	}
}

// startOne starts an attacker's process. What it gives waits for its end.
func (e *enemy) startOne(t *testing.T) func() *tally {
	t.Helper()
	orders, err := json.Marshal(e) //nolint:gosec // the secret of a practice workspace
	require.NoError(t, err)
	process := exec.CommandContext(context.WithoutCancel(t.Context()), os.Args[0], "-test.run=^TestBeTheEnemy$", "-enemy="+string(orders)) //nolint:gosec // this test itself
	var says bytes.Buffer
	process.Stderr = &says
	require.NoError(t, process.Start())
	// Real attackers have machines of their own.
	require.NoError(t, syscall.Setpriority(syscall.PRIO_PROCESS, process.Process.Pid, 10))
	return func() *tally {
		y := newTally()
		if err := process.Wait(); err != nil {
			t.Errorf("the attacker ended with %v: %s", err, &says)
			return y
		}
		if err := json.Unmarshal(says.Bytes(), y); err != nil {
			t.Errorf("the attacker says %q: %v", &says, err)
		}
		return y
	}
}

// approval gives a click on Approve, signed at a time with a secret.
func (e *enemy) approval(requestID, person, secret string, at time.Time) (http.Header, []byte) {
	form, err := url.ParseQuery(string(e.Click))
	must(err)
	var payload map[string]any
	must(json.Unmarshal([]byte(form.Get("payload")), &payload))
	payload["user"].(map[string]any)["id"] = person
	payload["actions"].([]any)[0].(map[string]any)["value"] = requestID
	payload["trigger_id"] = requestID + person // no two clicks are the same
	changed, err := json.Marshal(payload)
	must(err)
	form.Set("payload", string(changed))
	body := []byte(form.Encode())
	return practiceslack.SignWith(secret, body, at), body
}

func must(err error) {
	if err != nil {
		panic(err)
	}
}

func (e *enemy) post(ctx context.Context, client *http.Client, path string, header http.Header, body []byte) (int, error) {
	return e.send(ctx, client, http.MethodPost, path, header, body)
}

func (e *enemy) send(ctx context.Context, client *http.Client, method, path string, header http.Header, body []byte) (int, error) {
	r, err := http.NewRequestWithContext(ctx, method, "http://"+e.Address+path, bytes.NewReader(body))
	if err != nil {
		return 0, fmt.Errorf("make a request: %w", err)
	}
	r.Header = header.Clone()
	answer, err := client.Do(r)
	if err != nil {
		return 0, fmt.Errorf("send a request: %w", err)
	}
	return answer.StatusCode, answer.Body.Close()
}

// add adds what an attack came to, and what is wrong with that.
func (y *tally) add(of *tally, kind attack) {
	y.Sent += of.Sent
	for what, n := range of.Back {
		y.Back[what] += n
		if !slices.Contains(kind.only, what) && what != "cut" && what != "not let in" {
			y.Problems = append(y.Problems, fmt.Sprintf("%s was answered %q %d times", kind.name, what, n))
		}
	}
}
