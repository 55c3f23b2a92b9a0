package hclog

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"math"
	"strings"
	"sync"
	"testing"
	"time"
)

type broken struct{}

func (broken) Error() string { panic("in Error") }

func logged(t *testing.T, log func(*slog.Logger)) map[string]any {
	t.Helper()
	var output bytes.Buffer
	writer := NewWriter(&output, 10)
	log(slog.New(NewHandler(writer, LevelTrace, "tested", func(context.Context) []Field { return []Field{{"request_id", "r"}} })))
	if !writer.Flush(time.Minute) {
		t.Fatal("expected: written within a minute, got: not")
	}
	var fields map[string]any
	if err := json.Unmarshal(output.Bytes(), &fields); err != nil {
		t.Fatalf("expected: a JSON object, got: %q", output.String())
	}
	return fields
}

func TestALine(t *testing.T) {
	got := logged(t, func(log *slog.Logger) {
		log.With("@module", "part", "with", 1).WithGroup("g").With("inner", true).Warn("mes\"sage\n",
			"float", 1.5, "nan", math.NaN(), "error", errors.New("<e>"), "duration", time.Second, slog.Group("h", "x", "y"), "broken", broken{},
			"long", strings.Repeat("ä", maxText))
	})
	for name, want := range map[string]any{
		"@level": "warn", "@message": "mes\"sage\n", "@module": "part", "with": 1.0, "g.inner": true, "g.float": 1.5, "g.nan": "NaN",
		"g.error": "<e>", "g.duration": "1s", "g.h.x": "y", "request_id": "r",
	} {
		if got[name] != want {
			t.Errorf("%s: expected: %v, got: %v", name, want, got[name])
		}
	}
	if text := got["g.broken"].(string); !strings.Contains(text, "PANIC") {
		t.Errorf("expected: a panic is written, got: %q", text)
	}
	if text := got["g.long"].(string); len(text) > maxText+20 || !strings.HasSuffix(text, "ä… (cut)") {
		t.Errorf("expected: cut, got: %d bytes", len(text))
	}
	if _, err := time.Parse(timestamp, got["@timestamp"].(string)); err != nil {
		t.Errorf("expected: a time with microseconds, got: %v", err)
	}
}

func TestLevels(t *testing.T) {
	for level, want := range map[slog.Level]string{LevelTrace: "trace", slog.LevelDebug: "debug", slog.LevelInfo: "info", slog.LevelWarn: "warn", slog.LevelError: "error", slog.LevelError + 4: "error"} {
		got := logged(t, func(log *slog.Logger) { log.Log(context.Background(), level, "x") })
		if got["@level"] != want {
			t.Errorf("%v: expected: %s, got: %v", level, want, got["@level"])
		}
	}
	if NewHandler(nil, slog.LevelWarn, "", nil).Enabled(context.Background(), slog.LevelInfo) {
		t.Error("expected: info is not written at warn, got: it is")
	}
}

// stuck is a pipe that nobody reads, until it is opened.
type stuck struct {
	entered chan struct{}
	open    chan struct{}
	once    sync.Once
	bytes.Buffer
}

func (s *stuck) Write(p []byte) (int, error) {
	s.once.Do(func() { close(s.entered) })
	<-s.open
	return s.Buffer.Write(p)
}

func TestNobodyWaitsForTheLog(t *testing.T) {
	out := &stuck{entered: make(chan struct{}), open: make(chan struct{})}
	writer := NewWriter(out, 4)
	writer.Offer([]byte("first\n"))
	<-out.entered
	for range 10 {
		writer.Offer([]byte("more\n"))
	}
	if writer.Flush(time.Millisecond) {
		t.Error("expected: not written, got: written")
	}
	close(out.open)
	if !writer.Flush(time.Minute) {
		t.Fatal("expected: written within a minute, got: not")
	}
	text := out.String()
	if strings.Count(text, "more\n") != 4 || !strings.Contains(text, `"dropped":6`) {
		t.Errorf("expected: four lines and six dropped, got: %q", text)
	}
}
