package store_test

import (
	"context"
	"net/url"
	"strings"
	"testing"
	"time"

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
