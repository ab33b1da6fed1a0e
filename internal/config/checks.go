package config

import (
	"encoding/base64"
	"fmt"
	"net/netip"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// check returns a value in the form in which it is used, and what is wrong with it in words that do not quote it.
type check func(text string) (normal string, wrong []string)

// read applies the default and the check. What the other settings say decides
// whether this one may be missing.
func (s Setting) read(text string, others map[string]string) (string, []Problem) {
	if !s.Secret {
		text = strings.TrimSpace(text)
	}
	if text == "" {
		text = s.Default
	}
	if text == "" {
		if s.Required && others[s.Unless] == "" {
			return "", []Problem{{s.Name, "is missing", s.Remedy}}
		}
		return "", nil
	}
	normal, wrong := s.check(text)
	if s.With != "" && strings.TrimSpace(others[s.With]) == "" {
		wrong = append(wrong, "is set without "+s.With)
	}
	var problems []Problem
	for _, what := range wrong {
		problems = append(problems, Problem{s.Name, what, s.Remedy})
	}
	return normal, problems
}

func wrongly(format string, args ...any) []string { return []string{fmt.Sprintf(format, args...)} }

// token checks a secret by its prefix only, and that nothing slipped in while it was copied.
func token(prefix string) check {
	return func(text string) (string, []string) {
		blank := strings.ContainsFunc(text, func(c rune) bool { return unicode.IsSpace(c) || unicode.IsControl(c) })
		switch {
		case blank:
			return text, wrongly("has blanks or line breaks in it")
		case !strings.HasPrefix(text, prefix):
			return text, wrongly("does not begin with %s", prefix)
		case text == prefix:
			return text, wrongly("has nothing behind %s", prefix)
		}
		return text, nil
	}
}

func longToken(least int) check {
	return func(text string) (string, []string) {
		if utf8.RuneCountInString(text) < least {
			return text, wrongly("is shorter than %d characters", least)
		}
		return token("")(text)
	}
}

func webhookSecret(text string) (string, []string) {
	const prefix = "whsec_"
	if _, wrong := token(prefix)(text); wrong != nil {
		return text, wrong
	}
	if _, err := base64.StdEncoding.DecodeString(text[len(prefix):]); err != nil {
		return text, wrongly("is not base64 behind %s", prefix)
	}
	return text, nil
}

func matching(pattern, what string) check {
	return func(text string) (string, []string) {
		if !regexp.MustCompile(pattern).MatchString(text) {
			return text, wrongly("%s", what)
		}
		return text, nil
	}
}

func oneOf(choices ...string) check {
	return func(text string) (string, []string) {
		text = strings.ToLower(text)
		if !slices.Contains(choices, text) {
			return text, wrongly("is none of %s", strings.Join(choices, ", "))
		}
		return text, nil
	}
}

// filePath checks that it is not the file's content that was given: a path is
// named when the file cannot be read.
func filePath(text string) (string, []string) {
	if strings.ContainsFunc(text, unicode.IsControl) || strings.Contains(text, "-----") {
		return text, wrongly("is no path; it looks like what should be in the file")
	}
	return text, nil
}

// networks checks a list of networks, and makes addresses networks of one.
func networks(text string) (string, []string) {
	var normal, wrong []string
	for i, entry := range separated(text) {
		network, err := netip.ParsePrefix(entry)
		if address, single := netip.ParseAddr(entry); single == nil && address.Zone() == "" {
			network, err = address.Unmap().Prefix(address.Unmap().BitLen())
		}
		switch {
		case err != nil, network.Addr().Is4In6():
			wrong = append(wrong, fmt.Sprintf("entry %d is no network and no address", i+1))
		case network.Bits() == 0:
			wrong = append(wrong, fmt.Sprintf("entry %d is everybody, so that anybody could claim any address", i+1))
		default:
			normal = append(normal, network.Masked().String())
		}
	}
	if len(normal)+len(wrong) == 0 {
		wrong = wrongly("holds only separators")
	}
	return strings.Join(normal, ","), wrong
}

func portNumber(text string) (string, []string) {
	if _, err := strconv.ParseUint(text, 10, 16); err != nil {
		return text, wrongly("is no whole number from 0 to 65535")
	}
	return text, nil
}

func wholeNumber(text string) (string, []string) {
	const most = 100_000
	if n, err := strconv.ParseUint(text, 10, 32); err != nil || n > most {
		return text, wrongly("is no whole number from 0 to %d", most)
	}
	return text, nil
}

func durationOf(least time.Duration) check {
	return func(text string) (string, []string) {
		given, err := time.ParseDuration(text)
		if err != nil {
			return text, wrongly("is no duration with a unit")
		}
		if given < least {
			return text, wrongly("is less than %s", least)
		}
		return given.String(), nil
	}
}

// webAddress checks a base address and makes it end as its user needs it.
func webAddress(ending string) check {
	return func(text string) (string, []string) {
		address, err := url.Parse(text)
		switch {
		case err != nil || (address.Scheme != "http" && address.Scheme != "https") || address.Hostname() == "":
			return text, wrongly("is no address that begins with https:// or http://")
		case address.User != nil:
			return text, wrongly("has a user or a password in it")
		case address.RawQuery != "" || address.ForceQuery || strings.Contains(text, "#"):
			return text, wrongly("has a ? or a # in it")
		}
		return strings.TrimRight(address.String(), "/") + ending, nil
	}
}

func database(text string) (string, []string) {
	if path, isSQLite := strings.CutPrefix(text, sqliteScheme); isSQLite {
		switch {
		case path == "":
			return text, wrongly("has no path behind sqlite:")
		case strings.HasPrefix(path, "//"):
			return text, wrongly("has slashes behind sqlite: that are no part of the path")
		case strings.ContainsAny(path, "?#"):
			return text, wrongly("has a ? or a # in its path")
		}
		return text, nil
	}
	address, err := url.Parse(text)
	switch {
	case !strings.HasPrefix(text, "postgres://") && !strings.HasPrefix(text, "postgresql://"):
		return text, wrongly("begins neither with sqlite: nor with postgres://")
	case err != nil:
		return text, wrongly("cannot be read as an address; characters such as / or # in a password must be written as %%2F or %%23")
	case address.Host == "" && !address.Query().Has("host"):
		return text, wrongly("names no host")
	}
	return text, nil
}

func reviewers(text string) (string, []string) {
	_, wrong := parseReviewers(text)
	return text, wrong
}
