package store_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/stretchr/testify/require"

	"github.com/frontdesk-hq/frontdesk/internal/store"
	"github.com/frontdesk-hq/frontdesk/internal/store/postgrestest"
)

func TestWhatAnErrorSaysOfTheDatabase(t *testing.T) {
	t.Parallel()
	for want, errs := range map[store.Trouble][]error{
		store.TroubleFull:     {postgres("53100"), &os.PathError{Err: syscall.ENOSPC}},
		store.TroubleReadOnly: {postgres("25006"), &os.PathError{Err: syscall.EROFS}},
		store.TroubleDamaged:  {postgres("XX001"), postgres("XX002")},
		store.TroubleDisk:     {postgres("58030")},
		store.TroubleAccess:   {postgres("28P01"), postgres("42501"), postgres("3D000"), &os.PathError{Err: syscall.EACCES}},
		store.TroubleGone:     {postgres("57P01"), postgres("57P03"), postgres("08006"), postgres("53300"), io.ErrUnexpectedEOF, &pgconn.ConnectError{}},
		store.TroubleSlow:     {postgres("55P03"), postgres("57014"), context.DeadlineExceeded},
		store.TroubleOther:    {postgres("42P01")},
		"":                    {nil, errors.New("something else"), context.Canceled},
	} {
		for _, err := range errs {
			require.Equal(t, want, store.TroubleOf(err), "%v", err)
			if err != nil {
				require.Equal(t, want, store.TroubleOf(fmt.Errorf("do something: %w", errors.Join(errors.New("x"), err))), "%v", err)
			}
		}
	}
}

func postgres(state string) error { return &pgconn.PgError{Code: state} }

// TestPingReallyWrites: what changes nothing would never meet a full disk.
func TestPingReallyWrites(t *testing.T) {
	t.Parallel()
	for name, address := range map[string]func(t *testing.T) string{
		"sqlite":   func(t *testing.T) string { t.Helper(); return "sqlite:" + filepath.Join(t.TempDir(), "frontdesk.db") },
		"postgres": func(t *testing.T) string { t.Helper(); return postgrestest.URL(t) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := open(t, address(t))
			if db := s.SQLite(); db != nil {
				size := func() int64 {
					var file string
					require.NoError(t, db.QueryRowContext(t.Context(), `SELECT file FROM pragma_database_list`).Scan(&file))
					wal, err := os.Stat(file + "-wal")
					require.NoError(t, err)
					return wal.Size()
				}
				require.NoError(t, s.Ping(t.Context()))
				before := size()
				require.NoError(t, s.Ping(t.Context()))
				require.Greater(t, size(), before)
				return
			}
			var before, after string
			require.NoError(t, s.Ping(t.Context()))
			require.NoError(t, s.Pool().QueryRow(t.Context(), `SELECT xmin::text FROM beats`).Scan(&before))
			require.NoError(t, s.Ping(t.Context()))
			require.NoError(t, s.Pool().QueryRow(t.Context(), `SELECT xmin::text FROM beats`).Scan(&after))
			require.NotEqual(t, before, after, "another transaction wrote the row")
		})
	}
}

func TestAFileThatIsNoDatabaseIsSaidWithARemedy(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "frontdesk.db")
	require.NoError(t, os.WriteFile(file, []byte("this is a letter to my grandmother, and no database at all"), 0o600))
	_, err := store.Open(t.Context(), "sqlite:"+file)
	require.ErrorContains(t, err, string(store.TroubleDamaged))
}
