package docstest_test

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

var (
	releaseHeading = regexp.MustCompile(`^## \[(\d+)\.(\d+)\.(\d+)\] - (\d{4}-\d{2}-\d{2})( \[YANKED\])?$`)
	linkDefinition = regexp.MustCompile(`^\[([^\]]+)\]: https://\S+$`)
)

// changelogProblem says what in a text is not in the form of Keep a Changelog
// 1.1.0, nil if all is.
func changelogProblem(text string) error {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	if lines[0] != "# Changelog" || !strings.Contains(text, "https://keepachangelog.com/en/1.1.0/") || !strings.Contains(text, "https://semver.org/") {
		return errors.New("it does not begin with its title, and say what form it has")
	}
	c := changelog{links: map[string]bool{}}
	for i, line := range lines[1:] {
		if err := c.read(line); err != nil {
			return fmt.Errorf("line %d, %q: %w", i+2, line, err)
		}
	}
	return c.end()
}

// changelog is how far the reading has come.
type changelog struct {
	releases []string // in their order, the newest first
	last     [3]int
	date     time.Time
	kinds    []string // of the release that is read
	entries  int      // of the kind that is read
	links    map[string]bool
}

func (c *changelog) read(line string) error {
	switch {
	case line == "":
	case strings.HasPrefix(line, "## "):
		return c.release(line)
	case strings.HasPrefix(line, "### "):
		return c.kind(strings.TrimPrefix(line, "### "))
	case strings.HasPrefix(line, "#"):
		return errors.New("it is no heading of the form")
	case linkDefinition.MatchString(line):
		c.links[linkDefinition.FindStringSubmatch(line)[1]] = true
	case strings.HasPrefix(line, "- "):
		if len(c.kinds) == 0 {
			return errors.New("an entry is not below a kind of change")
		}
		if !strings.HasSuffix(line, ".") {
			return errors.New("an entry is no sentence")
		}
		c.entries++
	case strings.HasPrefix(line, "  ") && c.entries > 0: // goes on
	case len(c.releases) > 0 && len(c.kinds) > 0:
		return errors.New("it is no entry")
	}
	return nil
}

func (c *changelog) release(line string) error {
	if err := c.full(); err != nil {
		return err
	}
	c.kinds = nil
	if line == "## [Unreleased]" {
		if len(c.releases) > 0 {
			return errors.New("what is not released comes first")
		}
		c.releases = append(c.releases, "Unreleased")
		return nil
	}
	found := releaseHeading.FindStringSubmatch(line)
	if found == nil {
		return errors.New("a release has its version in brackets, a dash and the day as YYYY-MM-DD")
	}
	if len(c.releases) == 0 {
		return errors.New("there is no [Unreleased] above it")
	}
	var version [3]int
	for i := range version {
		version[i], _ = strconv.Atoi(found[i+1]) // digits they are
	}
	day, err := time.Parse(time.DateOnly, found[4])
	if err != nil {
		return fmt.Errorf("there is no such day: %w", err)
	}
	if len(c.releases) > 1 && (slices.Compare(version[:], c.last[:]) >= 0 || day.After(c.date)) {
		return errors.New("the newest release comes first")
	}
	c.last, c.date = version, day
	c.releases = append(c.releases, strings.Join(found[1:4], "."))
	return nil
}

func (c *changelog) kind(name string) error {
	if err := c.full(); err != nil {
		return err
	}
	order := []string{"Added", "Changed", "Deprecated", "Removed", "Fixed", "Security"}
	at := slices.Index(order, name)
	if at < 0 {
		return fmt.Errorf("the kinds of change are %s", strings.Join(order, ", "))
	}
	if len(c.kinds) > 0 && slices.Index(order, c.kinds[len(c.kinds)-1]) >= at {
		return fmt.Errorf("the kinds of change stand once each, in the order %s", strings.Join(order, ", "))
	}
	c.kinds, c.entries = append(c.kinds, name), 0
	return nil
}

// full says whether the kind that was read has entries.
func (c *changelog) full() error {
	if len(c.kinds) > 0 && c.entries == 0 {
		return fmt.Errorf("nothing stands below %s before it", c.kinds[len(c.kinds)-1])
	}
	return nil
}

func (c *changelog) end() error {
	if err := c.full(); err != nil {
		return err
	}
	if len(c.releases) == 0 {
		return errors.New("there is no [Unreleased]")
	}
	for _, release := range c.releases[1:] {
		if !c.links[release] {
			return fmt.Errorf("[%s] leads nowhere: give its link at the end", release)
		}
	}
	return nil
}

func TestTheChangelogHasItsForm(t *testing.T) {
	t.Parallel()
	require.NoError(t, changelogProblem(read(t, "CHANGELOG.md")))
}

// TestAChangelogWithoutItsFormIsFound makes the test above mean something.
func TestAChangelogWithoutItsFormIsFound(t *testing.T) {
	t.Parallel()
	const head = "# Changelog\n\nAs https://keepachangelog.com/en/1.1.0/ and https://semver.org/ say.\n\n"
	const links = "\n[1.2.0]: https://example.com/1.2.0\n[1.10.0]: https://example.com/1.10.0\n"
	const sound = head + "## [Unreleased]\n\n### Added\n\n- This.\n\n## [1.10.0] - 2026-02-01\n\n### Changed\n\n- That.\n\n### Fixed\n\n- This,\n  too.\n\n" +
		"## [1.2.0] - 2026-01-01 [YANKED]\n\n### Security\n\n- Those.\n" + links
	require.NoError(t, changelogProblem(strings.Replace(sound, "- This,\n", "- This too.\n", 1)))
	for name, change := range map[string][2]string{
		"no title":            {"# Changelog", "# Changes"},
		"no form":             {"https://keepachangelog.com/en/1.1.0/", "custom"},
		"not unreleased":      {"## [Unreleased]", "## [2.0.0] - 2026-03-01"},
		"no brackets":         {"## [1.10.0] - 2026-02-01", "## 1.10.0 - 2026-02-01"},
		"no day":              {"## [1.10.0] - 2026-02-01", "## [1.10.0]"},
		"an impossible day":   {"2026-02-01", "2026-02-31"},
		"the oldest first":    {"## [1.10.0]", "## [1.1.0]"},
		"days go backwards":   {"2026-02-01", "2025-02-01"},
		"a kind of its own":   {"### Changed", "### Improved"},
		"kinds out of order":  {"### Changed", "### Security"},
		"an empty kind":       {"- That.\n", ""},
		"an entry without":    {"### Security\n", ""},
		"no sentence":         {"- That.", "- That"},
		"no entry":            {"- That.", "That."},
		"a link that is lost": {"[1.2.0]: https://example.com/1.2.0\n", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			broken := strings.Replace(strings.Replace(sound, "- This,\n", "- This too.\n", 1), change[0], change[1], 1)
			require.Error(t, changelogProblem(broken))
		})
	}
}
