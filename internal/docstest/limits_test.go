package docstest_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// limited are the types that have no limit unless somebody sets one, with the
// fields that set them. An http.Transport is made by cloning Go's default, which
// has them.
func limited() map[string][]string {
	return map[string][]string{
		"http.Server":      {"ReadHeaderTimeout", "ReadTimeout", "IdleTimeout", "MaxHeaderBytes"},
		"http.Client":      {"Timeout"},
		"websocket.Dialer": {"HandshakeTimeout"},
	}
}

// unlimited are the places that may do without, with the reason.
func unlimited() map[string]string {
	return map[string]string{
		"pkg/practiceslack/workspace.go http.Client": "each delivery has a deadline of its own, which the pace says",
		"bench/load.go http.Client":                  "the load ends when the measurement does",
		"bench/stub.go http.Server":                  "a measurement's own server, on this machine only",
	}
}

// TestEveryServerAndClientHasLimits looks at each place in the code, but for
// tests, where one of those types is made.
func TestEveryServerAndClientHasLimits(t *testing.T) {
	t.Parallel()
	found, excepted := map[string]int{}, map[string]bool{}
	for _, file := range goFiles(t) {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		parsed, err := parser.ParseFile(token.NewFileSet(), file, read(t, file), 0)
		require.NoError(t, err)
		ast.Inspect(parsed, func(node ast.Node) bool {
			literal, ok := node.(*ast.CompositeLit)
			if !ok {
				return true
			}
			kind := nameOf(literal.Type)
			wanted, known := limited()[kind]
			if !known {
				return true
			}
			found[kind]++
			if _, ok := unlimited()[file+" "+kind]; ok {
				excepted[file+" "+kind] = true
				return true
			}
			set := fieldsOf(literal)
			for _, field := range wanted {
				require.Contains(t, set, field, "%s makes an %s", file, kind)
			}
			return true
		})
	}
	for kind := range limited() {
		require.Positive(t, found[kind], "none of %s was found, so nothing was looked at", kind)
	}
	for place := range unlimited() {
		require.True(t, excepted[place], "%s is no more", place)
	}
}

func nameOf(e ast.Expr) string {
	selector, ok := e.(*ast.SelectorExpr)
	if !ok {
		return ""
	}
	from, ok := selector.X.(*ast.Ident)
	if !ok {
		return ""
	}
	return from.Name + "." + selector.Sel.Name
}

func fieldsOf(literal *ast.CompositeLit) []string {
	var fields []string
	for _, element := range literal.Elts {
		if pair, ok := element.(*ast.KeyValueExpr); ok {
			if key, ok := pair.Key.(*ast.Ident); ok {
				fields = append(fields, key.Name)
			}
		}
	}
	return fields
}
