package config

import (
	"fmt"
	"io"
	"net/url"
	"strings"
)

const hidden = "[secret]"

// Secret is a text that does not print. Only Reveal gives it away.
type Secret string

// Reveal returns the text itself.
func (s Secret) Reveal() string { return string(s) }

// IsSet reports whether there is a text at all.
func (s Secret) IsSet() bool { return s != "" }

// String hides the text.
func (s Secret) String() string { return hidden }

// GoString hides the text from %#v.
func (s Secret) GoString() string { return hidden }

// Format hides the text from every verb, also from %x and %q.
func (s Secret) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, hidden) }

// MarshalText hides the text.
func (s Secret) MarshalText() ([]byte, error) { return []byte(hidden), nil }

// MarshalJSON hides the text.
func (s Secret) MarshalJSON() ([]byte, error) { return []byte(`"` + hidden + `"`), nil }

const sqliteScheme = "sqlite:"

// DatabaseURL says which database is used. It may hold a password, so it prints no more than a Secret does.
type DatabaseURL string

// Reveal returns the address itself.
func (d DatabaseURL) Reveal() string { return string(d) }

// IsPostgres reports whether the database is PostgreSQL; if not, it is SQLite.
func (d DatabaseURL) IsPostgres() bool { return !strings.HasPrefix(string(d), sqliteScheme) }

// SQLitePath returns the path of the SQLite file, or nothing for PostgreSQL.
func (d DatabaseURL) SQLitePath() string {
	path, isSQLite := strings.CutPrefix(string(d), sqliteScheme)
	if !isSQLite {
		return ""
	}
	return path
}

// Redacted returns what an operator may see: of PostgreSQL the scheme, the host and the database, without the user
// and without the parameters, of which some may be passwords too.
func (d DatabaseURL) Redacted() string {
	if !d.IsPostgres() {
		return string(d)
	}
	address, err := url.Parse(string(d))
	if err != nil {
		return hidden
	}
	return address.Scheme + "://" + address.Host + address.EscapedPath()
}

// String hides the address.
func (d DatabaseURL) String() string { return hidden }

// GoString hides the address from %#v.
func (d DatabaseURL) GoString() string { return hidden }

// Format hides the address from every verb.
func (d DatabaseURL) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, hidden) }

// MarshalText hides the address.
func (d DatabaseURL) MarshalText() ([]byte, error) { return []byte(hidden), nil }

// MarshalJSON hides the address.
func (d DatabaseURL) MarshalJSON() ([]byte, error) { return []byte(`"` + hidden + `"`), nil }
