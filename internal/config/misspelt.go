package config

import (
	"slices"
	"strings"
)

// misspelt warns of names in the .env file that are nearly a setting's. Names that are nothing like one are left
// alone: a .env file may serve other programs too.
func misspelt(names []string) []Warning {
	var known []string
	var warnings []Warning
	for _, setting := range Settings() {
		known = append(known, setting.Name)
		if setting.Secret {
			known = append(known, setting.Name+fileSuffix)
		} else if slices.Contains(names, setting.Name+fileSuffix) {
			warnings = append(warnings, Warning{
				setting.Name + fileSuffix, "is ignored: only secrets can come from a file", "set " + setting.Name,
			})
		}
	}
	for _, name := range names {
		if slices.Contains(known, name) {
			continue
		}
		if near := nearest(strings.ToUpper(name), known); near != "" {
			warnings = append(warnings, Warning{name, "is no setting and is ignored", "did you mean " + near + "?"})
		}
	}
	return warnings
}

// nearest returns the known name that differs from this one by the fewest slips, and by no more than two; in a short
// name one slip is enough to make another word.
func nearest(name string, known []string) string {
	const shortName = 5
	best, fewest := "", 3
	for _, candidate := range known {
		slips := distance(name, candidate)
		if len(candidate) <= shortName && slips > 1 {
			continue
		}
		if slips < fewest {
			best, fewest = candidate, slips
		}
	}
	return best
}

// distance counts the letters to insert, delete, replace or swap with their neighbour to make b of a.
func distance(a, b string) int {
	const tooFar = 99
	if max(len(a), len(b))-min(len(a), len(b)) > 2 {
		return tooFar
	}
	rows := make([][]int, len(a)+1)
	for i := range rows {
		rows[i] = make([]int, len(b)+1)
		rows[i][0] = i
	}
	for j := range rows[0] {
		rows[0][j] = j
	}
	for i := 1; i <= len(a); i++ {
		for j := 1; j <= len(b); j++ {
			replace := rows[i-1][j-1]
			if a[i-1] != b[j-1] {
				replace++
			}
			rows[i][j] = min(replace, rows[i-1][j]+1, rows[i][j-1]+1)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				rows[i][j] = min(rows[i][j], rows[i-2][j-2]+1)
			}
		}
	}
	return rows[len(a)][len(b)]
}
