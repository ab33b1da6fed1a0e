package slackapp

import (
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/slack-go/slack"

	"github.com/frontdesk-hq/frontdesk/internal/approval"
)

// slackError says what an error of a call to Slack means: an
// *approval.PassingError if trying again may help, else an error that says
// what an operator can do.
func slackError(err error) error {
	if err == nil {
		return nil
	}
	var limited *slack.RateLimitedError
	if errors.As(err, &limited) {
		return &approval.PassingError{RetryAfter: max(limited.RetryAfter, time.Second), Err: err}
	}
	var status slack.StatusCodeError
	if errors.As(err, &status) && status.Code < http.StatusInternalServerError {
		return fmt.Errorf("Slack refused the call with HTTP status %d", status.Code) //nolint:revive,staticcheck // Slack is a name
	}
	var answered slack.SlackErrorResponse
	if errors.As(err, &answered) {
		return answeredError(answered)
	}
	// No answer, or one that cannot be read: it may have been done.
	return &approval.PassingError{Ambiguous: true, Err: err}
}

// answeredError says what one of Slack's error codes means.
func answeredError(err slack.SlackErrorResponse) error {
	switch err.Err {
	case "message_not_found":
		return approval.ErrMessageGone
	case "ratelimited", "rate_limited":
		return &approval.PassingError{RetryAfter: time.Second, Err: err}
	case "internal_error", "fatal_error", "service_unavailable", "request_timeout", "team_added_to_org":
		// Slack documents that a part of the work may have been done.
		return &approval.PassingError{Ambiguous: true, Err: err}
	}
	if hint, ok := remedy(err.Err); ok {
		return fmt.Errorf("%w: %s", err, hint)
	}
	if details := err.ResponseMetadata.Messages; len(details) > 0 {
		return fmt.Errorf("%w %v", err, details)
	}
	return err
}

// remedy tells an operator what to do about an error code.
func remedy(code string) (string, bool) {
	switch code {
	case "channel_not_found", "not_in_channel":
		return "invite the app to the channel SLACK_CHANNEL_ID (/invite in the channel), or correct the id", true
	case "is_archived":
		return "the channel is archived; unarchive it or name another in SLACK_CHANNEL_ID", true
	case "invalid_auth", "not_authed", "account_inactive", "token_revoked", "token_expired":
		return "SLACK_BOT_TOKEN is not accepted; install the app again and give the new token", true
	case "missing_scope":
		return "the app lacks a scope; add it in the app's settings and install the app again", true
	}
	return "", false
}
