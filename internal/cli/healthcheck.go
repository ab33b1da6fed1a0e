package cli

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"github.com/frontdesk-hq/frontdesk/internal/config"
)

// askAgain is how long a health check waits when Frontdesk answers that too
// many ask at once.
const askAgain = 100 * time.Millisecond

// longestAsk bounds one question even where --within allows more.
const longestAsk = 10 * time.Second

// errBusy says that Frontdesk answers, but not to one more at this moment.
var errBusy = errors.New("it answers that too many ask at once")

func healthcheckCommand() *cobra.Command {
	var (
		envFile string
		within  time.Duration
	)
	cmd := &cobra.Command{
		Use:   "healthcheck",
		Short: "Ask the Frontdesk of this machine whether it lives",
		Long: "Ask /healthz of the Frontdesk that runs here with the same settings, for container images, which have\n" +
			"no other program to ask with. It says nothing if all is well. Exit code 0: it lives; 1: it does not\n" +
			"answer; 2: the settings cannot be used.",
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			serving, err := config.LoadServing(config.Options{EnvFile: envFile, Environ: config.Environ()})
			if err != nil {
				return err
			}
			if serving.Port == 0 {
				return &usageError{errors.New("with PORT=0 nobody knows which port to ask; set PORT to a number")}
			}
			ctx, cancel := context.WithTimeoutCause(cmd.Context(), within, fmt.Errorf("there was no answer within %v", within))
			defer cancel()
			if err := askHealth(ctx, serving.Scheme, serving.Port); err != nil {
				return fmt.Errorf("not healthy: %w", err)
			}
			return nil
		},
	}
	cmd.Flags().StringVar(&envFile, "env-file", ".env", "the file with settings; the real environment wins over it")
	cmd.Flags().DurationVar(&within, "within", 3*time.Second, "how long to wait for the answer")
	return cmd
}

// askHealth asks the Frontdesk at this port until it says that it lives, or
// anything but that it is busy.
func askHealth(ctx context.Context, scheme string, port int) error {
	// Straight to this machine: a proxy of the environment is for elsewhere, and
	// the certificate names the public address.
	client := &http.Client{
		Timeout: longestAsk,
		Transport: &http.Transport{
			DisableKeepAlives: true,
			TLSClientConfig:   &tls.Config{InsecureSkipVerify: true}, //nolint:gosec // it asks 127.0.0.1, sends no secret and believes no more than that somebody answers
		},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	address := scheme + "://" + net.JoinHostPort("127.0.0.1", strconv.Itoa(port)) + "/healthz"
	pause := time.NewTicker(askAgain)
	defer pause.Stop()
	for {
		err := askOnce(ctx, client, address)
		switch {
		case err == nil:
			return nil
		case ctx.Err() != nil:
			return fmt.Errorf("ask for health: %w", context.Cause(ctx))
		case !errors.Is(err, errBusy):
			return err
		}
		select {
		case <-pause.C:
		case <-ctx.Done():
			return fmt.Errorf("ask for health: %w: %w", context.Cause(ctx), err)
		}
	}
}

func askOnce(ctx context.Context, client *http.Client, address string) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return fmt.Errorf("ask for health: %w", err)
	}
	res, err := client.Do(req)
	if err != nil {
		return fmt.Errorf("ask for health: %w", err)
	}
	defer func() { _ = res.Body.Close() }()
	_, _ = io.Copy(io.Discard, io.LimitReader(res.Body, 1<<10))
	switch res.StatusCode {
	case http.StatusOK:
		return nil
	case http.StatusServiceUnavailable:
		return errBusy
	}
	return fmt.Errorf("%s answers %s", address, res.Status)
}
