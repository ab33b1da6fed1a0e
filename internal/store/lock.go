package store

import (
	"errors"
	"fmt"
	"os"
	"syscall"
)

// InUseError says that another process serves the same SQLite file.
type InUseError struct {
	Path string
}

// Error says what to do.
func (e *InUseError) Error() string {
	return fmt.Sprintf("the database %s is in use by another frontdesk; stop that one first, or give this one "+
		"another DATABASE_URL (several replicas need PostgreSQL)", e.Path)
}

// fileLock is held beside the database file as long as the process lives; the
// kernel lets go of it even when the process is killed.
type fileLock struct {
	file *os.File
}

func lockFile(path string) (*fileLock, error) {
	file, err := os.OpenFile(path+".lock", os.O_CREATE|os.O_RDWR, 0o600) //nolint:gosec // the operator chose the path
	if err != nil {
		return nil, fmt.Errorf("open the lock beside the SQLite database: %w", err)
	}
	err = syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if errors.Is(err, syscall.EWOULDBLOCK) {
		return nil, errors.Join(&InUseError{Path: path}, file.Close())
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("lock the SQLite database %s: %w", path, err), file.Close())
	}
	return &fileLock{file: file}, nil
}

func (l *fileLock) release() error {
	if err := l.file.Close(); err != nil {
		return fmt.Errorf("release the lock beside the SQLite database: %w", err)
	}
	return nil
}
