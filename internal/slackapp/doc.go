// Package slackapp is everything that people see and touch in Slack: it draws
// requests (package render below it, which is pure), sends and rewrites
// messages, knows who somebody is, and takes in what Slack sends.
//
// It may import the domain, the keyring, trail, tracing and slack-go, and nothing
// of the store, the job queue or a connector. It promises: nothing unverified is
// acted on; every answer to Slack leaves within its 3 seconds; a decision is
// answered as taken only when it is durable; a post whose answer was lost is
// reported as such; no token follows a redirect.
package slackapp
