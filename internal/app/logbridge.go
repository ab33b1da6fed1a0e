package app

import (
	"context"
	"log/slog"
	"maps"

	"github.com/sirupsen/logrus"
)

// logrusHandler lets River, which logs through slog, log through logrus.
type logrusHandler struct {
	log    *logrus.Logger
	fields logrus.Fields
	group  string
}

// Enabled implements slog.Handler.
func (h *logrusHandler) Enabled(_ context.Context, level slog.Level) bool {
	return h.log.IsLevelEnabled(toLogrus(level))
}

// Handle implements slog.Handler.
func (h *logrusHandler) Handle(_ context.Context, record slog.Record) error {
	fields := make(logrus.Fields, len(h.fields)+record.NumAttrs())
	maps.Copy(fields, h.fields)
	record.Attrs(func(a slog.Attr) bool {
		fields[h.group+a.Key] = a.Value.Resolve().Any()
		return true
	})
	h.log.WithFields(fields).Log(toLogrus(record.Level), record.Message)
	return nil
}

// WithAttrs implements slog.Handler.
func (h *logrusHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	with := logrusHandler{log: h.log, group: h.group, fields: make(logrus.Fields, len(h.fields)+len(attrs))}
	maps.Copy(with.fields, h.fields)
	for _, a := range attrs {
		with.fields[h.group+a.Key] = a.Value.Resolve().Any()
	}
	return &with
}

// WithGroup implements slog.Handler.
func (h *logrusHandler) WithGroup(name string) slog.Handler {
	with := *h
	with.group += name + "."
	return &with
}

// toLogrus maps a level. River's own comings and goings are of no interest to
// an operator, so its Info counts as Debug.
func toLogrus(level slog.Level) logrus.Level {
	switch {
	case level >= slog.LevelError:
		return logrus.ErrorLevel
	case level >= slog.LevelWarn:
		return logrus.WarnLevel
	}
	return logrus.DebugLevel
}
