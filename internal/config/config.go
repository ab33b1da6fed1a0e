// Package config is the only reader of the environment and of the .env file. It turns them into one typed Config or
// into the list of everything that is wrong with them, each with its remedy.
//
// It imports nothing of the rest of the project, so that everything may import it. It promises that no value of a
// setting is ever part of a problem, a warning or a printed Config when it is, or may be, a secret. The settings are
// declared once, in settings.go; .env.example and docs/configuration.md are written from there.
package config

import (
	"fmt"
	"maps"
	"net/netip"
	"os"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/caarlos0/env/v11"
)

//go:generate go run ./generate

// Config holds every setting. Which names fill it is said by the tags; what they mean, by Settings.
type Config struct {
	ConveyorKey           Secret         `env:"CONVEYOR_KEY"`
	ConveyorAPIURL        string         `env:"CONVEYOR_API_URL"` // without a slash at its end
	ConveyorAppURL        string         `env:"CONVEYOR_APP_URL"` // without a slash at its end, or empty
	ConveyorPollInterval  time.Duration  `env:"CONVEYOR_POLL_INTERVAL"`
	ConveyorPatience      time.Duration  `env:"CONVEYOR_PATIENCE"`
	ConveyorParams        Params         `env:"CONVEYOR_PARAMS"`
	ConveyorAuth          Auth           `env:"CONVEYOR_AUTH"`
	ConveyorWebhookSecret Secret         `env:"CONVEYOR_WEBHOOK_SECRET"`
	SlackBotToken         Secret         `env:"SLACK_BOT_TOKEN"`
	SlackSigningSecret    Secret         `env:"SLACK_SIGNING_SECRET"`
	SlackChannelID        string         `env:"SLACK_CHANNEL_ID"`
	SlackAppToken         Secret         `env:"SLACK_APP_TOKEN"`
	SlackAPIURL           string         `env:"SLACK_API_URL"` // with a slash at its end
	SlackPostsPerMinute   int            `env:"SLACK_POSTS_PER_MINUTE"`
	SlackUpdatesPerMinute int            `env:"SLACK_UPDATES_PER_MINUTE"`
	SlackFloodLimit       int            `env:"SLACK_FLOOD_LIMIT"`
	Reviewers             Reviewers      `env:"REVIEWERS"`
	Port                  int            `env:"PORT"`
	FrontdeskURL          string         `env:"FRONTDESK_URL"`   // without a slash at its end, or empty
	TLSCertFile           string         `env:"TLS_CERT_FILE"`   // a path, set together with TLSKeyFile
	TLSKeyFile            string         `env:"TLS_KEY_FILE"`    // a path
	TrustedProxies        []netip.Prefix `env:"TRUSTED_PROXIES"` // none of them is everybody
	FrontdeskAPIToken     Secret         `env:"FRONTDESK_API_TOKEN"`
	DatabaseURL           DatabaseURL    `env:"DATABASE_URL"`
	RetentionDays         int            `env:"RETENTION_DAYS"`
	FrontdeskDebugAddr    string         `env:"FRONTDESK_DEBUG_ADDR"`        // host:port of this machine, or empty
	OTLPEndpoint          string         `env:"OTEL_EXPORTER_OTLP_ENDPOINT"` // without a slash at its end, or empty
	OTLPHeaderList        Secret         `env:"OTEL_EXPORTER_OTLP_HEADERS"`
	OTELServiceName       string         `env:"OTEL_SERVICE_NAME"`
	OTELResourceList      string         `env:"OTEL_RESOURCE_ATTRIBUTES"`
	LogLevel              string         `env:"LOG_LEVEL"` // debug, info, warn or error
	LogFormat             LogFormat      `env:"LOG_FORMAT"`
}

// TLS reports whether Frontdesk speaks HTTPS itself.
func (c *Config) TLS() bool { return c.TLSCertFile != "" }

// Differences gives the names of the settings that two configurations have not
// in common.
func (c *Config) Differences(other Config) []string {
	var names []string
	mine, theirs := reflect.ValueOf(*c), reflect.ValueOf(other)
	for i := range mine.NumField() {
		if !reflect.DeepEqual(mine.Field(i).Interface(), theirs.Field(i).Interface()) {
			names = append(names, mine.Type().Field(i).Tag.Get("env"))
		}
	}
	return names
}

// Params says how parameters travel to Conveyor.
type Params string

// The ways of CONVEYOR_PARAMS.
const (
	ParamsJSON  Params = "json"
	ParamsQuery Params = "query"
)

// Auth says in which header the key travels to Conveyor.
type Auth string

// The headers of CONVEYOR_AUTH.
const (
	AuthAPIKey Auth = "x-api-key"
	AuthBearer Auth = "bearer"
)

// LogFormat says how log lines look.
type LogFormat string

// The formats of LOG_FORMAT.
const (
	LogText LogFormat = "text"
	LogJSON LogFormat = "json"
)

// Options say where the settings come from.
type Options struct {
	// EnvFile is the path of the .env file. A file that does not exist is fine; empty means none.
	EnvFile string
	// Environ is the environment as name=value, usually from Environ. It wins over the file.
	Environ []string
}

// Environ returns the environment of the process. Nothing else in the program reads it.
func Environ() []string {
	return os.Environ() //nolint:forbidigo // the one place that reads the environment
}

// Load reads the settings. The error, if any, is a *Problems with everything that is wrong; the warnings are there in
// both cases.
func Load(o Options) (Config, []Warning, error) {
	var problems []Problem
	file, problem := readEnvFile(o.EnvFile)
	if problem != nil {
		problems = append(problems, *problem)
	}
	warnings := misspelt(slices.Sorted(maps.Keys(file)))

	sources := []source{
		{where: "the environment", values: env.ToMap(o.Environ)},
		{where: "the .env file", values: file},
	}
	values := make(map[string]string)
	secrets, texts := []string{}, make(map[string]string)
	for _, setting := range Settings() {
		text, problem := setting.find(sources)
		if problem != nil {
			problems = append(problems, *problem)
			continue
		}
		texts[setting.Name] = text
		if setting.Secret && text != "" {
			secrets = append(secrets, text)
		}
	}
	for _, setting := range Settings() {
		if text, found := texts[setting.Name]; found {
			var wrong []Problem
			values[setting.Name], wrong = setting.read(text, texts)
			problems = append(problems, wrong...)
		}
	}
	if len(problems) > 0 {
		return Config{}, warnings, &Problems{List: withoutSecrets(problems, secrets)}
	}
	var c Config
	if err := c.fill(values); err != nil {
		return Config{}, warnings, err
	}
	return c, warnings, nil
}

// fill puts checked values into their fields. It fails only if the declarations and the fields disagree; what the
// library says of it is not passed on, because it may quote a value.
func (c *Config) fill(values map[string]string) error {
	err := env.ParseWithOptions(c, env.Options{
		Environment:     values,
		RequiredIfNoDef: true,
		FuncMap: map[reflect.Type]env.ParserFunc{
			reflect.TypeFor[Reviewers](): func(text string) (any, error) {
				reviewers, _ := parseReviewers(text)
				return reviewers, nil
			},
		},
	})
	if err != nil {
		return &Problems{List: []Problem{{
			Name:   "the settings",
			What:   "could not be stored although they are right",
			Remedy: "this is a fault of Frontdesk, please report it",
		}}}
	}
	return nil
}

// withoutSecrets is the last guard: a secret that was also typed into another setting is not printed there either.
func withoutSecrets(problems []Problem, secrets []string) []Problem {
	const tooShortToTell = 8
	for i := range problems {
		for _, secret := range secrets {
			if len(secret) >= tooShortToTell {
				problems[i].What = strings.ReplaceAll(problems[i].What, secret, fmt.Sprint(Secret(secret)))
			}
		}
	}
	return problems
}
