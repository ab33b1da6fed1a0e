package app

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/sirupsen/logrus"

	"github.com/frontdesk-hq/frontdesk/internal/config"
	"github.com/frontdesk-hq/frontdesk/internal/web"
)

const (
	// renewEvery is how often the files with secrets and the certificate are
	// looked at.
	renewEvery = time.Minute
	// tryWithin bounds trying one new secret.
	tryWithin = 20 * time.Second
	// expiresSoon is how long before its end a certificate is worth a warning.
	expiresSoon = 14 * 24 * time.Hour
)

// renewer takes up secrets and the certificate anew while Frontdesk runs. Only
// its own loop uses it.
type renewer struct {
	log    *logrus.Logger
	clock  func() time.Time
	reload func() (config.Config, error)
	// inUse are the settings with the secrets as they are used now.
	inUse       config.Config
	secrets     []renewable
	certificate *web.Certificate // nil without TLS
	// refused are the values that were not accepted, by the name of their setting:
	// they are not tried again and again. said is what was said of a thing last.
	refused map[string]sum
	said    map[string]string
}

type sum [sha256.Size]byte

// renewable is a secret that can be replaced while it is used.
type renewable struct {
	name string
	// at finds it among the settings.
	at func(*config.Config) *config.Secret
	// use tries the secret in these settings, where it can be tried, and uses it
	// from then on. If it gives an error, the one before stays in use.
	use func(ctx context.Context, c config.Config) error
	// says is what an operator should know when it was replaced.
	says string
}

// errTransport says that a change needs another way to Slack.
var errTransport = errors.New("it changes how Slack reaches Frontdesk; restart Frontdesk for that")

const overlaps = "; the one before is accepted too until the new one has proven to be right, for an hour at most"

func (a *App) newRenewer(o Options) *renewer {
	return &renewer{
		log: o.Log, clock: o.Clock, reload: o.Reload, inUse: o.Config, certificate: a.certificate,
		refused: map[string]sum{}, said: map[string]string{},
		secrets: []renewable{
			{
				name: "SLACK_BOT_TOKEN", at: func(c *config.Config) *config.Secret { return &c.SlackBotToken },
				use: func(ctx context.Context, c config.Config) error { return a.line.RenewBot(ctx, a.slackClient(c)) },
			},
			{
				name: "SLACK_APP_TOKEN", at: func(c *config.Config) *config.Secret { return &c.SlackAppToken },
				use: func(ctx context.Context, c config.Config) error {
					if a.sockets == nil || !c.SlackAppToken.IsSet() {
						return errTransport
					}
					return a.line.RenewApp(ctx, a.slackClient(c))
				},
				says: "; connections that are open stay",
			},
			{
				name: "SLACK_SIGNING_SECRET", at: func(c *config.Config) *config.Secret { return &c.SlackSigningSecret },
				use: func(_ context.Context, c config.Config) error {
					a.door.Renew(c.SlackSigningSecret.Reveal())
					return nil
				},
				says: overlaps,
			},
			{
				name: "CONVEYOR_KEY", at: func(c *config.Config) *config.Secret { return &c.ConveyorKey },
				use: func(ctx context.Context, c config.Config) error {
					return a.conveyor.RenewKey(ctx, c.ConveyorKey.Reveal())
				},
			},
			{
				name: "CONVEYOR_WEBHOOK_SECRET", at: func(c *config.Config) *config.Secret { return &c.ConveyorWebhookSecret },
				use: func(_ context.Context, c config.Config) error {
					return a.conveyor.RenewWebhook(c.ConveyorWebhookSecret.Reveal())
				},
				says: overlaps,
			},
			{
				name: "FRONTDESK_API_TOKEN", at: func(c *config.Config) *config.Secret { return &c.FrontdeskAPIToken },
				use: func(_ context.Context, c config.Config) error {
					a.apiToken.Store(&c.FrontdeskAPIToken)
					return nil
				},
			},
		},
	}
}

// run renews at an interval, and whenever it is asked to, until the context
// ends.
func (r *renewer) run(ctx context.Context, every time.Duration, hangups <-chan os.Signal) {
	ticker := time.NewTicker(every)
	defer ticker.Stop()
	for {
		select {
		case <-hangups:
			r.log.Info("SIGHUP: secrets and certificate are read again")
			r.renew(ctx, true)
		case <-ticker.C:
			r.renew(ctx, false)
		case <-ctx.Done():
			return
		}
	}
}

// renew takes up what has changed. Somebody who asked hears also what did not.
func (r *renewer) renew(ctx context.Context, asked bool) {
	r.renewCertificate(asked)
	fresh, err := r.reload()
	if err != nil {
		// A problem never holds a secret.
		r.say(asked, "settings", err.Error(), logrus.ErrorLevel, "the settings cannot be read again, and all secrets stay as they are: "+oneLine(err))
		return
	}
	delete(r.said, "settings")
	for _, s := range r.secrets {
		r.renewSecret(ctx, s, *s.at(&fresh), asked)
	}
	if asked {
		r.nameTheRest(fresh)
	}
}

func (r *renewer) renewSecret(ctx context.Context, s renewable, fresh config.Secret, asked bool) {
	changed := sum(sha256.Sum256([]byte(fresh.Reveal())))
	switch {
	case fresh == *s.at(&r.inUse):
		delete(r.refused, s.name)
		delete(r.said, s.name)
		return
	case !asked && r.refused[s.name] == changed:
		return
	case !asked && !fresh.IsSet():
		// A file that is being written lacks what comes later in it.
		r.say(asked, s.name, "gone", logrus.WarnLevel, s.name+" is gone from the settings; the one in use stays until SIGHUP or a restart")
		return
	}
	wanted := r.inUse
	*s.at(&wanted) = fresh
	ctx, cancel := context.WithTimeout(ctx, tryWithin)
	defer cancel()
	err := s.use(ctx, wanted)
	switch {
	case errors.Is(ctx.Err(), context.Canceled):
	case isPassing(err):
		r.say(asked, s.name, string(changed[:]), logrus.WarnLevel,
			"the new "+s.name+" cannot be tried now, and the one before stays in use; it is tried again in a minute: "+oneLine(err))
	case err != nil:
		r.refused[s.name] = changed
		r.log.WithError(err).Errorf("the new %s is refused, and the one before stays in use", s.name)
	default:
		r.inUse = wanted
		delete(r.refused, s.name)
		delete(r.said, s.name)
		r.log.Info(s.name + " was renewed" + s.says)
	}
}

// nameTheRest says what else has changed, or that nothing has.
func (r *renewer) nameTheRest(fresh config.Config) {
	others := slices.DeleteFunc(r.inUse.Differences(fresh), func(name string) bool {
		return slices.ContainsFunc(r.secrets, func(s renewable) bool { return s.name == name })
	})
	if len(others) > 0 {
		r.log.Warnf("these settings have changed, and count from the next start on: %s", strings.Join(others, ", "))
	}
	if len(r.inUse.Differences(fresh)) == 0 {
		r.log.Info("the secrets in use are those in the settings")
	}
}

func (r *renewer) renewCertificate(asked bool) {
	if r.certificate == nil {
		return
	}
	changed, err := r.certificate.Reload()
	if err != nil {
		r.say(asked, "certificate", err.Error(), logrus.ErrorLevel, "the certificate cannot be read again, and the one before is still shown: "+oneLine(err))
		return
	}
	delete(r.said, "certificate")
	ends := r.certificate.Leaf().NotAfter
	if changed {
		r.log.Infof("TLS: the certificate was renewed; the new one ends on %s", ends.Format(time.DateOnly))
	}
	if now := r.clock(); ends.Sub(now) < expiresSoon {
		r.say(false, "expiry", now.Format(time.DateOnly), logrus.WarnLevel, "TLS: the certificate ends on "+ends.Format(time.DateTime)+"; renew it")
	}
}

// say logs a line unless the same was said of the thing before. Somebody who
// asked hears it again.
func (r *renewer) say(asked bool, thing, state string, level logrus.Level, line string) {
	if !asked && r.said[thing] == state {
		return
	}
	r.said[thing] = state
	r.log.Log(level, line)
}

func oneLine(err error) string { return strings.Join(strings.Split(err.Error(), "\n"), "; ") }

// openCertificate reads the certificate, if there is one to show.
func (a *App) openCertificate(o Options) error {
	if !o.Config.TLS() {
		return nil
	}
	var err error
	if a.certificate, err = web.LoadCertificate(o.Config.TLSCertFile, o.Config.TLSKeyFile); err != nil {
		return fmt.Errorf("set up TLS: %w", err)
	}
	leaf := a.certificate.Leaf()
	o.Log.Infof("TLS: HTTPS only, with a certificate for %s that ends on %s",
		strings.Join(leaf.DNSNames, ", "), leaf.NotAfter.Format(time.DateOnly))
	return nil
}
