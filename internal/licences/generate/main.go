// Command generate writes docs/licences.md, in the checkout that it is run in.
// With -texts it prints the whole texts of the licences instead.
package main

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"os"

	"github.com/frontdesk-hq/frontdesk/internal/licences"
)

func main() {
	texts := flag.Bool("texts", false, "print the whole texts")
	flag.Parse()
	if err := run(context.Background(), *texts); err != nil {
		fmt.Fprintln(os.Stderr, "generate:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, texts bool) error {
	modules, err := licences.Modules(ctx, ".")
	if err != nil {
		return err
	}
	if texts {
		return licences.WriteTexts(os.Stdout, modules)
	}
	bundled, err := licences.Bundled(".")
	if err != nil {
		return err
	}
	var page bytes.Buffer
	if err := licences.WritePage(&page, modules, bundled); err != nil {
		return err
	}
	if err := os.WriteFile("docs/licences.md", page.Bytes(), 0o644); err != nil { //nolint:gosec // a document for everybody
		return fmt.Errorf("write the page of licences: %w", err)
	}
	return nil
}
