package judges_test

import (
	"encoding/json"
	"fmt"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

// client is Slack's own client @slack/web-api in a program of its own. It does
// one call at a time.
type client struct {
	mu      sync.Mutex
	program *program
}

type m = map[string]any

// call is one call of a method by its typed function, such as
// client.chat.postMessage.
type call struct {
	Method   string  `json:"method"`
	Args     m       `json:"args,omitempty"`
	Token    *string `json:"token,omitempty"`    // in place of the right one
	Paginate bool    `json:"paginate,omitempty"` // with the client's own paging
	Options  m       `json:"options,omitempty"`  // of the client
}

// answer is what the client gave, or which of its errors it threw.
type answer struct {
	OK         bool
	Result     m
	Pages      []m
	Limited    int // rate limits that the client met and waited for
	Kind       string
	Code       string
	Message    string
	Status     int
	RetryAfter int
	Data       struct {
		Error            string
		Errors           []string
		Needed, Provided string
		Metadata         struct {
			Messages []string
			Scopes   []string
		} `json:"response_metadata"`
	}
}

func newClient(t *testing.T, w *world) *client {
	t.Helper()
	p, _ := start(t, "client.mjs", m{"apiURL": w.apiURL, "token": w.ws.BotToken()})
	return &client{program: p}
}

func (c *client) do(t *testing.T, what call) answer {
	t.Helper()
	c.mu.Lock()
	defer c.mu.Unlock()
	line, err := json.Marshal(what)
	require.NoError(t, err)
	_, err = fmt.Fprintf(c.program.stdin, "%s\n", line)
	require.NoError(t, err, "%s", c.program.log)
	var got answer
	require.NoError(t, json.Unmarshal([]byte(c.program.line(t)), &got))
	return got
}

// good is do for a call that Slack does not refuse.
func (c *client) good(t *testing.T, method string, args m) m {
	t.Helper()
	got := c.do(t, call{Method: method, Args: args})
	require.True(t, got.OK, "%s: %s %v", method, got.Message, got.Data.Metadata.Messages)
	return got.Result
}
