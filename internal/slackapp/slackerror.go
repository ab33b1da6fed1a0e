package slackapp

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"time"

	"github.com/slack-go/slack"

	"github.com/frontdesk-hq/frontdesk/internal/approval"
)

// errNoContent is of an answer that reports no error and lacks what it should
// give. slack-go takes an answer that is neither ok nor an error for a success.
var errNoContent = errors.New("Slack's answer is empty") //nolint:staticcheck // Slack is a name

// slackError says what an error of a call to Slack means: an
// *approval.PassingError if trying again may help, else an error that says
// what an operator can do.
func slackError(err error) error {
	if err == nil {
		return nil
	}
	if limited, ok := errors.AsType[*slack.RateLimitedError](err); ok {
		return &approval.PassingError{RetryAfter: max(limited.RetryAfter, time.Second), Err: err}
	}
	switch status, _ := errors.AsType[slack.StatusCodeError](err); {
	case status.Code == http.StatusTooManyRequests: // without a time to wait
		return &approval.PassingError{RetryAfter: time.Second, Err: err}
	case status.Code == http.StatusRequestTimeout:
	case status.Code > 0 && status.Code < http.StatusInternalServerError:
		return fmt.Errorf("Slack refused the call with HTTP status %d", status.Code) //nolint:staticcheck // Slack is a name
	}
	if answered, ok := errors.AsType[slack.SlackErrorResponse](err); ok {
		return answeredError(answered)
	}
	// No answer, or one that cannot be read: it may have been done.
	return &approval.PassingError{Ambiguous: true, Err: err}
}

// ErrNobody says that Slack knows no such person or user group.
var ErrNobody = errors.New("no such person or user group in Slack")

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
	if slices.Contains([]string{"user_not_found", "users_not_found", "no_such_subteam", "subteam_not_found"}, err.Err) {
		return fmt.Errorf("%w: %w", ErrNobody, err)
	}
	if hint, ok := remedy(err); ok {
		return fmt.Errorf("%w: %s", err, hint)
	}
	if details := err.ResponseMetadata.Messages; len(details) > 0 {
		return fmt.Errorf("%w %v", err, details)
	}
	return err
}

// remedy tells an operator what to do about an error code.
func remedy(err slack.SlackErrorResponse) (string, bool) {
	switch err.Err {
	case "channel_not_found", "not_in_channel":
		return "invite the app to the channel SLACK_CHANNEL_ID (/invite in the channel), or correct the id", true
	case "is_archived", "is_inactive":
		return "the channel is archived; unarchive it or name another in SLACK_CHANNEL_ID", true
	case "invalid_auth", "not_authed", "account_inactive", "token_revoked", "token_expired":
		return "SLACK_BOT_TOKEN is not accepted; install the app again and give the new token", true
	case "missing_scope":
		lacks := "a scope"
		if err.Needed != "" {
			lacks = "the scope " + err.Needed
		}
		return "the app lacks " + lacks + "; add it in the app's settings and install the app again", true
	}
	return "", false
}
