// Package render turns what the domain says into what Slack shows: messages,
// modals, the answer to an options load, and the sentences that one person is
// told.
//
// It may import the standard library, internal/approval and the types of
// slack-go. It does no I/O and knows no clock: the same input gives the same
// output, so that a message can be compared with the one that was sent before.
//
// It promises: whatever the input is, the result keeps Slack's limits; text
// from outside is bounded and marked when cut, and in mrkdwn it is escaped, so
// that it can mention nobody and link nowhere; the ids in ids.go never change,
// so that the buttons of old messages keep working.
package render
