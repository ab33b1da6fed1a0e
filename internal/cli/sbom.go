package cli

import (
	"errors"
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"github.com/frontdesk-hq/frontdesk/internal/sbom"
)

func sbomCommand(w World) *cobra.Command {
	return &cobra.Command{
		Use:   "sbom [BINARY]",
		Short: "Print what this binary is made of, as a CycloneDX SBOM",
		Long: "Print the bill of materials of this binary, or of another one that Go has built: each module inside it with\n" +
			"its version and its hash, in the JSON form of CycloneDX.",
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) > 1 {
				return &usageError{errors.New("name one binary, or none for this one")}
			}
			return nil
		},
		RunE: func(_ *cobra.Command, args []string) error {
			if len(args) == 1 {
				return sbom.Write(w.Stdout, args[0])
			}
			self, err := os.Executable()
			if err != nil {
				return fmt.Errorf("find this binary: %w", err)
			}
			return sbom.Write(w.Stdout, self)
		},
	}
}
