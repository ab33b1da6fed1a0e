// Package app puts Frontdesk together: it builds every part, starts them in
// the right order and stops them again. It is the composition root and may
// import everything but the commands; nothing but the commands, the sandbox
// and tests may import it.
package app

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"sync"
	"sync/atomic"
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
	"github.com/frontdesk-hq/frontdesk/internal/tracing"
	"github.com/frontdesk-hq/frontdesk/internal/web"
)

// slackTimeout bounds one call to Slack.
const slackTimeout = 10 * time.Second

// maxAnswerHeaders bounds the headers of an answer to us, in bytes.
const maxAnswerHeaders = 256 << 10

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
	// Reload reads the settings again, and Hangups asks for that at once; it is
	// done each RenewEvery anyway, by default a minute. Without Reload secrets stay
	// as they are.
	Reload     func() (config.Config, error)
	Hangups    <-chan os.Signal
	RenewEvery time.Duration
}

// App is a running Frontdesk. Make one with Start.
type App struct {
	log       *logrus.Logger
	store     *store.Store
	shared    shared // the same store, for what is done with its rows
	queue     *jobs.Queue
	desk      *approval.Desk
	directory *slackapp.Directory
	reception *slackapp.Reception
	sockets   *slackapp.Sockets // nil without Socket Mode
	connector connector.Connector
	transport *http.Transport
	server    *http.Server
	listener  net.Listener
	// What may change while it runs: the certificate, nil without TLS, and what
	// uses a secret.
	certificate *web.Certificate
	slackClient func(config.Config) *slack.Client
	line        *slackapp.Line
	door        *slackapp.Door
	conveyor    *conveyor.Conveyor
	apiToken    atomic.Pointer[config.Secret]
	// debug serves profiles on debugAddr; nil if it is off.
	debug     *http.Server
	debugAddr string
	tracer    *tracing.Tracer // nil if it is off
	// slack and room are how Slack and the outside system were the last time.
	slack, room health
	storage     storage
	webhooks    webhooks
	clock       approval.Clock

	loops     sync.WaitGroup
	stopLoops context.CancelFunc
	pollTurn  chan struct{} // holds one: one poll at a time
	failed    chan error
}

// Start builds and starts Frontdesk. It returns when requests are served and
// jobs are worked; it does not wait for Slack or Conveyor to be there.
func Start(ctx context.Context, o Options) (*App, error) {
	a := &App{
		log: o.Log, clock: o.Clock, failed: make(chan error, 2), pollTurn: make(chan struct{}, 1), stopLoops: func() {},
		transport: keeping(jobs.AtOnce),
	}
	if err := a.start(ctx, o); err != nil {
		return nil, errors.Join(err, a.Stop(context.WithoutCancel(ctx)))
	}
	return a, nil
}

func (a *App) start(ctx context.Context, o Options) error {
	points, err := newPoints(o)
	if err != nil {
		return err
	}
	if err := a.openCertificate(o); err != nil {
		return err
	}
	if err := a.openStore(ctx, o, points); err != nil {
		return fmt.Errorf("open the store: %w", err)
	}
	if err := a.trace(ctx, o); err != nil {
		return err
	}
	registry := prometheus.NewRegistry()
	watch := newWatch(o.Log, registry, o.Version)
	handler, err := a.assemble(o, points, registry, watch)
	if err != nil {
		return err
	}
	crowd := web.NewCrowd(web.MostConnections(), o.Clock, watch.cut)
	registry.MustRegister(newGauges(&gauges{
		count: a.count, ready: a.parts, open: crowd.Open, clock: o.Clock, log: o.Log,
	}))
	if err := a.listenForDebugging(ctx, o.Config.FrontdeskDebugAddr); err != nil {
		return err
	}
	if err := a.listen(ctx, o, points.handler(handler), crowd); err != nil {
		return err
	}
	a.queue.OnDeath(a.desk.LetGo)
	a.queue.Trace(a.tracer)
	points.queue(a.queue)
	if err := a.queue.Start(context.WithoutCancel(ctx), points.work(a.desk.Work)); err != nil {
		return fmt.Errorf("start the jobs: %w", err)
	}
	a.startLoops(o, watch) //nolint:contextcheck // the loops end with Stop, not with the start
	a.introduce(o)
	return nil
}

func (a *App) openStore(ctx context.Context, o Options, points points) error {
	var err error
	if a.store, err = store.Open(ctx, o.Config.DatabaseURL.Reveal()); err != nil {
		return err
	}
	a.shared = points.store(a.store)
	if err := a.shared.FreeClaims(ctx); err != nil {
		return store.WithRemedy(err)
	}
	log := slog.New(&logrusHandler{log: o.Log})
	if db := a.store.SQLite(); db != nil {
		a.queue, err = jobs.NewSQLite(ctx, db, a.store.Reader(), log)
	} else {
		a.queue, err = jobs.NewPostgres(ctx, a.store.Pool(), a.store.Reader(), log)
	}
	if err != nil {
		return store.WithRemedy(fmt.Errorf("open the job queue: %w", err))
	}
	return nil
}

// assemble builds the parts that need no connection, and gives the routes.
func (a *App) assemble(o Options, points points, registry *prometheus.Registry, watch *watch) (http.Handler, error) {
	c := o.Config
	calls := points.transport(a.transport)
	var err error
	a.conveyor, err = conveyor.New(conveyor.Settings{
		APIURL: c.ConveyorAPIURL, AppURL: c.ConveyorAppURL, Key: c.ConveyorKey.Reveal(),
		QueryParams: c.ConveyorParams == config.ParamsQuery, BearerAuth: c.ConveyorAuth == config.AuthBearer,
		WebhookSecret: c.ConveyorWebhookSecret.Reveal(),
		Transport: &outside{
			next: calls, system: "conveyor", name: conveyor.CallOf, watch: watch, tracer: a.tracer, clock: o.Clock,
		},
	}, o.Clock, "frontdesk/"+o.Version)
	if err != nil {
		return nil, fmt.Errorf("set up the connector: %w", err)
	}
	a.connector = a.conveyor
	toSlack := slackapp.NewHTTPClient(&outside{
		next: calls, system: "slack", name: slackapp.CallOf, refusal: slackapp.RefusalOf,
		watch: watch, tracer: a.tracer, clock: o.Clock,
	}, slackTimeout)
	a.slackClient = func(c config.Config) *slack.Client {
		return slack.New(c.SlackBotToken.Reveal(), slack.OptionAPIURL(c.SlackAPIURL),
			slack.OptionAppLevelToken(c.SlackAppToken.Reveal()), slack.OptionHTTPClient(toSlack))
	}
	a.line = slackapp.NewLine(a.slackClient(c))
	board := slackapp.NewBoard(a.line, c.SlackChannelID, o.Clock, a.shared, slackapp.Pace{
		PostEvery: interval(c.SlackPostsPerMinute), UpdateEvery: interval(c.SlackUpdatesPerMinute),
	})
	a.directory = slackapp.NewDirectory(a.line, approval.NewPolicy(reviewers(c)), o.Clock)
	timing := o.Timing
	timing.Patience = c.ConveyorPatience
	a.desk = approval.NewDesk(approval.Ports{
		Store: a.shared, Jobs: a.queue, Board: board, Watch: watch, Clock: o.Clock, NewID: newID,
		Systems: map[string]approval.System{a.connector.Source(): a.connector}, Flood: c.SlackFloodLimit,
	}, timing)
	a.reception = slackapp.NewReception(a.desk, a.line, board, a.directory, watch, o.Clock)
	a.reception.Trace(a.tracer)
	if c.SlackAppToken.IsSet() {
		a.sockets = slackapp.NewSockets(a.line, a.reception, watch, points.dial((&net.Dialer{}).DialContext))
		watch.wanted.Set(slackapp.Connections)
	}
	strangers := web.NewStrangers(o.Clock)
	a.door = slackapp.NewDoor(c.SlackSigningSecret.Reveal(), a.reception, strangers, watch, o.Clock)
	a.apiToken.Store(&c.FrontdeskAPIToken)
	return web.Routes(web.Doors{
		Slack: a.door, Webhook: a.takeWebhook, Ready: a.ready, Metrics: registry, Log: o.Log,
		Strangers: strangers, Proxies: c.TrustedProxies,
		APIToken: func() string { return a.apiToken.Load().Reveal() },
		Poll:     func(ctx context.Context) (any, error) { return a.poll(ctx) },
	}), nil
}

// shared is what all processes on one database share.
type shared interface {
	approval.Store
	slackapp.Turns
	BeginPoll(ctx context.Context, source string, now time.Time, interval time.Duration) (bool, error)
	KeepPolling(ctx context.Context, source string) error
	TakeOverPoll(ctx context.Context, source string, now time.Time) (bool, error)
	EndPoll(ctx context.Context, source, trouble string) error
	PollTrouble(ctx context.Context, source string) (string, error)
	FreeClaims(ctx context.Context) error
	Ping(ctx context.Context) error
}

// trace begins to send traces, if a collector is set.
func (a *App) trace(ctx context.Context, o Options) error {
	c := o.Config
	if c.OTLPEndpoint == "" {
		return nil
	}
	var err error
	a.tracer, err = tracing.New(ctx, tracing.Settings{
		Endpoint: c.OTLPEndpoint, Headers: c.OTLPHeaders(), Service: c.OTELServiceName, Version: o.Version,
		Resource: c.OTELResource(), Transport: a.transport, Log: o.Log,
	})
	return err
}

// keeping gives a transport that keeps so many connections to a host: the
// default keeps 2, and every other call would begin with a new handshake.
func keeping(connections int) *http.Transport {
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.MaxIdleConnsPerHost = connections
	transport.MaxResponseHeaderBytes = maxAnswerHeaders
	return transport
}

// interval gives the time between two of so many a minute, zero for no limit.
func interval(perMinute int) time.Duration {
	if perMinute == 0 {
		return 0
	}
	return time.Minute / time.Duration(perMinute)
}

// newID gives ids that are unique and sort by the time they were made.
func newID() string { return uuid.Must(uuid.NewV7()).String() }

func (a *App) listen(ctx context.Context, o Options, handler http.Handler, crowd *web.Crowd) error {
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
	a.server.ErrorLog = slog.NewLogLogger(&serverLog{logrusHandler{log: o.Log}}, slog.LevelWarn)
	guarded := crowd.Guard(a.server, a.listener)
	if a.certificate != nil {
		guarded = tls.NewListener(guarded, a.certificate.Config())
	}
	go func() {
		if err := a.server.Serve(guarded); !errors.Is(err, http.ErrServerClosed) {
			a.failed <- fmt.Errorf("serve HTTP: %w", err)
		}
	}()
	return nil
}

// URL gives the address that Frontdesk serves on, as seen from this machine.
func (a *App) URL() string {
	scheme := "http"
	if a.certificate != nil {
		scheme = "https"
	}
	return fmt.Sprintf("%s://127.0.0.1:%d", scheme, a.listener.Addr().(*net.TCPAddr).Port)
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
	if a.debug != nil {
		errs = append(errs, a.debug.Close()) // a profile under way is not waited for
	}
	a.stopLoops()
	a.loops.Wait()
	if a.reception != nil {
		a.reception.Close()
	}
	if a.queue != nil {
		errs = append(errs, a.queue.Stop(ctx))
	}
	errs = append(errs, a.tracer.Stop(ctx))
	a.transport.CloseIdleConnections()
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
