package slackapp

// Manifest is what Slack makes an app from: its form is Slack's
// (docs.slack.dev, app manifests), its contents are what Frontdesk needs.
type Manifest struct {
	Display  ManifestDisplay  `json:"display_information" yaml:"display_information"`
	Features ManifestFeatures `json:"features"            yaml:"features"`
	OAuth    ManifestOAuth    `json:"oauth_config"        yaml:"oauth_config"`
	Settings ManifestSettings `json:"settings"            yaml:"settings"`
}

// ManifestDisplay is how the app looks in Slack.
type ManifestDisplay struct {
	Name        string `json:"name"             yaml:"name"`
	Description string `json:"description"      yaml:"description"`
	Color       string `json:"background_color" yaml:"background_color"`
}

// ManifestFeatures is what the app has.
type ManifestFeatures struct {
	BotUser ManifestBotUser `json:"bot_user" yaml:"bot_user"`
}

// ManifestBotUser is whom the app posts as.
type ManifestBotUser struct {
	Name         string `json:"display_name"  yaml:"display_name"`
	AlwaysOnline bool   `json:"always_online" yaml:"always_online"`
}

// ManifestOAuth is what the app may do.
type ManifestOAuth struct {
	Scopes ManifestScopes `json:"scopes" yaml:"scopes"`
}

// ManifestScopes are the scopes of the bot's token.
type ManifestScopes struct {
	Bot []string `json:"bot" yaml:"bot"`
}

// ManifestSettings is how Slack reaches the app.
type ManifestSettings struct {
	Interactivity ManifestInteractivity `json:"interactivity"          yaml:"interactivity"`
	OrgDeploy     bool                  `json:"org_deploy_enabled"     yaml:"org_deploy_enabled"`
	SocketMode    bool                  `json:"socket_mode_enabled"    yaml:"socket_mode_enabled"`
	TokenRotation bool                  `json:"token_rotation_enabled" yaml:"token_rotation_enabled"`
}

// ManifestInteractivity says where clicks, forms and options loads go; the
// addresses are empty with Socket Mode.
type ManifestInteractivity struct {
	Enabled    bool   `json:"is_enabled"                         yaml:"is_enabled"`
	RequestURL string `json:"request_url,omitempty"              yaml:"request_url,omitempty"`
	OptionsURL string `json:"message_menu_options_url,omitempty" yaml:"message_menu_options_url,omitempty"`
}

// Scopes gives the scopes that the calls of this package need.
func Scopes() []string {
	return []string{"channels:history", "chat:write", "groups:history", "usergroups:read", "users:read", "users:read.email"}
}

// NewManifest gives the manifest of an app whose Frontdesk Slack reaches at an
// address, without a slash at its end, or over Socket Mode if that is empty.
func NewManifest(address string) Manifest {
	m := Manifest{
		Display: ManifestDisplay{
			Name: "Frontdesk", Description: "Approve or reject access requests of our trust room", Color: "#1f3a5f",
		},
		Features: ManifestFeatures{BotUser: ManifestBotUser{Name: "Frontdesk", AlwaysOnline: true}},
		OAuth:    ManifestOAuth{Scopes: ManifestScopes{Bot: Scopes()}},
		Settings: ManifestSettings{Interactivity: ManifestInteractivity{Enabled: true}, SocketMode: address == ""},
	}
	if address != "" {
		door := address + "/slack/events"
		m.Settings.Interactivity.RequestURL, m.Settings.Interactivity.OptionsURL = door, door
	}
	return m
}
