package practiceslack

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"strconv"
	"unicode/utf8"
)

// object is a decoded JSON object. Trees are never changed once they are
// stored, so that they can be shared between messages, payloads and answers.
type object = map[string]any

var errTrailing = errors.New("more than one JSON value")

// decode reads exactly one JSON value and keeps numbers as they were written.
func decode(raw []byte) (any, error) {
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.UseNumber()
	var v any
	if err := dec.Decode(&v); err != nil {
		return nil, fmt.Errorf("decode JSON: %w", err)
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return nil, errTrailing
	}
	return v, nil
}

// encode writes v as Slack does: without escaping < and >.
func encode(v any) json.RawMessage {
	var buf bytes.Buffer
	enc := json.NewEncoder(&buf)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		// Only trees made of decoded JSON and of strings come here.
		panic(fmt.Sprintf("practiceslack: encode %T: %v", v, err))
	}
	return bytes.TrimRight(buf.Bytes(), "\n")
}

// characters counts as Slack's documentation does: characters, not bytes.
func characters(s string) int { return utf8.RuneCountInString(s) }

func stringOf(o object, key string) string {
	s, _ := o[key].(string)
	return s
}

func objectOf(o object, key string) object {
	child, _ := o[key].(object)
	return child
}

func listOf(o object, key string) []any {
	list, _ := o[key].([]any)
	return list
}

func boolOf(o object, key string) bool {
	b, _ := o[key].(bool)
	return b
}

// intOf gives the whole number at key, or fallback when there is none.
func intOf(o object, key string, fallback int) int {
	n, ok := o[key].(json.Number)
	if !ok {
		return fallback
	}
	i, err := strconv.Atoi(n.String())
	if err != nil {
		return fallback
	}
	return i
}

// with gives a copy of o with one more field.
func with(o object, key string, value any) object {
	grown := make(object, len(o)+1)
	maps.Copy(grown, o)
	grown[key] = value
	return grown
}

// textOf gives the text of the text object at key.
func textOf(o object, key string) string { return stringOf(objectOf(o, key), "text") }
