package hclog

import (
	"context"
	"log/slog"
	"slices"
)

// LevelTrace is hclog's level below debug.
const LevelTrace = slog.LevelDebug - 4

// Handler is what slog's loggers write to. An attribute "@module" names the part of the plugin that
// logs; groups become prefixes of names.
type Handler struct {
	writer *Writer
	least  slog.Leveler
	extra  func(context.Context) []Field
	module string
	prefix string
	fields []Field
}

// NewHandler makes one. extra gives the fields that every line gets because of its context.
func NewHandler(writer *Writer, least slog.Leveler, module string, extra func(context.Context) []Field) *Handler {
	return &Handler{writer: writer, least: least, module: module, extra: extra}
}

// Enabled tells whether lines of a level are written.
func (h *Handler) Enabled(_ context.Context, level slog.Level) bool {
	return level >= h.least.Level()
}

// Handle writes one line. Never blocks.
func (h *Handler) Handle(ctx context.Context, record slog.Record) error {
	made := h.clone()
	if h.extra != nil {
		made.fields = append(made.fields, h.extra(ctx)...)
	}
	record.Attrs(func(attribute slog.Attr) bool {
		made.add(h.prefix, attribute)
		return true
	})
	h.writer.Offer(Line(record.Time, levelName(record.Level), made.module, record.Message, made.fields...))
	return nil
}

// WithAttrs adds fields to every line.
func (h *Handler) WithAttrs(attributes []slog.Attr) slog.Handler {
	made := h.clone()
	for _, attribute := range attributes {
		made.add(h.prefix, attribute)
	}
	return made
}

// WithGroup puts a prefix before the names of what is added later.
func (h *Handler) WithGroup(name string) slog.Handler {
	made := h.clone()
	if name != "" {
		made.prefix += name + "."
	}
	return made
}

func (h *Handler) clone() *Handler {
	made := *h
	made.fields = slices.Clip(made.fields)
	return &made
}

func (h *Handler) add(prefix string, attribute slog.Attr) {
	value := attribute.Value.Resolve()
	switch {
	case value.Kind() == slog.KindGroup:
		if attribute.Key != "" {
			prefix += attribute.Key + "."
		}
		for _, member := range value.Group() {
			h.add(prefix, member)
		}
	case attribute.Key == "@module":
		h.module = value.String()
	case attribute.Key != "":
		h.fields = append(h.fields, Field{prefix + attribute.Key, value.Any()})
	}
}

func levelName(level slog.Level) string {
	switch {
	case level < slog.LevelDebug:
		return "trace"
	case level < slog.LevelInfo:
		return "debug"
	case level < slog.LevelWarn:
		return "info"
	case level < slog.LevelError:
		return "warn"
	}
	return "error"
}
