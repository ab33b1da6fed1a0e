package store_test

import (
	"context"
	"errors"
	"net"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/frontdesk-hq/frontdesk/internal/approval"
	"github.com/frontdesk-hq/frontdesk/internal/store"
	"github.com/frontdesk-hq/frontdesk/internal/store/postgrestest"
)

func TestPostgresIsReady(t *testing.T) {
	t.Parallel()
	s := open(t, postgrestest.URL(t))
	require.Equal(t, store.Postgres, s.Kind())
	require.Nil(t, s.SQLite())
	require.NotNil(t, s.Pool())
	require.NoError(t, s.Ping(t.Context()))
	// Claims of a process that died run out by themselves: others may be alive.
	require.NoError(t, s.FreeClaims(t.Context()))

	ended, cancel := context.WithCancel(t.Context())
	cancel()
	require.Error(t, s.Ping(ended))
}

// TestPostgresConnectionsAreBounded: a server that takes connections and says
// nothing is given up, and so is a transaction in which nothing more happens;
// DATABASE_URL can say how soon.
func TestPostgresConnectionsAreBounded(t *testing.T) {
	t.Parallel()
	address := postgrestest.URL(t)
	shows := func(url string) (shown string) {
		t.Helper()
		require.NoError(t, open(t, url).Pool().QueryRow(t.Context(), "SHOW idle_in_transaction_session_timeout").Scan(&shown))
		return shown
	}
	require.Equal(t, "1min", shows(address))
	with, err := url.Parse(address)
	require.NoError(t, err)
	query := with.Query()
	query.Set("idle_in_transaction_session_timeout", "7s")
	with.RawQuery = query.Encode()
	require.Equal(t, "7s", shows(with.String()))

	var lc net.ListenConfig
	silent, err := lc.Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, silent.Close()) })
	for name, query := range map[string]string{"by itself": "", "as said": "&connect_timeout=1"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := store.Open(t.Context(), "postgres://x@"+silent.Addr().String()+"/x?sslmode=disable"+query)
			require.ErrorContains(t, err, "open the PostgreSQL database")
		})
	}
}

// A deadline may end anywhere in a transaction, also between two statements:
// then the connection must be left to the one who closes it. A click's does on
// a server that is too slow, and the driver panics if both use it.
func TestPostgresDeadlinesEndAnywhere(t *testing.T) {
	t.Parallel()
	s := open(t, postgrestest.URL(t))
	addRequest(t, s, "r1")
	inTime, attempts := make(chan int, 32), 60
	for i := range cap(inTime) {
		go func() {
			done := 0
			for try := range attempts {
				ctx, cancel := context.WithTimeout(t.Context(), time.Duration((i*attempts+try)%120)*100*time.Microsecond)
				err := s.InTx(ctx, func(ctx context.Context, tx approval.Tx) error {
					r, err := tx.Request(ctx, "r1")
					if err != nil {
						return err
					}
					r.Effect.Attempts++
					return errors.Join(tx.SaveBookkeeping(ctx, r), tx.NoticeSent(ctx, "none", r.ReceivedAt))
				})
				cancel()
				if err == nil {
					done++
				}
			}
			inTime <- done
		}()
	}
	done := 0
	for range cap(inTime) {
		done += <-inTime
	}
	r, err := s.Request(t.Context(), "r1")
	require.NoError(t, err)
	require.GreaterOrEqual(t, r.Effect.Attempts, done, "what was said to be durable is not there")
}

func TestPostgresReplicasStartTogether(t *testing.T) {
	t.Parallel()
	address := postgrestest.URL(t)
	const replicas = 4
	opened := make(chan error, replicas)
	for range replicas {
		go func() {
			s, err := store.Open(t.Context(), address)
			if err == nil {
				err = s.Close()
			}
			opened <- err
		}()
	}
	for range replicas {
		require.NoError(t, <-opened)
	}
}

func TestPostgresSharesRequests(t *testing.T) {
	t.Parallel()
	address := postgrestest.URL(t)
	one, two := open(t, address), open(t, address)
	addRequest(t, one, "r1")
	_, err := two.Request(t.Context(), "r1")
	require.NoError(t, err)

	// While one has the request in a transaction, the other waits, but not
	// beyond its deadline.
	require.NoError(t, one.InTx(t.Context(), func(ctx context.Context, tx approval.Tx) error {
		_, err := tx.Request(ctx, "r1")
		require.NoError(t, err)
		short, cancel := context.WithTimeout(ctx, 100*time.Millisecond)
		defer cancel()
		err = two.InTx(short, func(ctx context.Context, tx approval.Tx) error {
			_, err := tx.Request(ctx, "r1")
			return err
		})
		require.Error(t, err)
		require.ErrorIs(t, short.Err(), context.DeadlineExceeded)
		return nil
	}))
	require.NoError(t, two.Ping(t.Context()))
}

func TestBadAddressKeepsThePassword(t *testing.T) {
	t.Parallel()
	const password = "s3cr3t-p4ss"
	for name, address := range map[string]string{
		"no server":        "postgres://frontdesk:" + password + "@127.0.0.1:1/frontdesk?sslmode=disable&connect_timeout=2",
		"bad port":         "postgres://frontdesk:" + password + "@127.0.0.1:port/frontdesk",
		"bad escape":       "postgres://frontdesk:" + password + "%zz@127.0.0.1/frontdesk",
		"bad option":       "postgres://frontdesk:" + password + "@127.0.0.1/frontdesk?sslmode=perhaps",
		"password in path": "postgres://127.0.0.1:1/" + password + "@x?sslmode=perhaps",
		"password as key":  "postgres://127.0.0.1:1/frontdesk?sslmode=disable&connect_timeout=2&password=" + password,
		"other database":   "mysql://frontdesk:" + password + "@127.0.0.1/frontdesk",
		"key and value":    "host=127.0.0.1 port=1 password=" + password,
		"one connection":   "postgres://frontdesk:" + password + "@127.0.0.1:1/frontdesk?pool_max_conns=1",
		"nothing":          "",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := store.Open(t.Context(), address)
			require.ErrorContains(t, err, "open the ")
			require.NotContains(t, err.Error(), password)
		})
	}
}

func TestPostgresRefusesThePassword(t *testing.T) {
	t.Parallel()
	address, err := url.Parse(postgrestest.URL(t))
	require.NoError(t, err)
	address.User = url.UserPassword("frontdesk_nobody", "s3cr3t-p4ss")
	_, err = store.Open(t.Context(), address.String())
	require.Error(t, err)
	require.NotContains(t, err.Error(), "s3cr3t-p4ss")
	require.True(t, strings.HasPrefix(err.Error(), "open the PostgreSQL database: "), err.Error())
}

// What the job queue commits by itself waits for no flush of the disk; what is
// committed in InTx does, or whatever the server is set up to do.
func TestPostgresIsDurable(t *testing.T) {
	t.Parallel()
	s := open(t, postgrestest.URL(t))
	for range 2 {
		var within, usual, beside string
		require.NoError(t, s.InTx(t.Context(), func(ctx context.Context, tx approval.Tx) error {
			raw, ok := tx.(interface{ Raw() any }).Raw().(pgx.Tx)
			require.True(t, ok)
			return raw.QueryRow(ctx, `SELECT setting, reset_val FROM pg_settings WHERE name = 'synchronous_commit'`).Scan(&within, &usual)
		}))
		require.NoError(t, s.Pool().QueryRow(t.Context(), `SHOW synchronous_commit`).Scan(&beside))
		require.NotEqual(t, "off", usual, "the server under test is set up to lose what was committed")
		require.Equal(t, usual, within)
		require.Equal(t, "off", beside)
	}
}
