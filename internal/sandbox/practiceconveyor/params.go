package practiceconveyor

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"mime"
	"net/http"
	"net/url"
	"strings"
)

// paramKind is the shape that a parameter must have.
type paramKind int

const (
	textParam paramKind = iota
	flagParam
	listParam
)

// params are the parameters of one call, wherever they were carried.
type params struct {
	texts map[string]string
	flags map[string]bool
	lists map[string][]string
}

func (p params) has(name string) bool {
	_, text := p.texts[name]
	_, flag := p.flags[name]
	_, list := p.lists[name]
	return text || flag || list
}

// readParams reads what the endpoint knows and refuses everything else.
func readParams(q *http.Request, body []byte, style ParamStyle, known map[string]paramKind) (params, error) {
	p := params{texts: map[string]string{}, flags: map[string]bool{}, lists: map[string][]string{}}
	query, err := url.ParseQuery(q.URL.RawQuery)
	if err != nil {
		return p, errors.New("the query string cannot be read")
	}
	hasBody := len(bytes.TrimSpace(body)) > 0
	if q.Method == http.MethodGet {
		if hasBody {
			return p, errors.New("a GET takes its parameters from the query string, not from a body")
		}
		return p, p.addValues(query, known)
	}
	if style == ParamsJSON && len(query) > 0 {
		return p, errors.New("this room takes parameters as a JSON body only")
	}
	if style == ParamsQuery && hasBody {
		return p, errors.New("this room takes parameters as query parameters only")
	}
	if err := p.addValues(query, known); err != nil || !hasBody {
		return p, err
	}
	mediaType, _, err := mime.ParseMediaType(q.Header.Get("Content-Type"))
	switch {
	case err == nil && mediaType == "application/json":
		return p, p.addJSON(body, known)
	case err == nil && mediaType == "application/x-www-form-urlencoded" && style != ParamsJSON:
		form, err := url.ParseQuery(string(body))
		if err != nil {
			return p, errors.New("the form cannot be read")
		}
		return p, p.addValues(form, known)
	default:
		return p, errors.New("a body must be application/json and say so")
	}
}

func (p params) addValues(values url.Values, known map[string]paramKind) error {
	for key, given := range values {
		name, isList := strings.CutSuffix(key, "[]")
		kind, ok := known[name]
		if !ok || isList != (kind == listParam) {
			return fmt.Errorf("unknown parameter %q", bounded(key, 100))
		}
		if p.has(name) || (!isList && len(given) != 1) {
			return fmt.Errorf("parameter %q is given more than once", key)
		}
		switch kind {
		case textParam:
			p.texts[name] = given[0]
		case flagParam:
			if given[0] != "true" && given[0] != "false" {
				return fmt.Errorf("parameter %q must be true or false", key)
			}
			p.flags[name] = given[0] == "true"
		case listParam:
			// A query cannot carry an empty list, so one empty element stands for it.
			p.lists[name] = []string{}
			if len(given) != 1 || given[0] != "" {
				p.lists[name] = given
			}
		}
	}
	return nil
}

func (p params) addJSON(body []byte, known map[string]paramKind) error {
	var values map[string]json.RawMessage
	if err := json.Unmarshal(body, &values); err != nil || values == nil {
		return errors.New("the body must be a JSON object")
	}
	for name, raw := range values {
		kind, ok := known[name]
		if !ok {
			return fmt.Errorf("unknown parameter %q", bounded(name, 100))
		}
		if p.has(name) {
			return fmt.Errorf("parameter %q is given more than once", name)
		}
		if err := p.addJSONValue(name, kind, raw); err != nil {
			return err
		}
	}
	return nil
}

// addJSONValue decodes through pointers because null decodes into anything else without an error.
func (p params) addJSONValue(name string, kind paramKind, raw json.RawMessage) error {
	switch kind {
	case textParam:
		var text *string
		if json.Unmarshal(raw, &text) != nil || text == nil {
			return fmt.Errorf("parameter %q must be a string", name)
		}
		p.texts[name] = *text
	case flagParam:
		var flag *bool
		if json.Unmarshal(raw, &flag) != nil || flag == nil {
			return fmt.Errorf("parameter %q must be true or false", name)
		}
		p.flags[name] = *flag
	case listParam:
		var list []*string
		if json.Unmarshal(raw, &list) != nil || list == nil {
			return fmt.Errorf("parameter %q must be an array", name)
		}
		p.lists[name] = make([]string, 0, len(list))
		for _, element := range list {
			if element == nil {
				return fmt.Errorf("parameter %q must be an array of strings", name)
			}
			p.lists[name] = append(p.lists[name], *element)
		}
	}
	return nil
}
