package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/frontdesk-hq/frontdesk/internal/approval"
	"github.com/frontdesk-hq/frontdesk/internal/jobs"
	"github.com/frontdesk-hq/frontdesk/internal/store"
)

// databases gives a subject a fresh database for each run, with so many pending
// requests whose messages are posted.
type databases interface {
	// fresh gives the DATABASE_URL of a new one, and what lets go of it.
	fresh(ctx context.Context, requests int) (url string, drop func(), err error)
	// remove lets go of everything.
	remove(ctx context.Context)
}

// noDatabase is for a subject that keeps nothing.
type noDatabase struct{}

func (noDatabase) fresh(context.Context, int) (string, func(), error) { return "", func() {}, nil }
func (noDatabase) remove(context.Context)                             {}

// seed fills a database.
func seed(ctx context.Context, databaseURL string, requests int, at time.Time) error {
	s, err := store.Open(ctx, databaseURL)
	if err != nil {
		return fmt.Errorf("seed: %w", err)
	}
	err = fill(ctx, s, requests, at)
	if err == nil {
		// The queue's tables are made too: a start is measured, not an installation.
		quiet := slog.New(slog.DiscardHandler)
		if s.Kind() == store.SQLite {
			_, err = jobs.NewSQLite(ctx, s.SQLite(), s.Reader(), quiet)
		} else {
			_, err = jobs.NewPostgres(ctx, s.Pool(), s.Reader(), quiet)
		}
	}
	if err = errors.Join(err, s.Close()); err != nil {
		return fmt.Errorf("seed %d requests: %w", requests, err)
	}
	return nil
}

func fill(ctx context.Context, s *store.Store, requests int, at time.Time) error {
	err := s.InTx(ctx, func(ctx context.Context, tx approval.Tx) error {
		if err := tx.SaveSource(ctx, "conveyor", approval.SourceRecord{GroupsKnown: true}); err != nil {
			return err
		}
		return tx.SaveGroups(ctx, "conveyor", groups())
	})
	const inOne = 1000
	for from := 0; from < requests && err == nil; from += inOne {
		err = s.InTx(ctx, func(ctx context.Context, tx approval.Tx) error {
			for i := from; i < min(from+inOne, requests); i++ {
				r, event, err := pending(i, at)
				if err != nil {
					return err
				}
				if _, err := tx.Receive(ctx, r, event); err != nil {
					return err
				}
			}
			return nil
		})
	}
	return err
}

// sqliteFiles copies a file that was seeded once.
type sqliteFiles struct {
	folder string
	now    time.Time
	runs   int
}

func (f *sqliteFiles) fresh(ctx context.Context, requests int) (string, func(), error) {
	template := filepath.Join(f.folder, fmt.Sprintf("template-%d.db", requests))
	if _, err := os.Stat(template); err != nil {
		if err := seed(ctx, "sqlite:"+template, requests, f.now); err != nil {
			return "", nil, err
		}
	}
	content, err := os.ReadFile(template) //nolint:gosec // our own file
	if err != nil {
		return "", nil, fmt.Errorf("read the seeded database: %w", err)
	}
	f.runs++
	run := filepath.Join(f.folder, fmt.Sprintf("run-%d", f.runs))
	path := filepath.Join(run, "frontdesk.db")
	if err := errors.Join(os.Mkdir(run, 0o700), os.WriteFile(path, content, 0o600)); err != nil { //nolint:gosec // below our own folder
		return "", nil, fmt.Errorf("copy the seeded database: %w", err)
	}
	return "sqlite:" + path, func() { _ = os.RemoveAll(run) }, nil
}

func (f *sqliteFiles) remove(context.Context) {} // the folder goes with the program

// postgresDatabases copies a database that was seeded once.
type postgresDatabases struct {
	server    string
	now       time.Time
	prefix    string
	templates map[int]string
	runs      int
}

func (p *postgresDatabases) fresh(ctx context.Context, requests int) (string, func(), error) {
	template, ok := p.templates[requests]
	if !ok {
		template = fmt.Sprintf("%s_template_%d", p.prefix, requests)
		if err := p.run(ctx, "CREATE DATABASE "+template); err != nil {
			return "", nil, err
		}
		p.templates[requests] = template
		if err := seed(ctx, p.address(template), requests, p.now); err != nil {
			return "", nil, err
		}
		// In an installation that is older than a minute autovacuum has done it.
		if err := p.runIn(ctx, template, "VACUUM ANALYZE"); err != nil {
			return "", nil, err
		}
	}
	p.runs++
	name := fmt.Sprintf("%s_run_%d", p.prefix, p.runs)
	if err := p.run(ctx, "CREATE DATABASE "+name+" TEMPLATE "+template); err != nil {
		return "", nil, err
	}
	return p.address(name), func() { p.drop(context.WithoutCancel(ctx), name) }, nil
}

func (p *postgresDatabases) remove(ctx context.Context) {
	for _, name := range p.templates {
		p.drop(ctx, name)
	}
}

func (p *postgresDatabases) drop(ctx context.Context, name string) {
	if err := p.run(ctx, "DROP DATABASE IF EXISTS "+name+" WITH (FORCE)"); err != nil {
		say("a database is left behind: %v", err)
	}
}

func (p *postgresDatabases) address(database string) string {
	u, err := url.Parse(p.server)
	if err != nil {
		return p.server // connecting to it says what is wrong
	}
	u.Path = "/" + database
	return u.String()
}

func (p *postgresDatabases) run(ctx context.Context, statement string) error {
	return p.exec(ctx, p.server, statement)
}

func (p *postgresDatabases) runIn(ctx context.Context, database, statement string) error {
	return p.exec(ctx, p.address(database), statement)
}

func (p *postgresDatabases) exec(ctx context.Context, address, statement string) error {
	conn, err := pgx.Connect(ctx, address)
	if err != nil {
		return fmt.Errorf("connect to PostgreSQL: %w", err)
	}
	_, err = conn.Exec(ctx, statement)
	if err = errors.Join(err, conn.Close(ctx)); err != nil {
		return fmt.Errorf("prepare PostgreSQL: %w", err)
	}
	return nil
}
