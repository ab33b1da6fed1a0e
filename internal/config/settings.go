package config

import "time"

// Setting declares one setting. Everything that is said of it anywhere comes from here.
type Setting struct {
	Name    string
	Section string
	// Default is used when the setting is absent or empty.
	Default  string
	Required bool
	// Unless names a setting that makes this one not required.
	Unless string
	// With names a setting that has to be set if this one is.
	With string
	// Secret settings can also come from a file and are never printed.
	Secret bool
	// Example is a made-up value; a secret has none.
	Example string
	// Meaning is one or more sentences for the operator.
	Meaning string
	// Remedy says what to do when it is missing or wrong.
	Remedy string

	check check
}

// The sections, in the order of the documents.
const (
	sectionConveyor  = "Conveyor"
	sectionSlack     = "Slack"
	sectionReviewers = "Reviewers"
	sectionService   = "The service itself"
	sectionTraces    = "Traces"
)

// Settings returns the declarations of all settings, in the order of the documents.
func Settings() []Setting {
	return []Setting{
		{
			Name: "CONVEYOR_KEY", Section: sectionConveyor, Required: true, Secret: true,
			Meaning: "The API key of your Conveyor account. It must be allowed to read and to decide access requests.",
			Remedy:  "make an API key in Conveyor's settings and copy it whole",
			check:   token(""),
		},
		{
			Name: "CONVEYOR_API_URL", Section: sectionConveyor, Default: "https://api.conveyor.com/api/v2",
			Meaning: "The base address of Conveyor's API. Accounts of some years ago may need https://api.conveyorhq.com/api/v2.",
			Remedy:  "use https://api.conveyor.com/api/v2 or leave it out",
			check:   webAddress(""),
		},
		{
			Name: "CONVEYOR_APP_URL", Section: sectionConveyor, Example: "https://app.conveyor.com",
			Meaning: "The base of the link to a request that people click. Empty means the link that Conveyor's API gives.",
			Remedy:  "use the address at which your reviewers open Conveyor in a browser, or leave it out",
			check:   webAddress(""),
		},
		{
			Name: "CONVEYOR_POLL_INTERVAL", Section: sectionConveyor, Default: "60s",
			Meaning: "How often Conveyor is asked for new requests, at least 1s. A quiet poll is one call.",
			Remedy:  "write a duration of at least 1s with its unit, such as 60s or 5m",
			check:   durationOf(time.Second),
		},
		{
			Name: "CONVEYOR_PATIENCE", Section: sectionConveyor, Default: "24h",
			Meaning: "How long a decision is tried again while Conveyor does not answer, at least 1m. After that the request goes back to pending and the reviewer is told.",
			Remedy:  "write a duration of at least 1m with its unit, such as 90m or 24h",
			check:   durationOf(time.Minute),
		},
		{
			Name: "CONVEYOR_PARAMS", Section: sectionConveyor, Default: string(ParamsJSON),
			Meaning: "How parameters travel to Conveyor: json (a body, seen to work) or query (as Conveyor documents it).",
			Remedy:  "use json or query",
			check:   oneOf(string(ParamsJSON), string(ParamsQuery)),
		},
		{
			Name: "CONVEYOR_AUTH", Section: sectionConveyor, Default: string(AuthAPIKey),
			Meaning: "In which header the key travels to Conveyor: x-api-key or bearer.",
			Remedy:  "use x-api-key or bearer",
			check:   oneOf(string(AuthAPIKey), string(AuthBearer)),
		},
		{
			Name: "CONVEYOR_WEBHOOK_SECRET", Section: sectionConveyor, Secret: true,
			Meaning: "The signing secret of the webhook that Conveyor sends to /conveyor/webhook. Empty means that this address answers 404; polling goes on in any case.",
			Remedy:  "copy the signing secret that begins with whsec_ from the webhook's page",
			check:   webhookSecret,
		},
		{
			Name: "SLACK_BOT_TOKEN", Section: sectionSlack, Required: true, Secret: true,
			Meaning: "The bot token of the Slack app; it begins with xoxb-.",
			Remedy:  "install the app to the workspace and copy the Bot User OAuth Token from its page OAuth & Permissions",
			check:   token("xoxb-"),
		},
		{
			Name: "SLACK_SIGNING_SECRET", Section: sectionSlack, Required: true, Unless: "SLACK_APP_TOKEN", Secret: true,
			Meaning: "The signing secret of the Slack app, by which Frontdesk knows that a call comes from Slack.",
			Remedy:  "copy the Signing Secret from the app's page Basic Information, or set SLACK_APP_TOKEN for Socket Mode",
			check:   token(""),
		},
		{
			Name: "SLACK_CHANNEL_ID", Section: sectionSlack, Required: true, Example: "C0123456789",
			Meaning: "The channel where requests are posted, by its id. The app must be a member of it.",
			Remedy:  "open the channel's details in Slack and copy the Channel ID at the end; it begins with C, G or D",
			check:   matching(`^[CGD][A-Z0-9]+$`, "is no channel id"),
		},
		{
			Name: "SLACK_APP_TOKEN", Section: sectionSlack, Secret: true,
			Meaning: "The app-level token with the scope connections:write; it begins with xapp-. With it Frontdesk takes everything over Socket Mode, and Slack needs no address of it.",
			Remedy:  "make an App-Level Token on the app's page Basic Information, or unset SLACK_APP_TOKEN and give Slack the request address",
			check:   token("xapp-"),
		},
		{
			Name: "SLACK_API_URL", Section: sectionSlack, Default: "https://slack.com/api/",
			Meaning: "The base address of Slack's API. Change it only for tests or for a proxy.",
			Remedy:  "use https://slack.com/api/ or leave it out",
			check:   webAddress("/"),
		},
		{
			Name: "SLACK_POSTS_PER_MINUTE", Section: sectionSlack, Default: "60",
			Meaning: "How many new messages a minute Slack takes in one channel, for all replicas together. 0 posts as fast as they come.",
			Remedy:  "use a whole number from 0 to 100000, or leave it out",
			check:   wholeNumber,
		},
		{
			Name: "SLACK_UPDATES_PER_MINUTE", Section: sectionSlack, Default: "50",
			Meaning: "How many messages a minute may be rewritten (chat.update), for all replicas together; 20 at once are always let through. Slack grants 50 and more. 0 rewrites as fast as they come.",
			Remedy:  "use a whole number from 0 to 100000, or leave it out",
			check:   wholeNumber,
		},
		{
			Name: "SLACK_FLOOD_LIMIT", Section: sectionSlack, Default: "100",
			Meaning: "How many new requests may wait to be posted one by one. When more come at once, the rest waits behind one overview message, from which each can be opened. 0 posts every one.",
			Remedy:  "use a whole number from 0 to 100000, or leave it out",
			check:   wholeNumber,
		},
		{
			Name: "REVIEWERS", Section: sectionReviewers, Example: "U0123456789, S0123456789, ann@example.com",
			Meaning: "Who may approve and reject: Slack user ids (U… or W…), user group ids (S…) and e-mail addresses, with commas or blanks between them. Empty means every full member of the workspace who sees the channel, and a warning at each start says so; * means the same on purpose, without the warning.",
			Remedy:  "list Slack user ids, user group ids and e-mail addresses with commas between them, or * alone",
			check:   reviewers,
		},
		{
			Name: "PORT", Section: sectionService, Default: "8080",
			Meaning: "The port that Frontdesk listens on. 0 takes any free one.",
			Remedy:  "use a number such as 8080",
			check:   portNumber,
		},
		{
			Name: "FRONTDESK_URL", Section: sectionService, Example: "https://frontdesk.example.com",
			Meaning: "The public address of this service, for links to it.",
			Remedy:  "use the address at which Slack reaches this service, such as https://frontdesk.example.com",
			check:   webAddress(""),
		},
		{
			Name: "TLS_CERT_FILE", Section: sectionService, With: "TLS_KEY_FILE", Example: "/etc/frontdesk/tls.crt",
			Meaning: "The file with the certificate that Frontdesk shows, and those between it and its issuer, as PEM. Set with TLS_KEY_FILE, Frontdesk speaks HTTPS only, TLS 1.2 or newer. Both files are looked at each minute, and taken up when they are renewed.",
			Remedy:  "give the path of a PEM file, together with TLS_KEY_FILE, or leave both out",
			check:   filePath,
		},
		{
			Name: "TLS_KEY_FILE", Section: sectionService, With: "TLS_CERT_FILE", Example: "/etc/frontdesk/tls.key",
			Meaning: "The file with the key of that certificate, as PEM, without a password.",
			Remedy:  "give the path of a PEM file, together with TLS_CERT_FILE, or leave both out",
			check:   filePath,
		},
		{
			Name: "TRUSTED_PROXIES", Section: sectionService, Example: "10.0.0.0/8, 192.0.2.10",
			Meaning: "The networks or addresses of the proxies before Frontdesk, with commas or blanks between them. Only what comes from them is believed when it names the client in X-Forwarded-For. The client's address is used for rate limits and in the log, and never to let anybody in.",
			Remedy:  "list networks such as 10.0.0.0/8 or addresses such as 192.0.2.10, with commas between them",
			check:   networks,
		},
		{
			Name: "FRONTDESK_API_TOKEN", Section: sectionService, Secret: true,
			Meaning: "The bearer token for POST /conveyor/poll and the other doors for operators, at least 16 characters. Empty means that they answer 404.",
			Remedy:  "make one of at least 16 characters without blanks, for example with: openssl rand -hex 32",
			check:   longToken(16),
		},
		{
			Name: "DATABASE_URL", Section: sectionService, Default: "sqlite:frontdesk.db", Secret: true,
			Meaning: "Where everything is kept: sqlite: and a path for one file and one process, or a postgres:// address, which may hold user and password, for several processes that share the work.",
			Remedy:  "use sqlite: and a path, such as sqlite:/var/lib/frontdesk/frontdesk.db, or a whole address that begins with postgres://",
			check:   database,
		},
		{
			Name: "RETENTION_DAYS", Section: sectionService, Default: "0",
			Meaning: "For how many days a decided request is kept, with who decided what, when and why. Then it is removed whole. 0 keeps all for ever.",
			Remedy:  "use a whole number from 0 to 100000, or leave it out",
			check:   wholeNumber,
		},
		{
			Name: "LOG_LEVEL", Section: sectionService, Default: "info",
			Meaning: "How much is logged: debug, info, warn or error.",
			Remedy:  "use debug, info, warn or error",
			check:   oneOf("debug", "info", "warn", "error"),
		},
		{
			Name: "LOG_FORMAT", Section: sectionService, Default: string(LogText),
			Meaning: "How log lines look: text for people, json for machines.",
			Remedy:  "use text or json",
			check:   oneOf(string(LogText), string(LogJSON)),
		},
		{
			Name: "FRONTDESK_DEBUG_ADDR", Section: sectionService, Example: "127.0.0.1:6060",
			Meaning: "An address of this machine for Go's profiles (/debug/pprof), which show what is in memory. Empty means that there are none; the port of PORT never has them.",
			Remedy:  "use an address that only this machine reaches, such as 127.0.0.1:6060 or [::1]:6060, or leave it out",
			check:   loopback,
		},
		{
			Name: "OTEL_EXPORTER_OTLP_ENDPOINT", Section: sectionTraces, Example: "http://localhost:4318",
			Meaning: "The base address of an OpenTelemetry collector that takes OTLP over HTTP; traces go to /v1/traces below it. Empty means that there are none. Of OpenTelemetry's own variables, those on this page are honoured.",
			Remedy:  "use the collector's address for OTLP over HTTP, such as http://localhost:4318, or leave it out",
			check:   webAddress(""),
		},
		{
			Name: "OTEL_EXPORTER_OTLP_HEADERS", Section: sectionTraces, Secret: true,
			Meaning: "Headers for the collector as name=value, with commas between them, for example a key. Commas and blanks in a value are written as %2C and %20.",
			Remedy:  "write name=value with commas between them, as the collector's operator says",
			check:   pairs(true),
		},
		{
			Name: "OTEL_SERVICE_NAME", Section: sectionTraces, Default: "frontdesk",
			Meaning: "What this service is called in traces.",
			Remedy:  "use a name without line breaks, or leave it out",
			check:   matching(`^[^\x00-\x1f\x7f]+$`, "has a line break or another control character in it"),
		},
		{
			Name: "OTEL_RESOURCE_ATTRIBUTES", Section: sectionTraces, Example: "deployment.environment.name=production",
			Meaning: "What else traces say of this service, as name=value with commas between them.",
			Remedy:  "write name=value with commas between them, or leave it out",
			check:   pairs(false),
		},
	}
}
