package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/frontdesk-hq/frontdesk/internal/check"
	"github.com/frontdesk-hq/frontdesk/internal/config"
)

// errChecked ends a check that found something wrong and has said so.
var errChecked = errors.New("the check has failed")

func checkCommand(w World) *cobra.Command {
	var (
		envFile   string
		asJSON    bool
		postATest bool
	)
	cmd := &cobra.Command{
		Use:   "check",
		Short: "Try every setting for real, and say what is wrong with it",
		Long: "Try every setting for real: the database, Slack, Conveyor, the public address and the clock.\n" +
			"Nothing is posted or decided. Exit code 0: all is well, perhaps with warnings; 1: something\n" +
			"would not work; 2: the settings cannot be used.",
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			settings, warnings, err := config.Load(config.Options{EnvFile: envFile, Environ: config.Environ()})
			lines := settingsLines(warnings, err)
			show := printer(w, asJSON)
			for _, line := range lines {
				show(line)
			}
			if err == nil {
				check.Run(cmd.Context(), check.Options{
					Config: settings, Clock: w.Clock, Version: version(), PostTestMessage: postATest,
				}, func(line check.Line) {
					lines = append(lines, line)
					show(line)
				})
			}
			switch {
			case err != nil:
				return &checkedSettingsError{}
			case cmd.Context().Err() != nil:
				return fmt.Errorf("the check was broken off: %w", context.Cause(cmd.Context()))
			case check.Worst(lines) == check.Failed:
				return errChecked
			}
			return nil
		},
	}
	cmd.Flags().StringVar(&envFile, "env-file", ".env", "the file with settings; the real environment wins over it")
	cmd.Flags().BoolVar(&asJSON, "json", false, "one JSON object a line, for machines")
	cmd.Flags().BoolVar(&postATest, "post-test-message", false, "also post a message to the channel")
	return cmd
}

// checkedSettingsError ends a check whose settings cannot be used, after its
// lines have said why.
type checkedSettingsError struct{}

// Error sums up what the lines say.
func (*checkedSettingsError) Error() string { return "the settings cannot be used" }

func settingsLines(warnings []config.Warning, err error) []check.Line {
	const part = "settings"
	var lines []check.Line
	if problems, ok := errors.AsType[*config.Problems](err); ok {
		for _, p := range problems.List {
			lines = append(lines, check.Line{Part: part, Mark: check.Failed, Says: p.Name + " " + p.What, Remedy: p.Remedy})
		}
	}
	for _, warning := range warnings {
		lines = append(lines, check.Line{Part: part, Mark: check.Warning, Says: warning.Name + " " + warning.What, Remedy: warning.Remedy})
	}
	if len(lines) == 0 {
		lines = append(lines, check.Line{Part: part, Mark: check.OK, Says: "complete"})
	}
	return lines
}

// printer gives what prints a line: for people with a sign in front, for
// machines as JSON.
func printer(w World, asJSON bool) func(check.Line) {
	if asJSON {
		encoder := json.NewEncoder(w.Stdout)
		return func(line check.Line) { _ = encoder.Encode(line) }
	}
	signs := map[check.Mark]string{check.OK: "✓", check.Skipped: "–", check.Warning: "!", check.Failed: "✗"}
	return func(line check.Line) {
		_, _ = fmt.Fprintf(w.Stdout, "%s %-15s %s\n", signs[line.Mark], line.Part, line.Says)
		if line.Remedy != "" {
			_, _ = fmt.Fprintf(w.Stdout, "  %-15s → %s\n", "", line.Remedy)
		}
	}
}
