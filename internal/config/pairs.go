package config

import (
	"net"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"unicode"
)

// OTLPHeaders gives the headers for the collector.
func (c *Config) OTLPHeaders() map[string]string {
	headers, _ := parsePairs(c.OTLPHeaderList.Reveal())
	return headers
}

// OTELResource gives what traces say of this service beside its name.
func (c *Config) OTELResource() map[string]string {
	attributes, _ := parsePairs(c.OTELResourceList)
	return attributes
}

// pairs checks a list in OpenTelemetry's form: name=value, with commas between
// them and what is no plain character as %XX.
func pairs(headers bool) check {
	return func(text string) (string, []string) {
		all, wrong := parsePairs(text)
		if wrong != "" {
			return text, wrongly("%s", wrong)
		}
		for name, value := range all {
			switch {
			case headers && !regexp.MustCompile(`^[0-9A-Za-z!#$%&'*+.^_|~-]+$`).MatchString(name):
				return text, wrongly("has a name that no header can have")
			case strings.ContainsFunc(value, unicode.IsControl):
				return text, wrongly("has a line break or another control character in a value")
			}
		}
		return text, nil
	}
}

func parsePairs(text string) (all map[string]string, wrong string) {
	all = map[string]string{}
	for pair := range strings.SplitSeq(text, ",") {
		if strings.TrimSpace(pair) == "" {
			continue
		}
		name, value, found := strings.Cut(pair, "=")
		name = strings.TrimSpace(name)
		if !found || name == "" {
			return nil, "has a part that is not name=value"
		}
		value, err := url.PathUnescape(strings.TrimSpace(value))
		if err != nil {
			return nil, "has a % in a value that does not begin an escape such as %20"
		}
		all[name] = value
	}
	return all, ""
}

// loopback takes an address that only this machine reaches.
func loopback(text string) (string, []string) {
	host, port, err := net.SplitHostPort(text)
	if err != nil {
		return text, wrongly("is no address with a port")
	}
	if _, err := strconv.ParseUint(port, 10, 16); err != nil {
		return text, wrongly("has no port from 0 to 65535")
	}
	if ip := net.ParseIP(host); host != "localhost" && (ip == nil || !ip.IsLoopback()) {
		return text, wrongly("is an address that other machines may reach")
	}
	return text, nil
}
