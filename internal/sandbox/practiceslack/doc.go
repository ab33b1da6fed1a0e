// Package practiceslack is a practice Slack workspace: an independent
// implementation of the part of Slack's Web API and interactivity that an app
// which posts Block Kit messages and opens modals uses. People work in it
// through a page in the browser, and end-to-end tests through a small API of
// their own. It imports the standard library only, and nothing of this
// repository.
//
// # What it promises
//
// It is strict. What Slack would refuse is refused, with Slack's error code,
// and for Block Kit with a response_metadata message that names the place by
// JSON pointer. Where Slack's documentation leaves a choice open, the stricter
// reading is taken. An app that works here has kept Slack's limits; an app that
// Slack would refuse does not work here either.
//
// # What it models
//
//   - Web API: auth.test, chat.postMessage, chat.update, chat.postEphemeral,
//     chat.delete, views.open, views.update, views.push, views.publish,
//     users.info, users.list, users.lookupByEmail, usergroups.list,
//     usergroups.users.list, conversations.info, conversations.history,
//     conversations.replies; scopes, rate limits by method, message metadata,
//     threads, paging.
//   - Block Kit: header, section, context, divider, actions, input, image,
//     rich_text and markdown blocks; buttons, every kind of select menu,
//     overflow, checkboxes, radio buttons, date picker, plain text input.
//   - Interactivity over HTTP: signed block_actions, view_submission,
//     view_closed, block_suggestion and slash commands; three seconds for an
//     answer; triggers that live three seconds and work once; response_url with
//     five uses in thirty minutes; the answers to a view submission.
//   - App Home: a Home tab for each person, with inputs and block_actions in it;
//     the event app_home_opened; the tab switched off by Options.
//   - Events API over HTTP: signed events in their envelope, the url_verification
//     handshake, three retries (at once, a minute after that, five minutes after
//     that) with their number and reason, X-Slack-No-Retry. No answer within
//     three seconds and every answer other than 2xx is a failure. Retries go by
//     the workspace's clock and are made by RetryEvents only.
//   - What stays in a person's client: the choices in a message's menus and the
//     text typed in a modal or a Home tab survive an update exactly while
//     block_id, action_id and the element's type stay the same.
//   - Faults on command: rate limits, server errors, hanging, connections cut
//     before or after the work, messages that are published late.
//
// # What it does not model
//
// Socket Mode, events other than app_home_opened, subscriptions to events (all
// are sent), redirects of an event's address (Slack follows two), Slack's
// switching off of events for an app that fails most of them, delayed events,
// the Messages and About tabs of App Home, OAuth, attachments, files,
// reactions, pins, shortcuts, several apps or workspaces, user tokens, time,
// number, e-mail, URL, file and rich text input elements, video, table and file
// blocks, verification that a user or channel named in mrkdwn exists, input
// blocks in messages, and modals opened while another modal of the app is open
// (views.open then replaces the stack). A block, element or method that is not
// modelled is refused, never accepted unseen.
//
// # Promises to its users
//
// All state is behind one mutex, deliveries happen outside of it, no goroutine
// is started. Memory is bounded: each channel, each person's ephemeral messages,
// each record and the events that wait for a retry keep only the newest entries.
package practiceslack
