package practiceslack

// botScopes are those that Slack grants to a bot. incoming-webhook is left out:
// what it gives is not modelled.
func botScopes() []string {
	return append(sharedScopes(),
		"app_mentions:read", "assistant:write", "channels:join", "channels:manage", "chat:write.customize",
		"chat:write.public", "commands", "conversations.connect:manage", "conversations.connect:read",
		"conversations.connect:write", "im:write.topic", "metadata.message:read", "mpim:write.topic", "workflow.steps:execute",
	)
}

// userScopes are those that Slack grants to a person's token. The scopes of
// Sign in with Slack are not among them: they are asked for on their own.
func userScopes() []string {
	return append(sharedScopes(),
		"channels:write", "dnd:write", "files:read", "identify", "reminders:read", "reminders:write", "search:read",
		"stars:read", "stars:write", "users.profile:write",
	)
}

func signInScopes() []string { return []string{"openid", "email", "profile"} }

func sharedScopes() []string {
	return []string{
		"bookmarks:read", "bookmarks:write", "calls:read", "calls:write", "canvases:read", "canvases:write",
		"channels:history", "channels:read", "channels:write.invites", "channels:write.topic", "chat:write", "dnd:read",
		"emoji:read", "files:read", "files:write", "groups:history", "groups:read", "groups:write", "groups:write.invites",
		"groups:write.topic", "im:history", "im:read", "im:write", "links.embed:write", "links:read", "links:write",
		"lists:read", "lists:write", "mpim:history", "mpim:read", "mpim:write", "pins:read", "pins:write",
		"reactions:read", "reactions:write", "remote_files:read", "remote_files:share", "remote_files:write",
		"team.billing:read", "team.preferences:read", "team:read", "usergroups:read", "usergroups:write",
		"users.profile:read", "users:read", "users:read.email", "users:write",
	}
}
