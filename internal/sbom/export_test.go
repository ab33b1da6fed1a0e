package sbom

import (
	"encoding/json"
	"runtime/debug"
)

// Describe gives the document for what a binary would say of itself.
func Describe(info *debug.BuildInfo, sum []byte) ([]byte, error) {
	return json.Marshal(describe(info, sum))
}
