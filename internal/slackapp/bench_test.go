package slackapp_test

import (
	"net/http"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// BenchmarkDoorVerify measures what the door does before anything is decided:
// read, verify, parse. The click is a choice in a menu, which decides nothing.
func BenchmarkDoorVerify(b *testing.B) {
	w := newWorld(b)
	chosen := strings.Repeat(`{"type":"section","text":{"type":"mrkdwn","text":"as long as a message of ours"}},`, 30)
	body := func(i int) []byte {
		return form(`{"type":"block_actions","user":{"id":"U0ADA"},"trigger_id":"` + strconv.Itoa(i) + `","message":{"blocks":[` + chosen + `{}]},
			"actions":[{"type":"multi_static_select","action_id":"groups","block_id":"groups:conveyor"}],"state":{"values":{}}}`)
	}
	clicks := make([][]byte, 1000)
	headers := make([]http.Header, len(clicks))
	for i := range clicks {
		clicks[i] = body(i)
		headers[i] = w.ws.Sign(clicks[i], w.clock.Now())
	}
	b.SetBytes(int64(len(clicks[0])))
	i := 0
	for b.Loop() {
		require.Equal(b, http.StatusOK, w.send(headers[i%len(clicks)], clicks[i%len(clicks)]).Code)
		i++
	}
}
