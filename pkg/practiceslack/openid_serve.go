package practiceslack

import (
	"crypto/sha256"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

func (ws *Workspace) handleOpenID(mux *http.ServeMux) {
	mux.HandleFunc("GET /.well-known/openid-configuration", ws.serveDiscovery)
	mux.HandleFunc("GET /openid/connect/keys", ws.serveKeys)
	mux.HandleFunc("GET /avatars/{id}/{size}", ws.servePicture)
}

func (ws *Workspace) serveDiscovery(w http.ResponseWriter, _ *http.Request) {
	ws.mu.Lock()
	base := ws.baseURL
	ws.mu.Unlock()
	if base == "" {
		http.Error(w, noBaseURL, http.StatusInternalServerError)
		return
	}
	serveJSON(w, object{
		"issuer":                                base,
		"authorization_endpoint":                base + signInPath,
		"token_endpoint":                        base + "/api/openid.connect.token",
		"userinfo_endpoint":                     base + "/api/openid.connect.userInfo",
		"jwks_uri":                              base + "/openid/connect/keys",
		"scopes_supported":                      signInScopes(),
		"response_types_supported":              []string{"code"},
		"response_modes_supported":              []string{"form_post"},
		"grant_types_supported":                 []string{"authorization_code"},
		"subject_types_supported":               []string{"public"},
		"id_token_signing_alg_values_supported": []string{"RS256"},
		"claims_supported":                      []string{"sub", "auth_time", "iss"},
		"claims_parameter_supported":            false,
		"request_parameter_supported":           false,
		"request_uri_parameter_supported":       true,
		"token_endpoint_auth_methods_supported": []string{"client_secret_post", "client_secret_basic"},
	})
}

func (ws *Workspace) serveKeys(w http.ResponseWriter, _ *http.Request) {
	serveJSON(w, object{"keys": []any{ws.signingKey().public()}})
}

func serveJSON(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	_, _ = w.Write(encode(v)) // a client that is gone needs no answer
}

// The sizes in which Slack names pictures, in pixels.
func userPictures() []int { return []int{24, 32, 48, 72, 192, 512} }
func teamPictures() []int { return []int{34, 44, 68, 88, 102, 132, 230} }

func (ws *Workspace) picture(id string, size int) string {
	return fmt.Sprintf("%s/avatars/%s/%d.png", ws.baseURL, id, size)
}

// servePicture gives a plain square in a colour of its own, so that a picture
// named in a claim is one that can be shown.
func (ws *Workspace) servePicture(w http.ResponseWriter, r *http.Request) {
	id := r.PathValue("id")
	number, _ := strings.CutSuffix(r.PathValue("size"), ".png")
	size, err := strconv.Atoi(number)
	ws.mu.Lock()
	_, known := ws.users[id]
	ws.mu.Unlock()
	sizes := userPictures()
	if id == ws.opt.TeamID {
		known, sizes = true, teamPictures()
	}
	if !known || err != nil || !slices.Contains(sizes, size) {
		http.NotFound(w, r)
		return
	}
	hue := sha256.Sum256([]byte(id))
	square := image.NewPaletted(image.Rect(0, 0, size, size), color.Palette{color.RGBA{hue[0], hue[1], hue[2], 255}})
	w.Header().Set("Content-Type", "image/png")
	_ = png.Encode(w, square) // a client that is gone needs no picture
}
