package store

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
)

// Contents says what a table holds.
type Contents struct {
	Table string
	Rows  int64
	// Hash is equal for equal rows in any order.
	Hash string
}

// valuesAtOnce bounds one INSERT. SQLite takes at most 32,766 values.
const valuesAtOnce = 8_000

// copyTable copies a table in batches, and gives what it has read.
func (m *move) copyTable(ctx context.Context, table string) (Contents, error) {
	columns, err := m.source.columns(ctx, table)
	if err != nil {
		return Contents{}, err
	}
	atOnce := valuesAtOnce / len(columns)
	batch := make([]any, 0, valuesAtOnce)
	flush := func() error {
		rows := len(batch) / len(columns)
		if rows == 0 {
			return nil
		}
		if _, err := m.target.tx.ExecContext(ctx, insertRows(m.target.kind, table, columns, rows), batch...); err != nil {
			return fmt.Errorf("write to the table %s of %s: %w", table, m.target.name, err)
		}
		batch = batch[:0]
		m.advance("copying "+table, rows)
		return nil
	}
	contents, err := m.source.scan(ctx, table, columns, func(row []any) error {
		batch = append(batch, row...)
		if len(batch) < atOnce*len(columns) {
			return nil
		}
		return flush()
	})
	if err == nil {
		err = flush()
	}
	return contents, err
}

// read reads a table to know what it holds.
func (m *move) read(ctx context.Context, s *side, step, table string) (Contents, error) {
	const tellEvery = 1000
	columns, err := m.source.columns(ctx, table)
	if err != nil {
		return Contents{}, err
	}
	rows := 0
	contents, err := s.scan(ctx, table, columns, func([]any) error {
		if rows++; rows == tellEvery {
			m.advance(step+table, rows)
			rows = 0
		}
		return nil
	})
	m.advance(step+table, rows)
	return contents, err
}

func (m *move) advance(step string, rows int) {
	m.done += int64(rows)
	m.progress(step, m.done, m.total)
}

// columns gives the columns of a table, whatever they are: one that a migration
// adds is moved too.
func (s *side) columns(ctx context.Context, table string) ([]string, error) {
	rows, err := s.tx.QueryContext(ctx, `SELECT * FROM `+table+` LIMIT 0`) //nolint:gosec // the names are ours
	if err != nil {
		return nil, fmt.Errorf("look at the table %s of %s: %w", table, s.name, err)
	}
	defer func() { _ = rows.Close() }()
	columns, err := rows.Columns()
	if err != nil {
		return nil, fmt.Errorf("look at the table %s of %s: %w", table, s.name, err)
	}
	return columns, rows.Err() //nolint:wrapcheck // nothing is read
}

// scan reads all rows of a table, hands each to a function and gives what they
// are together. The function must not keep the row.
func (s *side) scan(ctx context.Context, table string, columns []string, each func(row []any) error) (Contents, error) {
	rows, err := s.tx.QueryContext(ctx, `SELECT `+strings.Join(columns, ", ")+` FROM `+table) //nolint:gosec // the names are ours
	if err != nil {
		return Contents{}, fmt.Errorf("read the table %s of %s: %w", table, s.name, err)
	}
	defer func() { _ = rows.Close() }()
	types, err := rows.ColumnTypes()
	if err != nil {
		return Contents{}, fmt.Errorf("read the table %s of %s: %w", table, s.name, err)
	}
	row, fields := make([]any, len(columns)), make([]any, len(columns))
	for i := range row {
		fields[i] = &row[i]
		if types[i].DatabaseTypeName() == "BOOLEAN" { // SQLite's: it gives numbers
			fields[i] = truth{&row[i]}
		}
	}
	var sum rowSum
	for rows.Next() {
		if err := rows.Scan(fields...); err != nil {
			return Contents{}, fmt.Errorf("read a row of the table %s of %s: %w", table, s.name, err)
		}
		for i, column := range columns {
			if isClaim(column) {
				row[i] = int64(0) // nobody works while a move runs, so who held it is dead
			}
		}
		if err := sum.add(row); err != nil {
			return Contents{}, fmt.Errorf("read a row of the table %s of %s: %w", table, s.name, err)
		}
		if err := each(row); err != nil {
			return Contents{}, err
		}
	}
	if err := rows.Err(); err != nil {
		return Contents{}, fmt.Errorf("read the table %s of %s: %w", table, s.name, err)
	}
	return Contents{Table: table, Rows: sum.rows, Hash: sum.String()}, nil
}

// isClaim reports whether a column says until when somebody keeps others from
// something.
func isClaim(column string) bool {
	return slices.Contains([]string{"effect_claimed_until", "delivery_claimed_until", "polling_until"}, column)
}

// truth reads a number as what it stands for.
type truth struct{ value *any }

// Scan implements sql.Scanner.
func (t truth) Scan(value any) error {
	if n, isNumber := value.(int64); isNumber {
		value = n != 0
	}
	*t.value = value
	return nil
}

// insertRows gives a statement that adds so many rows. To SQLite $1 is a name,
// and it looks for each name among all others: with thousands of them that
// takes longer than the rest.
func insertRows(kind Kind, table string, columns []string, rows int) string {
	var b strings.Builder
	b.WriteString(`INSERT INTO ` + table + ` (` + strings.Join(columns, ", ") + `) VALUES `)
	for i := range rows {
		if i > 0 {
			b.WriteString(", ")
		}
		values := placeholders(1+i*len(columns), len(columns))
		if kind == SQLite {
			values = strings.Repeat("?, ", len(columns)-1) + "?"
		}
		b.WriteString("(" + values + ")")
	}
	return b.String()
}

// rowSum adds up the SHA-256 of rows, word by word. A sum knows no order: the
// databases sort text differently.
type rowSum struct {
	rows  int64
	words [4]uint64
	text  []byte
}

func (s *rowSum) add(row []any) error {
	s.text = s.text[:0]
	for _, value := range row {
		switch v := value.(type) {
		case nil:
			s.text = append(s.text, 'n')
		case bool:
			s.text = fmt.Appendf(s.text, "b%t", v)
		case int64:
			s.text = binary.BigEndian.AppendUint64(append(s.text, 'i'), uint64(v)) //nolint:gosec // the bits are what counts
		case string:
			s.text = binary.BigEndian.AppendUint64(append(s.text, 's'), uint64(len(v)))
			s.text = append(s.text, v...)
		default:
			return fmt.Errorf("a %T cannot be moved", value)
		}
	}
	hash := sha256.Sum256(s.text)
	for i := range s.words {
		s.words[i] += binary.BigEndian.Uint64(hash[8*i:])
	}
	s.rows++
	return nil
}

// String gives the sum, shortened to what a person can compare.
func (s *rowSum) String() string {
	var sum []byte
	for _, word := range s.words {
		sum = binary.BigEndian.AppendUint64(sum, word)
	}
	return hex.EncodeToString(sum[:16])
}
