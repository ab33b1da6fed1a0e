package config

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/joho/godotenv"
)

const (
	fileSuffix  = "_FILE"
	maxFileSize = 1 << 16
)

var errTooLarge = errors.New("larger than 64 KiB")

// source is one place where settings stand.
type source struct {
	where  string
	values map[string]string
}

// find returns the setting's text from the first source that has it, by its own name or, for a secret, as a file.
func (s Setting) find(sources []source) (text string, problem *Problem) {
	fileName := s.Name + fileSuffix
	for _, from := range sources {
		direct, isDirect := from.values[s.Name]
		path := ""
		if s.Secret {
			path = from.values[fileName]
		}
		switch {
		case path != "" && direct != "":
			return "", &Problem{s.Name, "is set twice in " + from.where + ", also as " + fileName, "keep one of the two"}
		case path != "":
			content, err := readSmallFile(path)
			if err != nil {
				// The path stays unsaid: somebody may have put the secret itself there.
				return "", &Problem{
					fileName, "the file that it names " + whyUnreadable(err),
					"give the path of a file that holds the secret and that this process may read",
				}
			}
			return strings.TrimRight(string(content), "\r\n"), nil
		case isDirect:
			return direct, nil
		}
	}
	return "", nil
}

func readSmallFile(path string) ([]byte, error) {
	file, err := os.Open(filepath.Clean(path))
	if err != nil {
		return nil, fmt.Errorf("open: %w", err)
	}
	defer func() { _ = file.Close() }()
	content, err := io.ReadAll(io.LimitReader(file, maxFileSize+1))
	if err != nil {
		return nil, fmt.Errorf("read: %w", err)
	}
	if len(content) > maxFileSize {
		return nil, errTooLarge
	}
	return content, nil
}

// whyUnreadable says it in words of its own, because the error's text holds the path.
func whyUnreadable(err error) string {
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return "does not exist"
	case errors.Is(err, fs.ErrPermission):
		return "may not be read by this process"
	case errors.Is(err, errTooLarge):
		return "is " + errTooLarge.Error()
	default:
		return "cannot be read"
	}
}

// readEnvFile reads the .env file into a map. What stands in a malformed file is not said, only where.
func readEnvFile(path string) (map[string]string, *Problem) {
	if path == "" {
		return nil, nil
	}
	content, err := readSmallFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, &Problem{path, whyUnreadable(err), "make it a readable file, or remove it and use the environment"}
	}
	content = bytes.TrimPrefix(content, []byte("\xef\xbb\xbf"))
	values, err := parseEnv(content)
	if err != nil {
		return nil, &Problem{
			path, fmt.Sprintf("line %d is not understood", malformedLine(content)),
			"write each setting as NAME=value, with quotes closed, and comments behind #",
		}
	}
	return values, nil
}

var errNoName = errors.New("a line without a name")

func parseEnv(content []byte) (map[string]string, error) {
	values, err := godotenv.UnmarshalBytes(content)
	if err != nil {
		return nil, fmt.Errorf("parse: %w", err)
	}
	// The parser takes a last line without = as the value of no name.
	if _, nameless := values[""]; nameless {
		return nil, errNoName
	}
	return values, nil
}

// malformedLine finds the line at which the first statement begins that cannot be parsed. A statement is one line,
// or several if a quoted value runs over them.
func malformedLine(content []byte) int {
	content = bytes.ReplaceAll(content, []byte("\r\n"), []byte("\n"))
	lines := bytes.SplitAfter(content, []byte("\n"))
	for first := 0; first < len(lines); {
		last, ok := statementEnd(lines, first)
		if !ok {
			return first + 1
		}
		first = last + 1
	}
	return len(lines)
}

func statementEnd(lines [][]byte, first int) (last int, ok bool) {
	if _, err := parseEnv(lines[first]); err == nil {
		return first, true
	}
	statement := bytes.Clone(lines[first])
	if !bytes.ContainsAny(statement, `"'`) {
		return 0, false
	}
	for last = first + 1; last < len(lines); last++ {
		statement = append(statement, lines[last]...)
		if !bytes.ContainsAny(lines[last], `"'`) {
			continue
		}
		if _, err := parseEnv(statement); err == nil {
			return last, true
		}
	}
	return 0, false
}
