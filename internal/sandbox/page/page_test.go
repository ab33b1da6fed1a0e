package page_test

import (
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"path"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestEveryAnswerCarriesThePolicy(t *testing.T) {
	t.Parallel()
	w := newWorld(t, noon)
	paths := []string{"/", "/practice/snapshot", "/practice/messages", "/practice/thread", "/practice/exchange", "/practice/nothing", "/nothing", "/assets/nothing.js"}
	for _, name := range assetNames(t) {
		paths = append(paths, "/assets/"+name)
	}
	answers := map[string]response{
		"refused host": w.sends(http.MethodGet, "/", "", map[string]string{"Host": "evil.example"}),
		"cross-origin": w.sends(http.MethodPost, "/practice/group", "{}", map[string]string{"Sec-Fetch-Site": "cross-site"}),
		"action":       w.sends(http.MethodPost, "/practice/group", "{}", map[string]string{"Content-Type": "application/json"}),
		"wrong type":   w.sends(http.MethodPost, "/practice/group", "{}", nil),
		"wrong method": w.sends(http.MethodPut, "/practice/group", "{}", nil),
	}
	for _, p := range paths {
		answers[p] = w.sends(http.MethodGet, p, "", nil)
	}
	for name, a := range answers {
		policy := a.Header.Get("Content-Security-Policy")
		require.Contains(t, policy, "default-src 'none'", name)
		require.Contains(t, policy, "frame-ancestors 'none'", name)
		require.Contains(t, policy, "require-trusted-types-for 'script'; trusted-types 'none'", name)
		require.NotContains(t, policy, "unsafe", name)
		require.NotContains(t, policy, "*", name)
		require.Equal(t, "nosniff", a.Header.Get("X-Content-Type-Options"), name)
		require.Equal(t, "no-referrer", a.Header.Get("Referrer-Policy"), name)
		require.Equal(t, "same-origin", a.Header.Get("Cross-Origin-Resource-Policy"), name)
		require.Empty(t, a.Header.Get("Access-Control-Allow-Origin"), name)
		if a.StatusCode == http.StatusOK {
			require.Equal(t, "no-store", a.Header.Get("Cache-Control"), name)
		}
	}
}

func TestOnlyThisMachinesNamesAreServed(t *testing.T) {
	t.Parallel()
	w := newWorld(t, noon)
	for host, want := range map[string]int{
		"localhost": 200, "localhost:8080": 200, "127.0.0.1": 200, "127.0.0.1:8080": 200, "[::1]": 200, "[::1]:8080": 200,
		"evil.example": 403, "evil.example:8080": 403, "localhost.evil.example": 403, "127.0.0.1.nip.example:8080": 403,
		"10.0.0.1": 403, "localhost:8080:1": 403,
	} {
		for _, p := range []string{"/", "/practice/snapshot", "/practice/messages", "/practice/thread", "/practice/exchange", "/assets/page.js"} {
			require.Equal(t, want, w.sends(http.MethodGet, p, "", map[string]string{"Host": host}).StatusCode, "%s at %s", p, host)
		}
	}
	out := w.sends(http.MethodPost, "/practice/group", `{"name":"x"}`, map[string]string{"Host": "evil.example", "Content-Type": "application/json"})
	require.Equal(t, http.StatusForbidden, out.StatusCode)
	require.Empty(t, w.room.Groups())
}

func TestOtherPagesCannotAct(t *testing.T) {
	t.Parallel()
	w := newWorld(t, noon)
	for _, header := range []map[string]string{
		{"Origin": "https://evil.example"},
		{"Origin": "null"},
		{"Origin": "http://127.0.0.1:1"},
		{"Sec-Fetch-Site": "cross-site"},
		{"Sec-Fetch-Site": "same-site"},
	} {
		header["Content-Type"] = "application/json"
		require.Equal(t, http.StatusForbidden, w.sends(http.MethodPost, "/practice/group", `{"name":"x"}`, header).StatusCode, "%v", header)
	}
	require.Empty(t, w.room.Groups())
	own := map[string]string{"Content-Type": "application/json", "Origin": w.front.URL, "Sec-Fetch-Site": "same-origin"}
	require.Equal(t, http.StatusOK, w.sends(http.MethodPost, "/practice/group", `{"name":"x"}`, own).StatusCode)
	require.Len(t, w.room.Groups(), 1)
}

func TestBodiesAreChecked(t *testing.T) {
	t.Parallel()
	w := newWorld(t, noon)
	const json = "application/json"
	large := fmt.Sprintf(`{"name":%q}`, strings.Repeat("x", 512<<10))
	for name, c := range map[string]struct {
		kind, body string
		want       int
	}{
		"form":            {"application/x-www-form-urlencoded", "name=x", http.StatusUnsupportedMediaType},
		"plain text":      {"text/plain", `{"name":"x"}`, http.StatusUnsupportedMediaType},
		"no type":         {"", `{"name":"x"}`, http.StatusUnsupportedMediaType},
		"broken type":     {"application/json; =", `{"name":"x"}`, http.StatusUnsupportedMediaType},
		"empty":           {json, "", http.StatusBadRequest},
		"not JSON":        {json, `{"name":`, http.StatusBadRequest},
		"a list":          {json, `["name"]`, http.StatusBadRequest},
		"wrong type":      {json, `{"name":1}`, http.StatusBadRequest},
		"unknown field":   {json, `{"name":"x","admin":true}`, http.StatusBadRequest},
		"two objects":     {json, `{"name":"x"}{"name":"y"}`, http.StatusBadRequest},
		"rubbish after":   {json, `{"name":"x"}]`, http.StatusBadRequest},
		"too large":       {json, large, http.StatusRequestEntityTooLarge},
		"too large after": {json, `{"name":"x"}` + strings.Repeat(" ", 512<<10), http.StatusRequestEntityTooLarge},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := &world{t: t, front: w.front}
			resp := w.sends(http.MethodPost, "/practice/group", c.body, map[string]string{"Content-Type": c.kind})
			require.Equal(t, c.want, resp.StatusCode, "%s", resp.body)
			require.Contains(t, resp.Header.Get("Content-Type"), json)
			require.Contains(t, string(resp.body), `"ok":false,"error":"`)
		})
	}
	t.Cleanup(func() { require.Empty(t, w.room.Groups()) })
}

func TestACharsetIsNoOtherType(t *testing.T) {
	t.Parallel()
	w := newWorld(t, noon)
	resp := w.sends(http.MethodPost, "/practice/group", `{"name":"x"}`, map[string]string{"Content-Type": "application/json; charset=utf-8"})
	require.Equal(t, http.StatusOK, resp.StatusCode)
}

func TestMethodsAndPathsAreExact(t *testing.T) {
	t.Parallel()
	w := newWorld(t, noon)
	require.Equal(t, http.StatusMethodNotAllowed, w.sends(http.MethodGet, "/practice/act", "", nil).StatusCode)
	require.Equal(t, http.StatusMethodNotAllowed, w.sends(http.MethodPost, "/practice/snapshot", "", nil).StatusCode)
	require.Equal(t, http.StatusNotFound, w.sends(http.MethodGet, "/index.html", "", nil).StatusCode)
	require.Equal(t, http.StatusNotFound, w.sends(http.MethodGet, "/page.go", "", nil).StatusCode)
}

func TestAssetsAreServedWithTheirTypes(t *testing.T) {
	t.Parallel()
	w := newWorld(t, noon)
	kinds := map[string]string{".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml"}
	index := w.sends(http.MethodGet, "/", "", nil)
	require.Contains(t, index.Header.Get("Content-Type"), "text/html")
	require.Contains(t, string(index.body), "Practice workspace, not Slack")
	for _, name := range assetNames(t) {
		if kind, ok := kinds[path.Ext(name)]; ok {
			resp := w.sends(http.MethodGet, "/assets/"+name, "", nil)
			require.Equal(t, http.StatusOK, resp.StatusCode, name)
			require.Contains(t, resp.Header.Get("Content-Type"), kind, name)
		}
	}
}

func TestAssetsNameNothingFromElsewhere(t *testing.T) {
	t.Parallel()
	elsewhere := regexp.MustCompile(`(?i)https?://[a-z0-9][^\s"'` + "`" + `<>)\\]*|["'(=]//[a-z]`)
	inline := regexp.MustCompile(`(?i)<script>|<style|\sstyle="|\son[a-z]+="|document\.write|\beval\(|new Function`)
	for _, name := range assetNames(t) {
		if name == "licences.txt" {
			continue // its words, not the page's
		}
		text := asset(t, name)
		for _, found := range elsewhere.FindAllString(text, -1) {
			// Names of markup's languages, and where the Markdown library wants its bugs.
			known := strings.HasPrefix(found, "http://www.w3.org/") || strings.HasPrefix(found, "https://github.com/markedjs/marked")
			require.True(t, known, "%s names %s", name, found)
		}
		require.Empty(t, inline.FindAllString(text, -1), name)
	}
}

// TestSourcesMakeNoMarkup is about our own sources; the policy, with its trusted
// types, keeps the libraries from it too.
func TestSourcesMakeNoMarkup(t *testing.T) {
	t.Parallel()
	markup := regexp.MustCompile(`(?i)innerHTML|insertAdjacentHTML|outerHTML|document\.write|srcdoc|DOMParser|\beval\(|new Function|javascript:`)
	sources := os.DirFS("ui/src")
	count := 0
	require.NoError(t, fs.WalkDir(sources, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		raw, err := fs.ReadFile(sources, name)
		require.Empty(t, markup.FindAllString(string(raw), -1), name)
		count++
		return err
	}))
	require.Greater(t, count, 20)
}

func assetNames(t *testing.T) []string {
	t.Helper()
	var names []string
	require.NoError(t, fs.WalkDir(os.DirFS("assets"), ".", func(name string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			names = append(names, name)
		}
		return err
	}))
	require.NotEmpty(t, names)
	return names
}

func asset(t *testing.T, name string) string {
	t.Helper()
	raw, err := fs.ReadFile(os.DirFS("assets"), name)
	require.NoError(t, err)
	return string(raw)
}
