// Package practiceslack is a practice Slack workspace: an independent
// implementation of the part of Slack's Web API, interactivity, events and
// OAuth that an app uses which posts Block Kit messages, opens modals and signs
// people in. People work in it through a page in the browser, and end-to-end
// tests through a small API of their own. It imports the standard library and
// gorilla/websocket, and nothing of this repository.
//
// What it models, what it does not, and how to try your own app against it
// stands in docs/practice-slack.md. In short:
//
//	ws := practiceslack.New(practiceslack.Options{})
//	server := httptest.NewServer(ws.Handler())
//	ws.SetBaseURL(server.URL)
//	alice := ws.AddUser(practiceslack.Person{ID: "U1", Name: "alice"})
//	ws.AddChannel(practiceslack.ChannelInfo{ID: "C1", Members: []string{"U1"}})
//	ws.SetRequestURL(yourApp.URL) // which calls server.URL + "/api/" with ws.BotToken()
//
//	msg := ws.Channel("C1").ExpectMessage(t, practiceslack.Contains("asks for access"))
//	msg.Button("Approve").Click(ctx, alice)
//	msg.ExpectUpdate(t, practiceslack.Contains("Approved"))
//
// # What it promises
//
// It is strict. What Slack would refuse is refused, with Slack's error code,
// and for Block Kit with a response_metadata message that names the place by
// JSON pointer. Where Slack's documentation leaves a choice open, the stricter
// reading is taken. An app that works here has kept Slack's limits; an app that
// Slack would refuse does not work here either. A block, element, method or
// argument that is not modelled is refused, never accepted unseen.
//
// All state is behind one mutex, deliveries happen outside of it. Goroutines are
// started for the connections of Socket Mode only, and Close waits for their
// end. Memory is bounded: each channel, each person's ephemeral messages,
// each record and the events that wait for a retry keep only the newest entries.
// Tokens and secrets are not recorded.
package practiceslack
