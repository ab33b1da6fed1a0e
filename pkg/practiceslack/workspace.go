package practiceslack

import (
	"net/http"
	"sync"
	"time"
)

// Options configure a workspace. The zero value of each field gets a default
// that suits practice.
type Options struct {
	Pace // how strict and how fast; SetPace changes it later

	Clock         func() time.Time // default: the real clock
	SigningSecret string
	BotToken      string
	Scopes        []string // of BotToken; default: DefaultScopes
	TeamID        string
	TeamDomain    string
	TeamName      string
	AppID         string
	BotID         string
	BotUserID     string
	BotName       string
	WithoutHome   bool // App Home's Home tab is switched off in the app's settings

	// For OAuth and Sign in with Slack. Without them the app is installed from
	// the start, with BotToken and Scopes.
	ClientID     string
	ClientSecret string
	RedirectURLs []string // where people may be sent back to; the first is the default
	Uninstalled  bool     // nobody has installed the app yet: BotToken and Scopes do not count

	SocketMode     bool     // the app takes its payloads over Socket Mode; see SetSocketMode
	AppToken       string   // the app-level token
	AppTokenScopes []string // default: connections:write

	Patience time.Duration // how long Expect… waits; default 10 s, real time

	MaxMessages   int // kept per channel; default 10,000
	MaxEphemerals int // kept per person; default 200
	MaxRecords    int // calls and deliveries kept, each; default 1,000
}

// Workspace is a practice Slack workspace with one app installed.
type Workspace struct {
	opt        Options
	client     *http.Client
	methods    map[string]method
	signingKey func() *signingKey

	mu           guard
	touched      []keptKey // what changed since the lock was taken
	unkept       bool      // the keeper failed
	pace         Pace
	changed      chan struct{} // closed and replaced at each change
	baseURL      string
	signing      string // the signing secret
	appToken     string
	requestURL   string
	optionsURL   string
	eventsURL    string
	users        map[string]Person
	userOrder    []string
	channels     map[string]*channel
	channelOrder []string
	groups       map[string]UserGroup
	groupOrder   []string
	commands     []Command
	ephemerals   map[string][]*message // by person
	stacks       map[string][]*view    // open modals by person, the topmost last
	homes        map[string]*view      // what Home tabs show, by person
	triggers     map[string]*trigger
	responses    map[string]*responseURL
	sockets      sockets
	pending      []*pendingEvent // events that the app has not taken, to be sent again
	buckets      map[string]*bucket
	grants       map[string]*grant // by token, revoked ones too
	bot          *grant            // the app's own; nil while it is not installed
	codes        map[string]*authorization
	faults       []*ArmedFault
	hangs        chan struct{} // closed to release what hangs
	lastTS       int64
	seq          uint64
	calls        []Call
	deliveries   []Delivery
	violations   []string
	subscribers  map[*subscriber]struct{}
}

// DefaultScopes are the scopes that an app which posts, asks and looks people
// up needs.
func DefaultScopes() []string {
	return []string{
		"chat:write", "commands", "users:read", "users:read.email", "usergroups:read",
		"channels:read", "channels:history", "groups:read", "groups:history", "im:read", "im:history",
	}
}

// New makes an empty workspace with the app's bot in it.
func New(opt Options) *Workspace {
	or := func(field *string, fallback string) {
		if *field == "" {
			*field = fallback
		}
	}
	or(&opt.SigningSecret, "practice-signing-secret")
	or(&opt.BotToken, "xoxb-practice-token")
	or(&opt.AppToken, "xapp-practice-token")
	or(&opt.TeamID, "T0PRACTICE")
	or(&opt.TeamDomain, "practice")
	or(&opt.TeamName, "Practice workspace")
	or(&opt.AppID, "A0FRONTDESK")
	or(&opt.BotID, "B0FRONTDESK")
	or(&opt.BotUserID, "U0FRONTDESK")
	or(&opt.BotName, "frontdesk")
	or(&opt.ClientID, "1000000000001.1000000000002")
	or(&opt.ClientSecret, "practice-client-secret")
	if opt.Clock == nil {
		opt.Clock = time.Now //nolint:forbidigo // the default of the injected clock
	}
	if opt.Scopes == nil {
		opt.Scopes = DefaultScopes()
	}
	if opt.AppTokenScopes == nil {
		opt.AppTokenScopes = []string{"connections:write"}
	}
	if opt.Patience <= 0 {
		opt.Patience = 10 * time.Second
	}
	count := func(field *int, fallback int) {
		if *field <= 0 {
			*field = fallback
		}
	}
	count(&opt.MaxMessages, 10_000)
	count(&opt.MaxEphemerals, 200)
	count(&opt.MaxRecords, 1_000)
	ws := &Workspace{
		opt:  opt,
		pace: filledPace(opt.Pace),

		signing: opt.SigningSecret, appToken: opt.AppToken,
		client: &http.Client{
			Transport:     &http.Transport{MaxIdleConnsPerHost: 32, IdleConnTimeout: 30 * time.Second},
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
		methods:     methods(),
		signingKey:  sync.OnceValue(newSigningKey),
		changed:     make(chan struct{}),
		users:       map[string]Person{},
		channels:    map[string]*channel{},
		groups:      map[string]UserGroup{},
		ephemerals:  map[string][]*message{},
		stacks:      map[string][]*view{},
		homes:       map[string]*view{},
		triggers:    map[string]*trigger{},
		responses:   map[string]*responseURL{},
		sockets:     sockets{on: opt.SocketMode, tickets: map[string]time.Time{}},
		buckets:     map[string]*bucket{},
		grants:      map[string]*grant{},
		codes:       map[string]*authorization{},
		hangs:       make(chan struct{}),
		subscribers: map[*subscriber]struct{}{},
	}
	ws.AddUser(Person{ID: opt.BotUserID, Name: opt.BotName, Bot: true, Deleted: opt.Uninstalled})
	if !opt.Uninstalled {
		ws.install(opt.BotToken, opt.Scopes)
	}
	return ws
}

// Close releases what hangs, ends all connections of Socket Mode and all
// subscriptions, and drops idle connections.
func (ws *Workspace) Close() {
	ws.ReleaseHangs()
	ws.closeSockets()
	ws.mu.Lock()
	for sub := range ws.subscribers {
		ws.end(sub)
	}
	ws.mu.Unlock()
	ws.client.CloseIdleConnections()
}

// SetBaseURL tells where Handler is served, such as http://127.0.0.1:8080. It
// is needed before interactions and commands are delivered: a response_url
// begins with it.
func (ws *Workspace) SetBaseURL(url string) {
	ws.mu.Lock()
	defer ws.mu.Unlock()
	ws.baseURL = url
}

// SetRequestURL tells where the app takes interactions and commands.
func (ws *Workspace) SetRequestURL(url string) {
	ws.mu.Lock()
	defer ws.mu.Unlock()
	ws.requestURL = url
}

// SetOptionsURL tells where the app answers what external menus ask. Empty
// means the request URL.
func (ws *Workspace) SetOptionsURL(url string) {
	ws.mu.Lock()
	defer ws.mu.Unlock()
	ws.optionsURL = url
}

// SetEventsURL tells where the app takes events. Empty means the request URL.
func (ws *Workspace) SetEventsURL(url string) {
	ws.mu.Lock()
	defer ws.mu.Unlock()
	ws.eventsURL = url
}

// BotToken is the token that the app's bot has now; empty while the app is not
// installed.
func (ws *Workspace) BotToken() string {
	ws.mu.Lock()
	defer ws.mu.Unlock()
	if ws.bot == nil {
		return ""
	}
	return ws.bot.token
}

// ClientID is the app's id in OAuth, ClientSecret the secret that goes with it.
func (ws *Workspace) ClientID() string { return ws.opt.ClientID }

// ClientSecret is the secret with which the app trades a code for a token.
func (ws *Workspace) ClientSecret() string { return ws.opt.ClientSecret }

// SigningSecret is the secret that deliveries are signed with now.
func (ws *Workspace) SigningSecret() string {
	ws.mu.Lock()
	defer ws.mu.Unlock()
	return ws.signing
}

// BotUserID is the user that the app posts as.
func (ws *Workspace) BotUserID() string { return ws.opt.BotUserID }

// TeamID is the workspace's id.
func (ws *Workspace) TeamID() string { return ws.opt.TeamID }

func (ws *Workspace) now() time.Time { return ws.opt.Clock() }
