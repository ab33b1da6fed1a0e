package practiceslack

import (
	"encoding/base64"
	"math"
	"slices"
	"strconv"
	"strings"
)

const (
	defaultPage = 100
	maxPage     = 999
)

// window is the part of a channel's time that a call asks for.
type window struct {
	oldest, latest int64
	inclusive      bool
}

func readWindow(args arguments) (window, *refusal) {
	w := window{oldest: 0, latest: math.MaxInt64, inclusive: args.flag("inclusive")}
	if s := args.str("oldest"); s != "" {
		n, ok := micros(s)
		if !ok {
			return w, refuse("invalid_ts_oldest")
		}
		w.oldest = n
	}
	if s := args.str("latest"); s != "" {
		n, ok := micros(s)
		if !ok {
			return w, refuse("invalid_ts_latest")
		}
		w.latest = n
	}
	return w, nil
}

func (w window) holds(ts string) bool {
	n, _ := micros(ts)
	if w.inclusive {
		return n >= w.oldest && n <= w.latest
	}
	return n > w.oldest && n < w.latest
}

// pageSize reads limit.
func pageSize(args arguments, fallback int) (int, *refusal) {
	s := args.str("limit")
	if s == "" || s == "0" {
		return fallback, nil
	}
	n, err := strconv.Atoi(s)
	if err != nil || n < 1 || n > maxPage {
		return 0, refuse("invalid_limit")
	}
	return n, nil
}

// paged cuts one page out of a list by position.
func paged[T any](all []T, args arguments, fallback int) (page []T, next string, refused *refusal) {
	size, refused := pageSize(args, fallback)
	if refused != nil {
		return nil, "", refused
	}
	start := 0
	if s := args.str("cursor"); s != "" {
		place, ok := readCursor(s)
		n, err := strconv.Atoi(place)
		if !ok || err != nil || n < 0 || n > len(all) {
			return nil, "", refuse("invalid_cursor")
		}
		start = n
	}
	end := min(start+size, len(all))
	if end < len(all) {
		next = cursor(strconv.Itoa(end))
	}
	return all[start:end], next, nil
}

func cursor(place string) string {
	return base64.StdEncoding.EncodeToString([]byte("next:" + place))
}

func readCursor(s string) (string, bool) {
	raw, err := base64.StdEncoding.DecodeString(s)
	if err != nil {
		return "", false
	}
	return strings.CutPrefix(string(raw), "next:")
}

func (ws *Workspace) conversationsHistory(c *call) (object, *refusal) {
	ch, refused := ws.readable(c, c.args.str("channel"), "history")
	if refused != nil {
		return nil, refused
	}
	if !ch.has(ws.opt.BotUserID) {
		return nil, refuse("not_in_channel")
	}
	w, refused := readWindow(c.args)
	if refused != nil {
		return nil, refused
	}
	size, refused := pageSize(c.args, defaultPage)
	if refused != nil {
		return nil, refused
	}
	before := int64(math.MaxInt64)
	if s := c.args.str("cursor"); s != "" {
		place, ok := readCursor(s)
		n, isTS := micros(place)
		if !ok || !isTS {
			return nil, refuse("invalid_cursor")
		}
		before = n
	}
	now := ws.now()
	messages := make([]any, 0)
	next := ""
	for _, m := range slices.Backward(ch.messages) {
		n, _ := micros(m.ts)
		if n >= before || !w.holds(m.ts) || !m.visible(now) || (m.threadTS != "" && !m.broadcast) {
			continue
		}
		if len(messages) == size {
			last, _ := messages[size-1].(object)
			next = cursor(stringOf(last, "ts"))
			break
		}
		messages = append(messages, ws.wire(m, c.args.flag("include_all_metadata")))
	}
	answer := object{"messages": messages, "has_more": next != "", "pin_count": 0}
	if next != "" {
		answer["response_metadata"] = object{"next_cursor": next}
	}
	return answer, nil
}

func (ws *Workspace) conversationsReplies(c *call) (object, *refusal) {
	ch, refused := ws.readable(c, c.args.str("channel"), "history")
	if refused != nil {
		return nil, refused
	}
	if !ch.has(ws.opt.BotUserID) {
		return nil, refuse("not_in_channel")
	}
	w, refused := readWindow(c.args)
	if refused != nil {
		return nil, refused
	}
	now := ws.now()
	parent := ch.message(c.args.str("ts"))
	if parent == nil || !parent.visible(now) {
		return nil, refuse("thread_not_found")
	}
	if parent.threadTS != "" {
		if root := ch.message(parent.threadTS); root != nil {
			parent = root
		}
	}
	var thread []*message
	for _, m := range ws.replies(ch, parent.ts) {
		if m.visible(now) && w.holds(m.ts) {
			thread = append(thread, m)
		}
	}
	page, next, refused := paged(thread, c.args, defaultPage)
	if refused != nil {
		return nil, refused
	}
	withMetadata := c.args.flag("include_all_metadata")
	// The parent always comes first, on the first page.
	messages := make([]any, 0, len(page)+1)
	if c.args.str("cursor") == "" {
		messages = append(messages, ws.wire(parent, withMetadata))
	}
	for _, m := range page {
		messages = append(messages, ws.wire(m, withMetadata))
	}
	answer := object{"messages": messages, "has_more": next != ""}
	if next != "" {
		answer["response_metadata"] = object{"next_cursor": next}
	}
	return answer, nil
}
