package store_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
)

// A statement that is kept must not be handed out while its rows are read.
func TestKeptStatementsDoNotDisturbEachOther(t *testing.T) {
	t.Parallel()
	db := open(t, sqliteURL(t)).SQLite()
	const numbers = `WITH RECURSIVE n (i) AS (SELECT $1 UNION ALL SELECT i + 1 FROM n WHERE i < $1 + 2) SELECT i FROM n`
	tx, err := db.BeginTx(t.Context(), nil)
	require.NoError(t, err)
	defer func() { require.NoError(t, tx.Rollback()) }()
	read := func(from int, meanwhile func()) {
		rows, err := tx.QueryContext(t.Context(), numbers, from)
		require.NoError(t, err)
		defer func() { require.NoError(t, rows.Close()) }()
		for want := from; want <= from+2; want++ {
			require.True(t, rows.Next())
			var got int
			require.NoError(t, rows.Scan(&got))
			require.Equal(t, want, got)
			meanwhile()
		}
		require.False(t, rows.Next())
		require.NoError(t, rows.Err())
	}
	for range 3 {
		read(1, func() { read(10, func() { read(100, func() {}) }) })
	}
}

func TestKeptStatementsFollowTheTables(t *testing.T) {
	t.Parallel()
	db := open(t, sqliteURL(t)).SQLite()
	run := func(statement string, args ...any) {
		t.Helper()
		_, err := db.ExecContext(t.Context(), statement, args...)
		require.NoError(t, err, statement)
	}
	columns := func() int {
		rows, err := db.QueryContext(t.Context(), `SELECT * FROM things`)
		require.NoError(t, err)
		defer func() { require.NoError(t, rows.Close()) }()
		names, err := rows.Columns()
		require.NoError(t, err)
		require.True(t, rows.Next())
		require.NoError(t, rows.Err())
		return len(names)
	}
	run(`CREATE TABLE things (a BIGINT)`)
	run(`INSERT INTO things VALUES ($1)`, 1)
	require.Equal(t, 1, columns())
	run(`ALTER TABLE things ADD COLUMN b BIGINT`)
	require.Equal(t, 2, columns())
	run(`DROP TABLE things`)
	run(`CREATE TABLE things (a BIGINT, b BIGINT, c BIGINT)`)
	run(`INSERT INTO things VALUES (1, 2, 3)`)
	require.Equal(t, 3, columns())
	// One that failed is not kept in a bad state.
	for range 2 {
		_, err := db.ExecContext(t.Context(), `INSERT INTO things (a) VALUES (1, 2)`)
		require.Error(t, err)
		_, err = db.ExecContext(t.Context(), `INSERT INTO requests (id) VALUES (NULL)`)
		require.ErrorContains(t, err, "NOT NULL")
	}
	// More than are kept.
	for i := range 250 {
		run(fmt.Sprintf(`UPDATE things SET a = %d`, i))
	}
	var a int
	require.NoError(t, db.QueryRowContext(t.Context(), `SELECT a FROM things`).Scan(&a))
	require.Equal(t, 249, a)
}
