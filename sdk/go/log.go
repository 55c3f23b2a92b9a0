package hkp

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"strings"

	"google.golang.org/grpc/metadata"

	"github.com/hkp-gateway/hkp-gateway/sdk/go/internal/hclog"
)

// LevelTrace is below slog.LevelDebug: every step.
const LevelTrace = hclog.LevelTrace

const logQueue = 1024

// call is the request, or the query for keys, that a context belongs to.
type call struct {
	requestID   string
	traceParent string
}

type callKey struct{}

func withCall(ctx context.Context, requestID, traceParent string) context.Context {
	return context.WithValue(ctx, callKey{}, &call{requestID, traceParent})
}

// withQuery is for queries for keys, which have no id, and whose trace is in their metadata.
func withQuery(ctx context.Context) context.Context {
	for _, parent := range metadata.ValueFromIncomingContext(ctx, "traceparent") {
		return withCall(ctx, "", parent)
	}
	return withCall(ctx, "", "")
}

var noCall call

// callOf is never nil; without a call it is noCall.
func callOf(ctx context.Context) *call {
	if current, is := ctx.Value(callKey{}).(*call); is {
		return current
	}
	return &noCall
}

func (c *call) fields() []hclog.Field {
	var fields []hclog.Field
	if c.requestID != "" {
		fields = append(fields, hclog.Field{Name: "request_id", Value: c.requestID})
	}
	// 00-<trace id>-<parent id>-<flags>
	if parts := strings.Split(c.traceParent, "-"); len(parts) >= 4 {
		fields = append(fields, hclog.Field{Name: "trace_id", Value: parts[1]})
	}
	return fields
}

// Log is slog's default logger, whose lines carry the request of ctx; so do those of
// slog.InfoContext and its kin.
func Log(ctx context.Context) *slog.Logger {
	logger := slog.Default()
	for _, field := range callOf(ctx).fields() {
		logger = logger.With(field.Name, field.Value)
	}
	return logger
}

// pluginLog is the log of a process.
type pluginLog struct {
	writer *hclog.Writer
	logger *slog.Logger
}

func newPluginLog(file *os.File, module string, least slog.Level) pluginLog {
	writer := hclog.NewWriter(file, logQueue)
	handler := hclog.NewHandler(writer, least, module, func(ctx context.Context) []hclog.Field {
		return callOf(ctx).fields()
	})
	return pluginLog{writer: writer, logger: slog.New(handler)}
}

func parseLevel(text string) (slog.Level, error) {
	switch strings.ToLower(strings.TrimSpace(text)) {
	case "trace":
		return LevelTrace, nil
	case "debug":
		return slog.LevelDebug, nil
	case "", "info":
		return slog.LevelInfo, nil
	case "warn":
		return slog.LevelWarn, nil
	case "error":
		return slog.LevelError, nil
	}
	return 0, fmt.Errorf("expected: trace, debug, info, warn or error, got: %q", text)
}
