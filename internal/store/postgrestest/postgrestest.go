// Package postgrestest gives tests a PostgreSQL database of their own.
//
// It is for tests only, of this package's neighbours and of the whole
// application, and imports nothing of ours. It promises a new, empty database
// for each call, which is dropped when the test ends.
package postgrestest

import (
	"context"
	"crypto/rand"
	"net/url"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

// variable names the server: a postgres:// address of a database in which the
// user may create others.
const variable = "FRONTDESK_TEST_POSTGRES_URL"

// patience bounds what the server may take to create or drop a database. It is
// long, because many tests ask at once.
const patience = time.Minute

// URL creates a database and gives its address. Without a server the test is
// skipped, but where CI=true it fails: there, nobody would notice the skip.
func URL(tb testing.TB) string {
	tb.Helper()
	server := os.Getenv(variable) //nolint:forbidigo // a test has no configuration to take it from
	ci := os.Getenv("CI")         //nolint:forbidigo // the same
	switch {
	case server == "" && ci == "true":
		tb.Fatalf("%s is not set; it is required where CI=true", variable)
	case server == "":
		tb.Skipf("%s is not set; set it to a postgres:// address whose user may create databases", variable)
	}
	address, err := url.Parse(server)
	if err != nil || !strings.HasPrefix(address.Scheme, "postgres") {
		tb.Fatalf("%s is not a postgres:// address", variable)
	}
	name := "frontdesk_test_" + strings.ToLower(rand.Text())
	run(tb, server, "CREATE DATABASE "+name)
	tb.Cleanup(func() {
		// FORCE, because a test that failed may have left connections open.
		run(tb, server, "DROP DATABASE IF EXISTS "+name+" WITH (FORCE)")
	})
	address.Path = "/" + name
	return address.String()
}

func run(tb testing.TB, server, statement string) {
	tb.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	conn, err := pgx.Connect(ctx, server)
	if err != nil {
		tb.Fatalf("connect to the server of %s: %v", variable, err)
	}
	defer func() { _ = conn.Close(ctx) }()
	if _, err := conn.Exec(ctx, statement); err != nil {
		tb.Fatalf("%s: %v", statement, err)
	}
}
