package app_test

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/frontdesk-hq/frontdesk/internal/config"
	"github.com/frontdesk-hq/frontdesk/internal/sandbox"
	"github.com/frontdesk-hq/frontdesk/internal/sandbox/practiceconveyor"
	"github.com/frontdesk-hq/frontdesk/pkg/practiceslack"
)

// withoutWebhook leaves finding requests to polls.
func withoutWebhook(o *sandbox.Options) {
	o.Configure = func(c *config.Config) { c.ConveyorWebhookSecret = "" }
}

const queue = "/exchange/authorization_request_queue"

func TestRequestsArePolledAtStartAndAtEachInterval(t *testing.T) {
	t.Parallel()
	onEachWay(t, func(on onStore) {
		t, start := on.t, on.start
		w := start(withoutWebhook)
		w.asks("first@northwind.example", "")
		w.channel.ExpectMessage(t, contains("first@northwind.example"))
		w.asks("second@northwind.example", "")
		w.channel.ExpectMessage(t, contains("second@northwind.example"))
	})
}

func TestARequestIsPostedOnceAfterARestartAndASecondWebhook(t *testing.T) {
	t.Parallel()
	onEachWay(t, func(on onStore) {
		t, start := on.t, on.start
		w := start()
		id, msg := w.requestFrom("grace@northwind.example")
		for range 2 {
			delivery, err := w.Room.SendWebhook(t.Context(), id)
			require.NoError(t, err)
			require.Equal(t, http.StatusNoContent, delivery.Status)
		}
		require.NoError(t, w.StopFrontdesk(t.Context()))
		require.NoError(t, w.StartFrontdesk(t.Context()))
		require.Equal(t, http.StatusOK, w.pollNow())
		require.Equal(t, 1, w.posts())

		// The menus of a message from before the restart work.
		require.NoError(t, msg.Button("Approve").Click(t.Context(), w.ada).Err())
		msg.ExpectUpdate(t, contains("pproved by <@"+sandbox.Ada+">"))
	})
}

func TestOverlappingPollsPostOnce(t *testing.T) {
	t.Parallel()
	onEachWay(t, func(on onStore) {
		t, start := on.t, on.start
		w := start(withoutWebhook)
		w.asks("grace@northwind.example", "")
		done := make(chan int, 8)
		for range cap(done) {
			go func() { done <- w.pollNow() }()
		}
		for range cap(done) {
			require.Equal(t, http.StatusOK, <-done)
		}
		w.channel.ExpectMessage(t, contains("grace@northwind.example"))
		require.Equal(t, 1, w.channel.Count(contains("grace@northwind.example")))
	})
}

func TestAPostWhoseAnswerIsLostIsFoundAndNotRepeated(t *testing.T) {
	t.Parallel()
	onEachWay(t, func(on onStore) {
		t, start := on.t, on.start
		w := start()
		w.Slack.Fault(practiceslack.Fault{Method: "chat.postMessage", Kind: practiceslack.LostAnswer})
		id, msg := w.requestFrom("grace@northwind.example")
		require.NoError(t, msg.Button("Approve").Click(t.Context(), w.ada).Err())
		msg.ExpectUpdate(t, contains("pproved by <@"+sandbox.Ada+">"))
		require.Equal(t, 1, w.posts())
		require.Equal(t, practiceconveyor.RequestApproved, w.inRoom(id).Status)
	})
}

func TestAPostThatNeverArrivedIsMadeAgain(t *testing.T) {
	t.Parallel()
	onEachWay(t, func(on onStore) {
		t, start := on.t, on.start
		w := start()
		w.Slack.Fault(practiceslack.Fault{Method: "chat.postMessage", Kind: practiceslack.DropBefore})
		w.requestFrom("grace@northwind.example")
		require.Equal(t, 1, w.channel.Count(contains("grace@northwind.example")))
	})
}

func TestAQuietPollCostsOneCallAPageAndReadsNoGroups(t *testing.T) {
	t.Parallel()
	onEachWay(t, func(on onStore) {
		t, start := on.t, on.start
		w := start(func(o *sandbox.Options) {
			o.Configure = func(c *config.Config) { c.ConveyorWebhookSecret = "" }
		})
		w.requestFrom("grace@northwind.example")
		require.NoError(t, w.StopFrontdesk(t.Context()))
		w.Room.ForgetCalls()
		require.NoError(t, w.StartFrontdesk(t.Context()))
		require.Equal(t, http.StatusOK, w.pollNow())
		polls := w.Room.CallsTo(http.MethodGet, queue)
		require.GreaterOrEqual(t, polls, 1)
		require.Len(t, w.Room.Calls(), polls, "a quiet poll makes no other call")
	})
}

func TestEveryPageOfTheQueueIsRead(t *testing.T) {
	t.Parallel()
	onEachWay(t, func(on onStore) {
		t, start := on.t, on.start
		w := start(withoutWebhook, func(o *sandbox.Options) {
			o.Configure = func(c *config.Config) {
				c.ConveyorWebhookSecret = ""
				c.ConveyorPollInterval = c.ConveyorPatience
			}
		})
		require.Eventually(t, func() bool { return w.Room.CallsTo(http.MethodGet, queue) > 0 }, 10*time.Second, time.Millisecond)
		w.poll() // the one at start is over when this one is
		for i := range 201 {
			w.asks(fmt.Sprintf("customer%d@example.net", i), "")
		}
		w.Room.ForgetCalls()
		found := w.poll()
		require.Equal(t, 201, found.Open)
		require.Equal(t, 3, w.Room.CallsTo(http.MethodGet, queue))
		require.Equal(t, 1, w.Room.CallsTo(http.MethodGet, "/exchange/access_groups"))
		require.Equal(t, 0, w.poll().New)
	})
}

func TestAGroupThatWasAddedIsOfferedAndAChoiceThatWasMadeStays(t *testing.T) {
	t.Parallel()
	onEachWay(t, func(on onStore) {
		t, start := on.t, on.start
		w := start()
		id, old := w.requestFrom("grace@northwind.example")
		require.NoError(t, old.Select("groups").Choose(t.Context(), w.ada, "Financials").Err())
		w.Room.AddGroup("Brand new group")
		_, fresh := w.requestFrom("alan@contoso.example")
		require.Contains(t, optionTexts(fresh.Select("groups").Options(w.ada)), "Brand new group")

		// The menu is live on the older message too, and keeps the choice.
		old.ExpectUpdate(t, practiceslack.Where("offers the new group", func(m practiceslack.Message) bool {
			return strings.Contains(string(m.Blocks), "Brand new group")
		}))
		require.Equal(t, []string{"Financials"}, old.Select("groups").Chosen(w.ada))
		require.NoError(t, old.Button("Approve").Click(t.Context(), w.ada).Err())
		old.ExpectUpdate(t, contains("pproved by <@"+sandbox.Ada+">"), contains("Financials"))
		require.Equal(t, practiceconveyor.RequestApproved, w.inRoom(id).Status)
	})
}

func optionTexts(options []practiceslack.Option) []string {
	texts := make([]string, len(options))
	for i, o := range options {
		texts[i] = o.Text
	}
	return texts
}

// TestGroupsThatCannotBeReadAreNotNone: the message does not say that the room
// has no groups, the operator hears of it, and the menu comes with the groups.
func TestGroupsThatCannotBeReadAreNotNone(t *testing.T) {
	t.Parallel()
	onEachWay(t, func(on onStore) {
		t, start := on.t, on.start
		w := start(withoutWebhook)
		w.Room.Fault(practiceconveyor.Fault{PathPrefix: "/exchange/access_groups", Kind: practiceconveyor.Status(500, 0)})
		_, msg := w.requestFrom("grace@northwind.example")
		require.Contains(t, msg.Text(), "did not say yet which access groups there are")
		w.expectLog("access groups")
		w.Room.ClearFaults()
		msg.ExpectUpdate(t, contains("None chosen means standard access"))
		require.Len(t, msg.Select("groups").Options(w.ada), 4)
	})
}

func TestWebhookDoor(t *testing.T) {
	t.Parallel()
	onEachWay(t, func(on onStore) {
		t, start := on.t, on.start
		w := start()
		for _, shape := range []practiceconveyor.WebhookShape{
			practiceconveyor.ShapeEnvelope, practiceconveyor.ShapeEventEnvelope, practiceconveyor.ShapeFlat,
		} {
			for _, standard := range []bool{false, true} {
				require.NoError(t, w.Room.SetWebhook(practiceconveyor.Webhook{
					URL: w.FrontdeskURL() + "/conveyor/webhook", Secret: sandbox.WebhookSecret, Shape: shape, StandardHeaders: standard,
				}))
				id := w.asks(fmt.Sprintf("shape%d%t@example.net", shape, standard), "")
				delivery, err := w.Room.SendWebhook(t.Context(), id)
				require.NoError(t, err)
				require.Equal(t, http.StatusNoContent, delivery.Status)
				w.channel.ExpectMessage(t, contains(fmt.Sprintf("shape%d%t@example.net", shape, standard)))
			}
		}
	})
}

func TestAWebhookWithAWrongSignatureIsRefused(t *testing.T) {
	t.Parallel()
	onEachWay(t, func(on onStore) {
		t, start := on.t, on.start
		w := start()
		id, _ := w.requestFrom("grace@northwind.example")
		require.NoError(t, w.Room.SetWebhook(practiceconveyor.Webhook{
			URL:    w.FrontdeskURL() + "/conveyor/webhook",
			Secret: "whsec_" + base64.StdEncoding.EncodeToString([]byte("another secret")),
		}))
		delivery, err := w.Room.SendWebhook(t.Context(), id)
		require.NoError(t, err)
		require.Equal(t, http.StatusUnauthorized, delivery.Status)
	})
}

func TestClosedDoorsAnswer404(t *testing.T) {
	t.Parallel()
	onEachWay(t, func(on onStore) {
		t, start := on.t, on.start
		w := start(func(o *sandbox.Options) {
			o.Configure = func(c *config.Config) { c.ConveyorWebhookSecret, c.FrontdeskAPIToken = "", "" }
		})
		for _, door := range []string{"/conveyor/webhook", "/conveyor/poll"} {
			status, _ := w.post(door, nil, []byte("{}"))
			require.Equal(t, http.StatusNotFound, status, door)
		}
	})
}

func TestPollDoorWantsTheToken(t *testing.T) {
	t.Parallel()
	onEachWay(t, func(on onStore) {
		t, start := on.t, on.start
		w := start()
		for _, given := range []string{"", "Bearer", "Bearer wrong", sandbox.OperatorToken} {
			status, _ := w.post("/conveyor/poll", http.Header{"Authorization": {given}}, nil)
			require.Equal(t, http.StatusUnauthorized, status, given)
		}
		require.Zero(t, w.poll().Open)
	})
}

// foundJSON is what the poll door answers.
type foundJSON struct {
	Open, New, Closed, Reopened int
	Alarm                       bool
}

// poll makes Frontdesk poll by the operators' door and gives what it found.
func (w *world) poll() foundJSON {
	w.t.Helper()
	status, body := w.post("/conveyor/poll", http.Header{"Authorization": {"Bearer " + sandbox.OperatorToken}}, nil)
	require.Equal(w.t, http.StatusOK, status, string(body))
	var found foundJSON
	require.NoError(w.t, json.Unmarshal(body, &found))
	return found
}

// post sends a body to one of Frontdesk's doors.
func (w *world) post(path string, header http.Header, body []byte) (int, []byte) {
	w.t.Helper()
	return w.postTo(w.FrontdeskURL()+path, header, body)
}

// postTo sends a body to an address.
func (w *world) postTo(address string, header http.Header, body []byte) (int, []byte) {
	w.t.Helper()
	req, err := http.NewRequestWithContext(w.t.Context(), http.MethodPost, address, bytes.NewReader(body))
	require.NoError(w.t, err)
	maps.Copy(req.Header, header)
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	res, err := client.Do(req)
	require.NoError(w.t, err)
	defer func() { _ = res.Body.Close() }()
	answer, err := io.ReadAll(res.Body)
	require.NoError(w.t, err)
	return res.StatusCode, answer
}

// TestAReplayedWebhookCostsConveyorNothing: whoever saw one webhook could
// otherwise spend the rate limit that polls need.
func TestAReplayedWebhookCostsConveyorNothing(t *testing.T) {
	t.Parallel()
	onBothStores(t, func(on onStore) {
		t, start := on.t, on.start
		w := start(func(o *sandbox.Options) {
			o.Configure = func(c *config.Config) { c.ConveyorPollInterval = c.ConveyorPatience }
		})
		id, _ := w.requestFrom("grace@northwind.example")
		header, body := w.webhook(id)
		w.Room.ForgetCalls()
		for range 50 {
			status, _ := w.post("/conveyor/webhook", header, body)
			require.Equal(t, http.StatusNoContent, status)
		}
		require.LessOrEqual(t, len(w.Room.Calls()), 1)

		// One that could not be taken in is taken in when it comes again.
		other := w.asks("alan@contoso.example", "")
		w.channel.ExpectMessage(t, contains("alan@contoso.example"))
		w.Room.Fault(practiceconveyor.Fault{Kind: practiceconveyor.Status(503, 0), Times: 1})
		header, body = w.webhook(other)
		status, _ := w.post("/conveyor/webhook", header, body)
		require.Equal(t, http.StatusServiceUnavailable, status)
		w.Room.ForgetCalls()
		status, _ = w.post("/conveyor/webhook", header, body)
		require.Equal(t, http.StatusNoContent, status)
		require.Len(t, w.Room.Calls(), 1)
	})
}

// webhook gives a genuine webhook of a request, signed as Conveyor signs.
func (w *world) webhook(id string) (http.Header, []byte) {
	w.t.Helper()
	key, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(sandbox.WebhookSecret, "whsec_"))
	require.NoError(w.t, err)
	body := []byte(`{"type":"access.requested","data":{"id":"` + id + `"}}`)
	stamp := strconv.FormatInt(clock().Unix(), 10)
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte("msg_1." + stamp + "."))
	mac.Write(body)
	return http.Header{
		"Svix-Id": {"msg_1"}, "Svix-Timestamp": {stamp},
		"Svix-Signature": {"v1," + base64.StdEncoding.EncodeToString(mac.Sum(nil))},
	}, body
}
