package practiceslack

import (
	"net/http"
	"slices"
	"sync"
	"time"
)

// Options configure a workspace. The zero value of each field gets a default
// that suits practice.
type Options struct {
	Clock         func() time.Time // default: the real clock
	SigningSecret string
	BotToken      string
	Scopes        []string // default: DefaultScopes
	TeamID        string
	TeamDomain    string
	TeamName      string
	AppID         string
	BotID         string
	BotUserID     string
	BotName       string
	Limits        Limits
	WithoutHome   bool // App Home's Home tab is switched off in the app's settings

	DeliveryTimeout time.Duration // how long the app may take to answer; default 3 s, real time
	TriggerLife     time.Duration // default 3 s, by the clock
	Patience        time.Duration // how long Expect… waits; default 10 s, real time

	MaxMessages   int // kept per channel; default 10,000
	MaxEphemerals int // kept per person; default 200
	MaxRecords    int // calls and deliveries kept, each; default 1,000
}

// Workspace is a practice Slack workspace with one app installed.
type Workspace struct {
	opt    Options
	client *http.Client

	mu           sync.Mutex
	changed      chan struct{} // closed and replaced at each change
	baseURL      string
	requestURL   string
	optionsURL   string
	eventsURL    string
	users        map[string]Person
	userOrder    []string
	channels     map[string]*channel
	channelOrder []string
	groups       map[string]UserGroup
	groupOrder   []string
	ephemerals   map[string][]*message // by person
	stacks       map[string][]*view    // open modals by person, the topmost last
	homes        map[string]*view      // what Home tabs show, by person
	triggers     map[string]*trigger
	responses    map[string]*responseURL
	pending      []*pendingEvent // events that the app has not taken, to be sent again
	buckets      map[string]*bucket
	faults       []*Fault
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
	or(&opt.TeamID, "T0PRACTICE")
	or(&opt.TeamDomain, "practice")
	or(&opt.TeamName, "Practice workspace")
	or(&opt.AppID, "A0FRONTDESK")
	or(&opt.BotID, "B0FRONTDESK")
	or(&opt.BotUserID, "U0FRONTDESK")
	or(&opt.BotName, "frontdesk")
	if opt.Clock == nil {
		opt.Clock = time.Now //nolint:forbidigo // the default of the injected clock
	}
	if opt.Scopes == nil {
		opt.Scopes = DefaultScopes()
	}
	duration := func(field *time.Duration, fallback time.Duration) {
		if *field <= 0 {
			*field = fallback
		}
	}
	duration(&opt.DeliveryTimeout, 3*time.Second)
	duration(&opt.TriggerLife, 3*time.Second)
	duration(&opt.Patience, 10*time.Second)
	count := func(field *int, fallback int) {
		if *field <= 0 {
			*field = fallback
		}
	}
	count(&opt.MaxMessages, 10_000)
	count(&opt.MaxEphemerals, 200)
	count(&opt.MaxRecords, 1_000)
	ws := &Workspace{
		opt: opt,
		client: &http.Client{
			Transport:     &http.Transport{MaxIdleConnsPerHost: 32, IdleConnTimeout: 30 * time.Second},
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
		changed:     make(chan struct{}),
		users:       map[string]Person{},
		channels:    map[string]*channel{},
		groups:      map[string]UserGroup{},
		ephemerals:  map[string][]*message{},
		stacks:      map[string][]*view{},
		homes:       map[string]*view{},
		triggers:    map[string]*trigger{},
		responses:   map[string]*responseURL{},
		buckets:     map[string]*bucket{},
		hangs:       make(chan struct{}),
		subscribers: map[*subscriber]struct{}{},
	}
	ws.AddUser(Person{ID: opt.BotUserID, Name: opt.BotName, Bot: true})
	return ws
}

// Close releases what hangs, ends all subscriptions and drops idle connections.
func (ws *Workspace) Close() {
	ws.ReleaseHangs()
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

// BotToken is the app's token, SigningSecret the secret that deliveries are
// signed with, BotUserID the user that the app posts as.
func (ws *Workspace) BotToken() string { return ws.opt.BotToken }

// SigningSecret is the secret that deliveries are signed with.
func (ws *Workspace) SigningSecret() string { return ws.opt.SigningSecret }

// BotUserID is the user that the app posts as.
func (ws *Workspace) BotUserID() string { return ws.opt.BotUserID }

// TeamID is the workspace's id.
func (ws *Workspace) TeamID() string { return ws.opt.TeamID }

func (ws *Workspace) now() time.Time { return ws.opt.Clock() }

func (ws *Workspace) granted(scope string) bool { return slices.Contains(ws.opt.Scopes, scope) }
