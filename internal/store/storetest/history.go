package storetest

import (
	"fmt"
	"strings"
)

// History gives statements, for either database, that add so many decided
// requests of the source, with their events and some notices, as years of use
// leave them. The first was decided at the given time in milliseconds since
// 1970, the others one minute after another. They are for the question what
// grows with history: through the store it would take hours.
func History(source string, requests int, firstAt int64) []string {
	replace := strings.NewReplacer(
		"{source}", "'"+source+"'",
		"{at}", fmt.Sprintf("(%d + i * 60000)", firstAt),
		"{id}", "('01900000-0000-7000-8000-00' || CAST(1000000000 + i AS TEXT))",
		"{external}", "('7f3c0000-0000-4000-8000-00' || CAST(1000000000 + i AS TEXT))",
		"{person}", "('ann.' || CAST(i AS TEXT) || '@customer.example.com')",
		"{state}", "(CASE i % 10 WHEN 0 THEN 'rejected' WHEN 1 THEN 'handled' ELSE 'approved' END)",
		"{verb}", "(CASE i % 10 WHEN 0 THEN 'reject' ELSE 'approve' END)",
		"{click}", "('click-' || CAST(i AS TEXT))",
		"{numbers}", fmt.Sprintf("WITH RECURSIVE numbers (i) AS (SELECT CAST(1 AS BIGINT) UNION ALL SELECT i + 1 FROM numbers WHERE i < %d)", requests),
	)
	const (
		decision     = `('{"id":"' || {click} || '","verb":"' || {verb} || '","reviewer":{"id":"U0ADA","email":"ada@example.com"},"at":"2024-01-01T00:00:00Z","groups":[{"id":"g1","name":"Customers"}],"note":"A customer since 2019."}')`
		confirmation = `'{"groups":[{"id":"g1","name":"Customers"}]}'`
	)
	statements := []string{
		`{numbers} INSERT INTO requests (id, source, external_id, requester, message, link, requested_at, received_at, state,
			version, changed_at, delayed, decision, confirmation, closing, effect_attempts, effect_maybe_done, effect_next_at,
			effect_claimed_until, channel, ts, content_hash, delivery_held, delivery_wanted, delivery_done, seen_at, post_begun_at,
			post_missed_at, delivery_failures, delivery_next_at, delivery_claimed_until, missing_polls, missing_not_found)
		SELECT {id}, {source}, {external}, {person}, 'Please let us see your SOC 2 report and the last penetration test, thank you.',
			'https://app.example.com/requests/' || {external}, {at} - 60000, {at} - 50000, {state},
			CASE i % 10 WHEN 1 THEN 2 ELSE 3 END, {at}, FALSE,
			CASE i % 10 WHEN 1 THEN '' ELSE ` + decision + ` END, CASE i % 10 WHEN 1 THEN '' ELSE ` + confirmation + ` END,
			CASE i % 10 WHEN 1 THEN '{"standing":"approved"}' ELSE '' END, 1, FALSE, 0, 0, 'C0REQUESTS',
			CAST(1700000000 + i AS TEXT) || '.000100', '4d1f2b7c9a8e4d1f2b7c9a8e4d1f2b7c', FALSE, 3, 3, {at}, {at} - 49000, 0, 0, 0, 0, 0, 0
		FROM numbers`,
		`{numbers} INSERT INTO events (request_id, seq, at, action, actor, key, details)
		SELECT {id}, 1, {at} - 50000, 'receive', '', NULL, '{"arrival":{"source":"conveyor","external_id":"' || {external} ||
			'","requester":"' || {person} || '","message":"Please let us see your SOC 2 report, thank you."}}' FROM numbers`,
		`{numbers} INSERT INTO events (request_id, seq, at, action, actor, key, details)
		SELECT {id}, 2, {at} - 1000, CASE i % 10 WHEN 1 THEN 'close' ELSE {verb} END, 'U0ADA',
			CASE i % 10 WHEN 1 THEN NULL ELSE {click} END, CASE i % 10 WHEN 1 THEN '{}' ELSE ` + decision + ` END FROM numbers`,
		`{numbers} INSERT INTO events (request_id, seq, at, action, actor, key, details)
		SELECT {id}, 3, {at}, 'confirm', '', NULL, ` + confirmation + ` FROM numbers WHERE i % 10 <> 1`,
		`{numbers} INSERT INTO notices (id, request_id, recipient, code, at, details, sent_at)
		SELECT 'late-' || CAST(i AS TEXT), {id}, 'U0BEN', 'taken', {at}, '{"by":"U0ADA","verb":"approve"}', {at} FROM numbers WHERE i % 20 = 0`,
	}
	for i := range statements {
		statements[i] = replace.Replace(statements[i])
	}
	return statements
}
