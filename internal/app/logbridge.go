package app

import (
	"context"
	"log/slog"
	"maps"
	"strings"

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
		fields[h.group+ours(a.Key)] = a.Value.Resolve().Any()
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
		with.fields[h.group+ours(a.Key)] = a.Value.Resolve().Any()
	}
	return &with
}

// WithGroup implements slog.Handler.
func (h *logrusHandler) WithGroup(name string) slog.Handler {
	with := *h
	with.group += name + "."
	return &with
}

// ours gives the name that Frontdesk's own lines have for a field of River's.
func ours(name string) string {
	if name == "job_id" {
		return "job"
	}
	return name
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

// serverLog is for what the HTTP server says by itself. Of a client that does
// not manage to speak TLS it says a line, and anybody can be such a client as
// often as they like: that is of no interest to an operator.
type serverLog struct{ logrusHandler }

// Handle implements slog.Handler.
func (l *serverLog) Handle(ctx context.Context, record slog.Record) error {
	if strings.HasPrefix(record.Message, "http: TLS handshake error") {
		record.Level = slog.LevelDebug
	}
	return l.logrusHandler.Handle(ctx, record)
}
