// Command generate writes .env.example and docs/configuration.md from the declared settings. It can be run anywhere
// inside the checkout.
package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/frontdesk-hq/frontdesk/internal/config"
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "generate:", err)
		os.Exit(1)
	}
}

func run() error {
	root, err := moduleRoot()
	if err != nil {
		return err
	}
	for _, document := range []struct {
		path  string
		write func(io.Writer) error
	}{
		{".env.example", config.WriteEnvExample},
		{filepath.Join("docs", "configuration.md"), config.WriteMarkdown},
	} {
		var content bytes.Buffer
		if err := document.write(&content); err != nil {
			return fmt.Errorf("generate %s: %w", document.path, err)
		}
		path := filepath.Join(root, document.path)
		if err := os.WriteFile(path, content.Bytes(), 0o644); err != nil { //nolint:gosec // documents for everybody
			return fmt.Errorf("generate %s: %w", document.path, err)
		}
	}
	return nil
}

func moduleRoot() (string, error) {
	at, err := os.Getwd()
	if err != nil {
		return "", fmt.Errorf("find the checkout: %w", err)
	}
	for {
		if _, err := os.Stat(filepath.Join(at, "go.mod")); err == nil {
			return at, nil
		}
		if filepath.Dir(at) == at {
			return "", errors.New("find the checkout: there is no go.mod here or above")
		}
		at = filepath.Dir(at)
	}
}
