package config

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Reviewers are those who may decide, each once, in the order given.
type Reviewers struct {
	// Everyone is set by * alone: every full member, on purpose.
	Everyone bool
	Users    []string // Slack user ids
	Groups   []string // Slack user group ids
	Emails   []string // in lower case
}

// Listed reports whether only some may decide. If not, everyone may, on purpose or not.
func (r Reviewers) Listed() bool { return len(r.Users)+len(r.Groups)+len(r.Emails) > 0 }

// Entries returns all entries: user ids, then group ids, then e-mails.
func (r Reviewers) Entries() []string { return slices.Concat(r.Users, r.Groups, r.Emails) }

// parseReviewers sorts the entries by kind and says which are of none.
func parseReviewers(text string) (r Reviewers, wrong []string) {
	user := regexp.MustCompile(`^[UW][A-Z0-9]{2,}$`)
	group := regexp.MustCompile(`^S[A-Z0-9]{2,}$`)
	email := regexp.MustCompile(`^[^@<>():;"\\]+@[^@<>():;"\\]+$`)
	entries := separated(text)
	for i, entry := range entries {
		switch {
		case entry == "*":
			r.Everyone = true
		case user.MatchString(entry):
			r.Users = appendNew(r.Users, entry)
		case group.MatchString(entry):
			r.Groups = appendNew(r.Groups, entry)
		case email.MatchString(entry):
			r.Emails = appendNew(r.Emails, strings.ToLower(entry))
		default:
			wrong = append(wrong, nameEntry(i+1, entry)+" is no Slack user id, no user group id and no e-mail address")
		}
	}
	if len(entries) == 0 && strings.TrimSpace(text) != "" {
		wrong = append(wrong, "holds only separators, which would let everybody decide")
	}
	if r.Everyone && len(entries) > 1 {
		wrong = append(wrong, "* stands beside other entries")
	}
	return r, wrong
}

// separated gives the entries of a list, with commas or blanks between them.
func separated(text string) []string {
	return strings.FieldsFunc(text, func(c rune) bool { return c == ',' || unicode.IsSpace(c) })
}

func appendNew(to []string, entry string) []string {
	if slices.Contains(to, entry) {
		return to
	}
	return append(to, entry)
}

// nameEntry names an entry by its text only if it looks like a name that was typed: a token pasted into the wrong
// setting must not be printed.
func nameEntry(number int, entry string) string {
	const longestName, longestWithDigits = 30, 12
	long := utf8.RuneCountInString(entry)
	printable := strings.IndexFunc(entry, func(c rune) bool { return !unicode.IsPrint(c) }) < 0
	hasDigit := strings.ContainsFunc(entry, unicode.IsDigit)
	token := slices.ContainsFunc([]string{"xox", "xapp", "whsec"}, func(prefix string) bool {
		return strings.Contains(strings.ToLower(entry), prefix)
	})
	if !printable || token || long > longestName || (hasDigit && long > longestWithDigits) {
		return fmt.Sprintf("entry %d (not shown, it may be a secret)", number)
	}
	return fmt.Sprintf("entry %d, %q,", number, entry)
}
