// Package sandbox is a whole practice world in one process: a practice Slack
// workspace, a practice Conveyor room, and Frontdesk itself between them, each
// on its own HTTP address. People see it in a browser; end-to-end tests drive
// it by its Go API.
//
// It may import everything but the commands. It promises that Frontdesk does
// not know that this is not the real world, and that nothing in it can reach
// the real one: no setting comes from .env or the environment.
package sandbox

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"path/filepath"
	"sync"
	"time"

	"github.com/sirupsen/logrus"

	"github.com/frontdesk-hq/frontdesk/internal/app"
	"github.com/frontdesk-hq/frontdesk/internal/approval"
	"github.com/frontdesk-hq/frontdesk/internal/config"
	"github.com/frontdesk-hq/frontdesk/internal/sandbox/folder"
	"github.com/frontdesk-hq/frontdesk/internal/sandbox/page"
	"github.com/frontdesk-hq/frontdesk/internal/sandbox/practiceconveyor"
	"github.com/frontdesk-hq/frontdesk/pkg/practiceslack"
)

// ChannelID is the channel that requests come to.
const ChannelID = "C0REQUESTS"

// Options describe a practice world. Clock and Log are required.
type Options struct {
	// Port serves the page and the practice Slack; 0 takes a free one.
	Port int
	// Data is a folder that keeps the world from one process to the next. Empty
	// means that everything is fresh and gone at the end.
	Data string
	// Seed makes the ids of a new practice Conveyor.
	Seed uint64
	// Requests is how many requests wait in a new world.
	Requests int

	Clock approval.Clock
	Log   *logrus.Logger
	// Version is what Frontdesk calls itself.
	Version string

	// Slack and Room override how strict or odd the two practice parties are.
	Slack practiceslack.Options
	Room  practiceconveyor.Options
	// Configure changes Frontdesk's settings before it starts.
	Configure func(*config.Config)
	Timing    approval.Timing
}

// Sandbox is a running practice world.
type Sandbox struct {
	Slack *practiceslack.Workspace
	Room  *practiceconveyor.Room

	options  Options
	settings config.Config
	database string         // the folder of Frontdesk's own database
	folder   *folder.Folder // keeps the two practice parties; nil where nothing is kept
	front    *server
	room     *server
	page     *page.Page

	// turn is held while Frontdesk starts or stops, mu for a moment only.
	turn   sync.Mutex
	mu     sync.Mutex
	desk   *app.App
	closed bool
}

// WebhookSecret signs the practice Conveyor's webhooks.
const WebhookSecret = "whsec_cHJhY3RpY2UtY29udmV5b3Itd2ViaG9vaw==" //nolint:gosec // opens nothing but a practice room

// OperatorToken opens Frontdesk's operators' doors in the practice world.
const OperatorToken = "practice-operator-token"

// Start starts a practice world: the two practice parties first, then
// Frontdesk. Close ends it and, unless it is kept, removes what it wrote.
func Start(ctx context.Context, o Options) (*Sandbox, error) {
	o.Slack.Clock, o.Room.Clock, o.Room.Seed = o.Clock, o.Clock, o.Seed
	s := &Sandbox{options: o}
	if err := s.open(ctx); err != nil {
		return nil, err
	}
	if err := s.start(ctx); err != nil {
		return nil, errors.Join(err, s.Close(context.WithoutCancel(ctx)))
	}
	return s, nil
}

func (s *Sandbox) start(ctx context.Context) error {
	o := s.options
	s.page = page.New(s.Slack, s.Room, s)
	var err error
	if s.front, err = serve(ctx, o.Port, s.pages()); err != nil {
		return err
	}
	s.Slack.SetBaseURL(s.URL())
	if s.room, err = serve(ctx, 0, s.Room.Handler()); err != nil {
		return err
	}
	s.settings = s.defaults()
	if s.Slack.SocketMode() {
		s.settings.SlackAppToken = config.Secret(s.Slack.AppToken())
	}
	if o.Configure != nil {
		o.Configure(&s.settings)
	}
	return s.StartFrontdesk(ctx)
}

// defaults are Frontdesk's settings in the practice world.
func (s *Sandbox) defaults() config.Config {
	return config.Config{
		ConveyorKey: config.Secret(s.Room.Key()), ConveyorAPIURL: s.room.url() + practiceconveyor.BasePath,
		ConveyorPollInterval: 2 * time.Second, ConveyorPatience: 24 * time.Hour,
		ConveyorParams: config.ParamsJSON, ConveyorAuth: config.AuthAPIKey, ConveyorWebhookSecret: WebhookSecret,
		SlackBotToken:      config.Secret(s.Slack.BotToken()),
		SlackSigningSecret: config.Secret(s.Slack.SigningSecret()),
		SlackChannelID:     ChannelID, SlackAPIURL: s.URL() + "/api/",
		SlackPostsPerMinute: 60, SlackUpdatesPerMinute: 50,
		Reviewers:         config.Reviewers{Users: []string{Ada, Ben}},
		FrontdeskAPIToken: OperatorToken,
		DatabaseURL:       config.DatabaseURL("sqlite:" + filepath.Join(s.database, "frontdesk.db")),
		LogLevel:          "info", LogFormat: config.LogText,
	}
}

// Settings gives what Frontdesk is set to.
func (s *Sandbox) Settings() config.Config { return s.settings }

// URL gives the address of the page and of the practice Slack.
func (s *Sandbox) URL() string { return s.front.url() }

// RoomURL gives the address of the practice Conveyor.
func (s *Sandbox) RoomURL() string { return s.room.url() }

// Close stops everything and, unless the world is kept, removes what was
// written.
func (s *Sandbox) Close(ctx context.Context) error {
	s.Slack.ReleaseHangs()
	s.Room.ClearFaults()
	err := s.leaveFrontdesk(ctx)
	s.Slack.Close()
	s.Room.Close()
	for _, server := range []*server{s.front, s.room} {
		if server != nil {
			err = errors.Join(err, server.close())
		}
	}
	err = errors.Join(err, s.leaveFolder())
	if err != nil {
		return fmt.Errorf("close the practice world: %w", err)
	}
	return nil
}

// server is one HTTP server on this machine only.
type server struct {
	listener net.Listener
	http     *http.Server
}

func serve(ctx context.Context, port int, handler http.Handler) (*server, error) {
	var lc net.ListenConfig
	listener, err := lc.Listen(ctx, "tcp", fmt.Sprintf("127.0.0.1:%d", port))
	if err != nil {
		return nil, fmt.Errorf("port %d is not free; end the program that uses it, or choose another with --port: %w", port, err)
	}
	// No bound on writing: the page follows what happens on a stream.
	s := &server{listener: listener, http: &http.Server{
		Handler: handler, ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 20 * time.Second, IdleTimeout: 2 * time.Minute,
		MaxHeaderBytes: 64 << 10,
	}}
	go func() { _ = s.http.Serve(listener) }() // it ends when close is called
	return s, nil
}

func (s *server) url() string {
	return fmt.Sprintf("http://127.0.0.1:%d", s.listener.Addr().(*net.TCPAddr).Port)
}

// close cuts what is open: streams to a page do not end by themselves.
func (s *server) close() error {
	if err := s.http.Close(); err != nil {
		return fmt.Errorf("close a practice server: %w", err)
	}
	return nil
}

// Page gives the address of the page, as a person would type it.
func (s *Sandbox) Page() string {
	return fmt.Sprintf("http://localhost:%d/", s.front.listener.Addr().(*net.TCPAddr).Port)
}
