package app_test

import (
	"fmt"
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

const authorizations = "/exchange/authorizations"

func TestARefusalMakesTheRequestPendingAgain(t *testing.T) {
	t.Parallel()
	for code, says := range map[int]string{401: "key", 403: "does not let you", 404: "find", 409: "already", 422: "does not accept"} {
		t.Run(strconv.Itoa(code), func(t *testing.T) {
			t.Parallel()
			onEachWay(t, func(on onStore) {
				t, start := on.t, on.start
				w := start()
				id, msg := w.requestFrom("grace@northwind.example")
				w.Room.Fault(practiceconveyor.Fault{
					Method: http.MethodPost, PathPrefix: authorizations, Kind: practiceconveyor.Status(code, 0), Times: 1,
				})
				require.NoError(t, msg.Button("Approve").Click(t.Context(), w.ada).Err())
				w.ada.ExpectEphemeral(t, contains("grace@northwind.example"), contains(says))
				msg.ExpectUpdate(t, practiceslack.Lacks("pproving"), contains("None chosen"))
				require.True(t, msg.HasButton("Approve"))
				require.Equal(t, practiceconveyor.RequestRequested, w.inRoom(id).Status)
				w.expectLog("a decision could not be carried out; the request is pending again")

				// And it can be decided after that.
				require.NoError(t, msg.Button("Approve").Click(t.Context(), w.ben).Err())
				msg.ExpectUpdate(t, contains("pproved by <@"+sandbox.Ben+">"))
			})
		})
	}
}

func TestAReviewerWhomConveyorDoesNotKnowIsTold(t *testing.T) {
	t.Parallel()
	onEachWay(t, func(on onStore) {
		t, start := on.t, on.start
		w := start()
		w.Room.SetReviewerEmails("ben@vendor.example")
		id, msg := w.requestFrom("grace@northwind.example")
		require.NoError(t, msg.Button("Reject").Click(t.Context(), w.ada).Err())
		require.True(t, w.ada.ExpectModal(t, rejectTitle).Fill("reason", "no").Submit(t.Context()).Closed)
		w.ada.ExpectEphemeral(t, contains("does not let you"))
		require.Equal(t, practiceconveyor.RequestRequested, w.inRoom(id).Status)
		require.NotContains(t, msg.Text(), "ejected")
	})
}

func TestADeadKeyIsToldApartAndShownInReadiness(t *testing.T) {
	t.Parallel()
	onEachWay(t, func(on onStore) {
		t, start := on.t, on.start
		w := start(func(o *sandbox.Options) {
			o.Configure = func(c *config.Config) { c.ConveyorPollInterval = c.ConveyorPatience }
		})
		_, msg := w.requestFrom("grace@northwind.example")
		status, _ := w.get("/readyz")
		require.Equal(t, http.StatusOK, status)
		w.Room.SetKeyDead(true)
		require.NoError(t, msg.Button("Approve").Click(t.Context(), w.ada).Err())
		w.ada.ExpectEphemeral(t, contains("key"))
		status, body := w.get("/readyz")
		require.Equal(t, http.StatusServiceUnavailable, status)
		require.Contains(t, body, `"conveyor":"Conveyor does not accept the key`)
		require.Contains(t, body, `"store":"ok"`)
	})
}

func TestPassingTroubleIsRetriedAndSaid(t *testing.T) {
	t.Parallel()
	for name, kind := range map[string]practiceconveyor.Kind{
		"429": practiceconveyor.Status(429, 0), "500": practiceconveyor.Status(500, 0), "503": practiceconveyor.Status(503, 0),
		"HTML": practiceconveyor.HTML(), "cut": practiceconveyor.DropBefore(),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			onEachWay(t, func(on onStore) {
				t, start := on.t, on.start
				w := start()
				_, msg := w.requestFrom("grace@northwind.example")
				w.Room.Fault(practiceconveyor.Fault{Method: http.MethodPost, PathPrefix: authorizations, Kind: kind})
				require.NoError(t, msg.Button("Approve").Click(t.Context(), w.ada).Err())
				msg.ExpectUpdate(t, contains("Conveyor is not answering"), contains("<@"+sandbox.Ada+">"))
				require.False(t, msg.HasControls())
				w.Room.ClearFaults()
				msg.ExpectUpdate(t, contains("pproved by <@"+sandbox.Ada+">"), practiceslack.Lacks("not answering"))
				require.Len(t, w.Room.Authorizations(), 1)
			})
		})
	}
}

func TestAfterALostAnswerNothingIsSentTwice(t *testing.T) {
	t.Parallel()
	onEachWay(t, func(on onStore) {
		t, start := on.t, on.start
		w := start()
		_, msg := w.requestFrom("grace@northwind.example")
		require.NoError(t, msg.Select("groups").Choose(t.Context(), w.ada, "Financials").Err())
		w.Room.Fault(practiceconveyor.Fault{
			Method: http.MethodPost, PathPrefix: authorizations, Kind: practiceconveyor.LostAnswer(), Times: 1,
		})
		require.NoError(t, msg.Button("Approve").Click(t.Context(), w.ada).Err())
		msg.ExpectUpdate(t, contains("pproved by <@"+sandbox.Ada+">"), contains("Financials"))
		require.Equal(t, 1, w.Room.CallsTo(http.MethodPost, authorizations))
	})
}

func TestAfterALostAnswerAnotherPersonsApprovalIsNotTakenForOurs(t *testing.T) {
	t.Parallel()
	onEachWay(t, func(on onStore) {
		t, start := on.t, on.start
		w := start()
		id, msg := w.requestFrom("grace@northwind.example")
		require.NoError(t, msg.Select("groups").Choose(t.Context(), w.ada, "Financials").Err())
		w.Room.Fault(practiceconveyor.Fault{Method: http.MethodPost, PathPrefix: authorizations, Kind: practiceconveyor.DropBefore()})
		require.NoError(t, msg.Button("Approve").Click(t.Context(), w.ada).Err())
		msg.ExpectUpdate(t, contains("not answering"))
		require.NoError(t, w.Room.DecideElsewhere(id, practiceconveyor.Approve, w.groupID("Product roadmap")))
		w.Room.ClearFaults()
		msg.ExpectUpdate(t, contains("handled in Conveyor"), contains("by whom is not known"), practiceslack.Lacks("pproved by <@"))
	})
}

// TestWhatWasSurelyNotSentIsNotTakenForOurs: Conveyor refused our call with a
// 429, so an approval that looks just like ours is somebody else's.
func TestWhatWasSurelyNotSentIsNotTakenForOurs(t *testing.T) {
	t.Parallel()
	onEachWay(t, func(on onStore) {
		t, start := on.t, on.start
		w := start()
		id, msg := w.requestFrom("grace@northwind.example")
		require.NoError(t, msg.Select("groups").Choose(t.Context(), w.ada, "Financials").Err())
		w.Room.Fault(practiceconveyor.Fault{Method: http.MethodPost, PathPrefix: authorizations, Kind: practiceconveyor.Status(429, 0)})
		require.NoError(t, msg.Button("Approve").Click(t.Context(), w.ada).Err())
		msg.ExpectUpdate(t, contains("not answering"))
		require.NoError(t, w.Room.DecideElsewhere(id, practiceconveyor.Approve, w.groupID("Financials")))
		w.Room.ClearFaults()
		msg.ExpectUpdate(t, contains("handled in Conveyor"), practiceslack.Lacks("pproved by <@"))
	})
}

func TestPatienceRunsOut(t *testing.T) {
	t.Parallel()
	onEachWay(t, func(on onStore) {
		t, start := on.t, on.start
		w := start(func(o *sandbox.Options) {
			o.Configure = func(c *config.Config) { c.ConveyorPatience = time.Second }
		})
		id, msg := w.requestFrom("grace@northwind.example")
		w.Room.Fault(practiceconveyor.Fault{Method: http.MethodPost, PathPrefix: authorizations, Kind: practiceconveyor.Status(503, 0)})
		require.NoError(t, msg.Button("Approve").Click(t.Context(), w.ada).Err())
		w.ada.ExpectEphemeral(t, contains("grace@northwind.example"))
		msg.ExpectUpdate(t, contains("None chosen"))
		require.True(t, msg.HasButton("Approve"))
		require.Equal(t, practiceconveyor.RequestRequested, w.inRoom(id).Status)
	})
}

func TestTwoPeopleTwoClicksOneDecision(t *testing.T) {
	t.Parallel()
	onEachWay(t, func(on onStore) {
		t, start := on.t, on.start
		w := start()
		_, msg := w.requestFrom("grace@northwind.example")
		w.Room.Fault(practiceconveyor.Fault{Method: http.MethodPost, Kind: practiceconveyor.Slow(200 * time.Millisecond), Times: 1})
		clicked := make(chan error, 2)
		for _, who := range []*practiceslack.User{w.ada, w.ben} {
			go func() { clicked <- msg.Button("Approve").Click(t.Context(), who).Err() }()
		}
		require.NoError(t, <-clicked)
		require.NoError(t, <-clicked)
		msg.ExpectUpdate(t, contains("pproved by <@"))
		first, second := sandbox.Ada, w.ben
		if strings.Contains(msg.Text(), sandbox.Ben) {
			first, second = sandbox.Ben, w.ada
		}
		second.ExpectEphemeral(t, contains("<@"+first+">"))
		require.Equal(t, 1, w.Room.CallsTo(http.MethodPost, authorizations))
	})
}

func TestWhoRejectsTooLateReadsItInTheForm(t *testing.T) {
	t.Parallel()
	onEachWay(t, func(on onStore) {
		t, start := on.t, on.start
		w := start()
		id, msg := w.requestFrom("grace@northwind.example")
		require.NoError(t, msg.Button("Reject").Click(t.Context(), w.ben).Err())
		modal := w.ben.ExpectModal(t, rejectTitle)
		require.NoError(t, msg.Button("Approve").Click(t.Context(), w.ada).Err())
		msg.ExpectUpdate(t, contains("pproved by <@"+sandbox.Ada+">"))
		result := modal.Fill("reason", "too late").Submit(t.Context())
		require.True(t, result.Updated)
		require.Contains(t, w.ben.ExpectModal(t, "Already decided").Text(), "<@"+sandbox.Ada+">")
		require.Equal(t, practiceconveyor.RequestApproved, w.inRoom(id).Status)
	})
}

func TestADoubleClickDecidesOnce(t *testing.T) {
	t.Parallel()
	onEachWay(t, func(on onStore) {
		t, start := on.t, on.start
		w := start()
		_, msg := w.requestFrom("grace@northwind.example")
		clicked := make(chan practiceslack.Outcome, 5)
		for range cap(clicked) {
			go func() { clicked <- msg.Button("Approve").Click(t.Context(), w.ada) }()
		}
		for range cap(clicked) {
			<-clicked // a button that is gone by then cannot be clicked
		}
		msg.ExpectUpdate(t, contains("pproved by <@"+sandbox.Ada+">"))
		require.Equal(t, 1, w.Room.CallsTo(http.MethodPost, authorizations))
		w.ada.NoEphemeral(t, contains("grace"))
	})
}

func TestWhatWasHandledInConveyorIsNoticed(t *testing.T) {
	t.Parallel()
	for name, handle := range map[string]func(w *world, id string) error{
		"approved": func(w *world, id string) error { return w.Room.DecideElsewhere(id, practiceconveyor.Approve) },
		"ignored":  func(w *world, id string) error { return w.Room.DecideElsewhere(id, practiceconveyor.Ignore) },
		"gone":     func(w *world, id string) error { w.Room.Remove(id); return nil },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			onEachWay(t, func(on onStore) {
				t, start := on.t, on.start
				w := start()
				id, msg := w.requestFrom("grace@northwind.example")
				require.NoError(t, handle(w, id))
				msg.ExpectUpdate(t, contains("handled in Conveyor"))
				require.False(t, msg.HasControls())
			})
		})
	}
}

func TestAClickOnWhatWasDecidedInConveyorTellsTheTruth(t *testing.T) {
	t.Parallel()
	onEachWay(t, func(on onStore) {
		t, start := on.t, on.start
		w := start(func(o *sandbox.Options) {
			o.Configure = func(c *config.Config) { c.ConveyorPollInterval = c.ConveyorPatience }
		})
		id, msg := w.requestFrom("grace@northwind.example")
		require.NoError(t, w.Room.DecideElsewhere(id, practiceconveyor.Ignore))
		require.NoError(t, msg.Button("Approve").Click(t.Context(), w.ada).Err())
		msg.ExpectUpdate(t, contains("handled in Conveyor"), practiceslack.Lacks("pproved by"))
		w.ada.ExpectEphemeral(t, contains("grace@northwind.example"))
		require.Empty(t, w.Room.Authorizations())
	})
}

func TestWhenMostRequestsVanishAtOnceNothingIsClosed(t *testing.T) {
	t.Parallel()
	onEachWay(t, func(on onStore) {
		t, start := on.t, on.start
		w := start(func(o *sandbox.Options) {
			o.Configure = func(c *config.Config) { c.ConveyorPollInterval = c.ConveyorPatience }
		})
		var handles []*practiceslack.MessageHandle
		for i := range 6 {
			_, msg := w.requestFrom(fmt.Sprintf("customer%d@example.net", i))
			handles = append(handles, msg)
		}
		w.Room.Fault(practiceconveyor.Fault{PathPrefix: queue, Kind: practiceconveyor.EmptyQueue()})
		for range 3 {
			found := w.poll()
			require.True(t, found.Alarm)
			require.Zero(t, found.Closed)
		}
		require.Contains(t, w.log.String(), "most pending requests are missing")
		_, metrics := w.get("/metrics")
		require.Contains(t, metrics, "frontdesk_vanished_alarms_total 3")
		w.Room.ClearFaults()
		require.False(t, w.poll().Alarm)
		for _, msg := range handles {
			require.True(t, msg.HasButton("Approve"))
		}
	})
}

func TestADeletedMessageOfAnOpenRequestComesBack(t *testing.T) {
	t.Parallel()
	onEachWay(t, func(on onStore) {
		t, start := on.t, on.start
		w := start(func(o *sandbox.Options) { o.Timing.Unseen = time.Millisecond })
		id, msg := w.requestFrom("grace@northwind.example")
		require.NoError(t, w.Slack.DeleteMessage(sandbox.ChannelID, msg.TS()))
		// It is looked after at start, and each minute.
		require.NoError(t, w.StopFrontdesk(t.Context()))
		require.NoError(t, w.StartFrontdesk(t.Context()))
		again := w.channel.ExpectMessage(t, contains("grace@northwind.example"))
		require.NotEqual(t, msg.TS(), again.TS())
		require.NoError(t, again.Button("Approve").Click(t.Context(), w.ada).Err())
		again.ExpectUpdate(t, contains("pproved by <@"+sandbox.Ada+">"))
		require.Equal(t, practiceconveyor.RequestApproved, w.inRoom(id).Status)
	})
}

func TestSlackRateLimitIsHonoured(t *testing.T) {
	t.Parallel()
	onEachWay(t, func(on onStore) {
		t, start := on.t, on.start
		w := start()
		_, msg := w.requestFrom("grace@northwind.example")
		w.Slack.Fault(practiceslack.Fault{Method: "chat.update", Kind: practiceslack.RateLimited, RetryAfter: 2 * time.Second})
		require.NoError(t, msg.Button("Approve").Click(t.Context(), w.ada).Err())
		msg.ExpectUpdate(t, contains("pproved by <@"+sandbox.Ada+">"))
		w.expectCalls("chat.update", 2)
		calls := w.Slack.Calls("chat.update")
		require.Len(t, calls, 2, "one refused, one that carries the newest content")
		require.GreaterOrEqual(t, calls[1].Time.Sub(calls[0].Time), 2*time.Second)
	})
}

// TestATimeOutIsLookedInto: Conveyor does the work and answers too late.
func TestATimeOutIsLookedInto(t *testing.T) {
	t.Parallel()
	onEachWay(t, func(on onStore) {
		t, start := on.t, on.start
		w := start()
		_, msg := w.requestFrom("grace@northwind.example")
		w.Room.Fault(practiceconveyor.Fault{
			Method: http.MethodPost, PathPrefix: authorizations, Kind: practiceconveyor.Slow(20 * time.Second), Times: 1,
		})
		require.NoError(t, msg.Button("Approve").Click(t.Context(), w.ada).Err())
		msg.ExpectUpdate(t, contains("pproved by <@"+sandbox.Ada+">"))
		require.Equal(t, 1, w.Room.CallsTo(http.MethodPost, authorizations), "nothing is sent twice")
		require.Len(t, w.Room.Authorizations(), 1)
	})
}
