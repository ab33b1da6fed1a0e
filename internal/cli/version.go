package cli

import (
	"encoding/json"
	"fmt"
	"io"
	"runtime"
	"runtime/debug"
	"text/tabwriter"

	"github.com/spf13/cobra"
)

// build is what the binary was built from, as Go wrote it into the binary. It
// is the same for the same commit, whoever builds it and when.
type build struct {
	Version  string `json:"version"`
	Commit   string `json:"commit,omitempty"`
	Date     string `json:"date,omitempty"` // of the commit, RFC 3339
	Modified bool   `json:"modified"`       // there were changes that are not in the commit
	Go       string `json:"go_version"`
	Platform string `json:"platform"` // such as linux/amd64
}

func versionCommand(w World) *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "version",
		Short: "Print what this binary was built from",
		Args:  noArguments,
		RunE: func(*cobra.Command, []string) error {
			if asJSON {
				encoder := json.NewEncoder(w.Stdout)
				encoder.SetIndent("", "  ")
				if err := encoder.Encode(built()); err != nil {
					return fmt.Errorf("print the version: %w", err)
				}
				return nil
			}
			return built().print(w.Stdout)
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "as a JSON object, for machines")
	return cmd
}

func (b build) print(out io.Writer) error {
	commit := b.Commit
	if b.Modified {
		commit += ", with changes"
	}
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	_, _ = fmt.Fprintf(table, "frontdesk\t%s\n", b.Version)
	if b.Commit != "" {
		_, _ = fmt.Fprintf(table, "commit\t%s\ndate\t%s\n", commit, b.Date)
	}
	_, _ = fmt.Fprintf(table, "go\t%s\nplatform\t%s\n", b.Go, b.Platform)
	if err := table.Flush(); err != nil {
		return fmt.Errorf("print the version: %w", err)
	}
	return nil
}

// built reads what Go wrote into this binary.
func built() build {
	b := build{Version: "(devel)", Go: runtime.Version(), Platform: runtime.GOOS + "/" + runtime.GOARCH}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return b
	}
	if info.Main.Version != "" {
		b.Version = info.Main.Version
	}
	for _, setting := range info.Settings {
		switch setting.Key {
		case "vcs.revision":
			b.Commit = setting.Value
		case "vcs.time":
			b.Date = setting.Value
		case "vcs.modified":
			b.Modified = setting.Value == "true"
		}
	}
	return b
}

// version gives the version alone.
func version() string { return built().Version }
