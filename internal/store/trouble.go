package store

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"syscall"

	"github.com/jackc/pgx/v5/pgconn"
	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

// Trouble says what is wrong with a database, and what an operator can do. Its
// text names no address and no path.
type Trouble string

// The troubles that are told apart.
const (
	TroubleFull     Trouble = "the disk of the database is full: free some space"
	TroubleReadOnly Trouble = "the database cannot be written: make its disk, or its server, writable again"
	TroubleDamaged  Trouble = "the database is damaged: stop Frontdesk, put a copy in its place, and start it again"
	TroubleDisk     Trouble = "the disk of the database fails: look at the machine's own log"
	TroubleAccess   Trouble = "the database is not accessible: look at the rights to its file, or of its user"
	TroubleGone     Trouble = "the database does not answer: see whether its server runs and can be reached"
	TroubleSlow     Trouble = "the database takes too long for a small write: see what keeps it busy, and whether it can be reached"
	TroubleOther    Trouble = "the database reports an error: the log says which"
)

// TroubleOf gives what an error says of the database, empty if it is not of the
// database.
func TroubleOf(err error) Trouble {
	if e, ok := errors.AsType[*sqlite.Error](err); ok {
		return sqliteTrouble(e.Code() & 0xff) // what is above says more than is asked
	}
	if e, ok := errors.AsType[*pgconn.PgError](err); ok {
		return postgresTrouble(e.Code)
	}
	_, connecting := errors.AsType[*pgconn.ConnectError](err)
	_, network := errors.AsType[*net.OpError](err) // net.Error would be any error of the system
	switch {
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT):
		return TroubleFull
	case errors.Is(err, syscall.EROFS):
		return TroubleReadOnly
	case errors.Is(err, syscall.EACCES), errors.Is(err, syscall.EPERM):
		return TroubleAccess
	case connecting:
		return TroubleGone
	case errors.Is(err, context.DeadlineExceeded):
		return TroubleSlow
	case network, errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return TroubleGone
	}
	return ""
}

func sqliteTrouble(code int) Trouble {
	switch code {
	case sqlite3.SQLITE_FULL:
		return TroubleFull
	case sqlite3.SQLITE_READONLY:
		return TroubleReadOnly
	case sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB:
		return TroubleDamaged
	case sqlite3.SQLITE_IOERR:
		return TroubleDisk
	case sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM, sqlite3.SQLITE_AUTH:
		return TroubleAccess
	case sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED:
		return TroubleSlow
	}
	return TroubleOther
}

// postgresTrouble reads a SQLSTATE (PostgreSQL's documentation, appendix A).
func postgresTrouble(state string) Trouble {
	switch {
	case state == "53100":
		return TroubleFull
	case state == "25006":
		return TroubleReadOnly
	case state == "XX001", state == "XX002":
		return TroubleDamaged
	case strings.HasPrefix(state, "58"):
		return TroubleDisk
	case strings.HasPrefix(state, "28"), state == "42501", state == "3D000":
		return TroubleAccess
	case strings.HasPrefix(state, "08"), strings.HasPrefix(state, "57P"), state == "53300":
		return TroubleGone
	case state == "55P03", state == "57014":
		return TroubleSlow
	}
	return TroubleOther
}

// WithRemedy says beside an error of the database what can be done.
func WithRemedy(err error) error {
	if t := TroubleOf(err); t != "" && t != TroubleOther {
		return fmt.Errorf("%w (%s)", err, t)
	}
	return err
}
