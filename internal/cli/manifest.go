package cli

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"strings"

	"github.com/spf13/cobra"
	"go.yaml.in/yaml/v3"

	"github.com/frontdesk-hq/frontdesk/internal/slackapp"
)

func manifestCommand(w World) *cobra.Command {
	var (
		address, format string
		socketMode      bool
	)
	cmd := &cobra.Command{
		Use:   "manifest (--url https://… | --socket-mode)",
		Short: "Print the manifest to create the Slack app from",
		Long: "Print the manifest to paste into https://api.slack.com/apps, Create New App, From a manifest.\n" +
			"It has the scopes and addresses that Frontdesk needs, and no others.",
		Args: noArguments,
		RunE: func(*cobra.Command, []string) error {
			if socketMode == (address != "") {
				return &usageError{errors.New("give either --url with the address at which Slack reaches Frontdesk, or --socket-mode")}
			}
			base, err := publicAddress(address)
			if err != nil {
				return err
			}
			return printManifest(w, slackapp.NewManifest(base), format)
		},
	}
	cmd.Flags().StringVar(&address, "url", "", "the public https:// address of Frontdesk")
	cmd.Flags().BoolVar(&socketMode, "socket-mode", false, "for Socket Mode, which needs no address")
	cmd.Flags().StringVar(&format, "format", "yaml", "yaml or json")
	return cmd
}

// publicAddress checks an address that Slack is to call, and gives it without a
// slash at its end. Slack calls https only.
func publicAddress(text string) (string, error) {
	if text == "" {
		return "", nil
	}
	u, err := url.Parse(text)
	if err != nil || u.Scheme != "https" || u.Hostname() == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		return "", &usageError{errors.New("--url has to be a whole address such as https://frontdesk.example.com; Slack calls nothing but https")}
	}
	return strings.TrimRight(u.String(), "/"), nil
}

func printManifest(w World, m slackapp.Manifest, format string) error {
	var err error
	switch format {
	case "yaml":
		encoder := yaml.NewEncoder(w.Stdout)
		encoder.SetIndent(2)
		err = encoder.Encode(m)
	case "json":
		encoder := json.NewEncoder(w.Stdout)
		encoder.SetIndent("", "  ")
		err = encoder.Encode(m)
	default:
		return &usageError{fmt.Errorf("--format is yaml or json, not %q", format)}
	}
	if err != nil {
		return fmt.Errorf("print the manifest: %w", err)
	}
	return nil
}
