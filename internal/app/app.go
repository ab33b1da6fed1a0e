// Package app puts Frontdesk together: it builds every part, starts them in
// the right order and stops them again. It is the composition root and may
// import everything but the commands; nothing but the commands, the sandbox
// and tests may import it.
package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/google/uuid"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/sirupsen/logrus"
	"github.com/slack-go/slack"

	"github.com/frontdesk-hq/frontdesk/internal/approval"
	"github.com/frontdesk-hq/frontdesk/internal/config"
	"github.com/frontdesk-hq/frontdesk/internal/connector"
	"github.com/frontdesk-hq/frontdesk/internal/connector/conveyor"
	"github.com/frontdesk-hq/frontdesk/internal/jobs"
	"github.com/frontdesk-hq/frontdesk/internal/slackapp"
	"github.com/frontdesk-hq/frontdesk/internal/store"
	"github.com/frontdesk-hq/frontdesk/internal/web"
)

// slackTimeout bounds one call to Slack.
const slackTimeout = 10 * time.Second

// Options is what an App is made of.
type Options struct {
	Config config.Config
	// Listen is the address to serve on; empty means every address at the
	// configured port. Tests give "127.0.0.1:0".
	Listen string
	// Version goes into the user agent and the metrics.
	Version string
	Clock   approval.Clock
	Log     *logrus.Logger
	// Timing overrides the desk's durations; Patience comes from the Config.
	Timing approval.Timing
}

// App is a running Frontdesk. Make one with Start.
type App struct {
	log       *logrus.Logger
	store     *store.Store
	queue     *jobs.Queue
	desk      *approval.Desk
	directory *slackapp.Directory
	reception *slackapp.Reception
	connector connector.Connector
	server    *http.Server
	listener  net.Listener
	slack     health

	loops     sync.WaitGroup
	stopLoops context.CancelFunc
	pollTurn  chan struct{} // holds one: one poll at a time
	failed    chan error
}

// Start builds and starts Frontdesk. It returns when requests are served and
// jobs are worked; it does not wait for Slack or Conveyor to be there.
func Start(ctx context.Context, o Options) (*App, error) {
	a := &App{log: o.Log, failed: make(chan error, 1), pollTurn: make(chan struct{}, 1), stopLoops: func() {}}
	if err := a.start(ctx, o); err != nil {
		return nil, errors.Join(err, a.Stop(context.WithoutCancel(ctx)))
	}
	return a, nil
}

func (a *App) start(ctx context.Context, o Options) error {
	if err := a.openStore(ctx, o); err != nil {
		return err
	}
	registry := prometheus.NewRegistry()
	watch := newWatch(o.Log, registry, o.Version)
	handler, err := a.assemble(o, registry, watch)
	if err != nil {
		return err
	}
	if err := a.listen(ctx, o, handler); err != nil {
		return err
	}
	if err := a.queue.Start(context.WithoutCancel(ctx), a.desk.Work); err != nil {
		return fmt.Errorf("start the jobs: %w", err)
	}
	a.startLoops(o, watch) //nolint:contextcheck // the loops end with Stop, not with the start
	a.introduce(o)
	return nil
}

func (a *App) openStore(ctx context.Context, o Options) error {
	var err error
	if a.store, err = store.Open(ctx, o.Config.DatabaseURL.Reveal()); err != nil {
		return fmt.Errorf("open the store: %w", err)
	}
	if err := a.store.FreeClaims(ctx); err != nil {
		return fmt.Errorf("open the store: %w", err)
	}
	log := slog.New(&logrusHandler{log: o.Log})
	if db := a.store.SQLite(); db != nil {
		a.queue, err = jobs.NewSQLite(ctx, db, log)
	} else {
		a.queue, err = jobs.NewPostgres(ctx, a.store.Pool(), log)
	}
	if err != nil {
		return fmt.Errorf("open the job queue: %w", err)
	}
	return nil
}

// assemble builds the parts that need no connection, and gives the routes.
func (a *App) assemble(o Options, registry *prometheus.Registry, watch *watch) (http.Handler, error) {
	c := o.Config
	var err error
	a.connector, err = conveyor.New(conveyor.Settings{
		APIURL: c.ConveyorAPIURL, AppURL: c.ConveyorAppURL, Key: c.ConveyorKey.Reveal(),
		QueryParams: c.ConveyorParams == config.ParamsQuery, BearerAuth: c.ConveyorAuth == config.AuthBearer,
		WebhookSecret: c.ConveyorWebhookSecret.Reveal(),
	}, o.Clock, "frontdesk/"+o.Version)
	if err != nil {
		return nil, fmt.Errorf("set up the connector: %w", err)
	}
	api := slack.New(c.SlackBotToken.Reveal(), slack.OptionAPIURL(c.SlackAPIURL),
		slack.OptionHTTPClient(&http.Client{Timeout: slackTimeout}))
	board := slackapp.NewBoard(api, c.SlackChannelID, o.Clock)
	a.directory = slackapp.NewDirectory(api, approval.NewPolicy(reviewers(c)), o.Clock)
	timing := o.Timing
	timing.Patience = c.ConveyorPatience
	a.desk = approval.NewDesk(approval.Ports{
		Store: a.store, Jobs: a.queue, Board: board, Watch: watch, Clock: o.Clock, NewID: newID,
		Systems: map[string]approval.System{a.connector.Source(): a.connector},
	}, timing)
	a.reception = slackapp.NewReception(a.desk, api, board, a.directory, watch, o.Clock)
	door := slackapp.NewDoor(c.SlackSigningSecret.Reveal(), a.reception, watch, o.Clock)
	return web.Routes(web.Doors{
		Slack: door, Webhook: a.takeWebhook, Ready: a.ready, Metrics: registry, Log: o.Log,
		APIToken: c.FrontdeskAPIToken.Reveal(),
		Poll:     func(ctx context.Context) (any, error) { return a.poll(ctx) },
	}), nil
}

// newID gives ids that are unique and sort by the time they were made.
func newID() string { return uuid.Must(uuid.NewV7()).String() }

func (a *App) listen(ctx context.Context, o Options, handler http.Handler) error {
	address := o.Listen
	if address == "" {
		address = fmt.Sprintf(":%d", o.Config.Port)
	}
	var lc net.ListenConfig
	var err error
	if a.listener, err = lc.Listen(ctx, "tcp", address); err != nil {
		return fmt.Errorf("listen on %s (is another program using the port? PORT names another): %w", address, err)
	}
	a.server = web.Server(handler)
	go func() {
		if err := a.server.Serve(a.listener); !errors.Is(err, http.ErrServerClosed) {
			a.failed <- fmt.Errorf("serve HTTP: %w", err)
		}
	}()
	return nil
}

// URL gives the address that Frontdesk serves on, as seen from this machine.
func (a *App) URL() string {
	return fmt.Sprintf("http://127.0.0.1:%d", a.listener.Addr().(*net.TCPAddr).Port)
}

// Failed gives an error if serving ends by itself.
func (a *App) Failed() <-chan error { return a.failed }

// Stop takes nothing new in, finishes what was taken in as far as the context
// allows, and lets go of the store. What is not finished is durable and goes on
// at the next start.
func (a *App) Stop(ctx context.Context) error {
	var errs []error
	if a.server != nil {
		// The door closes first, and gets at most a third of the time: a click
		// is answered within 3 seconds.
		closing, cancel := context.WithTimeout(ctx, 3*time.Second)
		err := a.server.Shutdown(closing)
		cancel()
		if errors.Is(err, context.DeadlineExceeded) {
			// What is left are connections on which nothing was ever sent, or a
			// poll on demand; neither is waited for.
			err = a.server.Close()
		}
		errs = append(errs, err)
	}
	a.stopLoops()
	a.loops.Wait()
	if a.reception != nil {
		a.reception.Close()
	}
	if a.queue != nil {
		errs = append(errs, a.queue.Stop(ctx))
	}
	if a.store != nil {
		errs = append(errs, a.store.Close())
	}
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("stop: %w", err)
	}
	return nil
}

// reviewers gives the REVIEWERS list as the policy reads it.
func reviewers(c config.Config) []string {
	if c.Reviewers.Everyone {
		return []string{"*"}
	}
	return c.Reviewers.Entries()
}
