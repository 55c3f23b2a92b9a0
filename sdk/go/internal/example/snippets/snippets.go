// Package snippets is the code of the SDK's README.md: a test compares the two.
package snippets

import (
	"context"
	"errors"
	"log/slog"
	"net/netip"
	"os"
	"strconv"
	"sync/atomic"
	"time"

	hkp "github.com/hkp-gateway/hkp-gateway/sdk/go"
)

type limits struct {
	host    *hkp.Host
	allowed atomic.Int64
	file    *os.File
}

func decisions(request *hkp.Request) []hkp.Decision {
	return []hkp.Decision{
		hkp.Allow(),
		hkp.Allow().SetRequestHeader("X-Checked", "yes").Annotate("checked", "yes"),
		hkp.Allow().RewriteQuery("op=get&search=0xDEADBEEF"),
		hkp.Allow().AddResponseHeader("X-Plugin", "mine").Delay(2 * time.Second),
		hkp.Deny(403).Text("Uploads are closed.").Reason("upload from " + request.Client.Addr().String()),
		hkp.Respond(200).Body("application/json", []byte(`{"status": "ok"}`)),
	}
}

type settings struct {
	Threshold int              `json:"threshold" default:"100" min:"1" max:"1000000"`
	Window    time.Duration    `json:"window" default:"10s" min:"1s" max:"1d"`
	Largest   hkp.Size         `json:"largest" default:"1MB"`
	Mode      string           `json:"mode" default:"enforce" oneof:"observe,enforce"`
	Allow     []netip.Prefix   `json:"allow"`
	Token     string           `json:"token" required:"true"`
	Agents    map[string]agent `json:"agents"`
}

type agent struct {
	Pattern string `json:"pattern" required:"true"`
}

// Validate checks what tags cannot say.
func (s *settings) Validate() error {
	if s.Mode == "observe" && len(s.Allow) > 0 {
		return errors.New("allow: expected: none with mode observe, got: " + strconv.Itoa(len(s.Allow)))
	}
	return nil
}

var bucket = hkp.Bucket{Capacity: 100, Refill: 100, Period: 10 * time.Second}

func (l *limits) Handle(ctx context.Context, request *hkp.Request) (hkp.Decision, error) {
	tokens, err := l.host.State().Acquire(ctx, request.Client.Addr().String(), 1, bucket)
	if errors.Is(err, hkp.ErrUnavailable) {
		slog.WarnContext(ctx, "nobody counts", "error", err)
		return hkp.Allow(), nil
	}
	if err != nil {
		return nil, err
	}
	if !tokens.Acquired {
		return hkp.Deny(429).RetryAfter(tokens.RetryAfter), nil
	}
	return hkp.Allow(), nil
}

func (l *limits) HandleResponse(_ context.Context, response *hkp.Response) (hkp.ResponseDecision, error) {
	if response.Status != 404 {
		return hkp.Unchanged(), nil
	}
	return hkp.Unchanged().SetHeader("Cache-Control", "max-age=60").Annotate("missed", "yes"), nil
}

func (l *limits) HandleEvents(ctx context.Context, batch hkp.EventBatch) error {
	for _, event := range batch.Events {
		slog.InfoContext(ctx, "heard", "type", event.Type, "fingerprint", event.Metadata["fingerprint"])
	}
	return nil
}

func (l *limits) Health(context.Context) hkp.Health {
	if l.allowed.Load() == 0 {
		return hkp.Degraded("the list is empty; see its file").With("file", l.file.Name())
	}
	return hkp.Healthy()
}

func (l *limits) Close(context.Context) error {
	return l.file.Close()
}

func ask(ctx context.Context, host *hkp.Host) error {
	page, err := host.Lookup(ctx, "0x0123456789ABCDEF", hkp.KeyOptions{})
	if err != nil {
		return err
	}
	slog.InfoContext(ctx, "found", "keys", page.Total)
	for key, err := range host.StreamKeys(ctx, hkp.KeyFetch, "example.org", hkp.KeyOptions{}) {
		if err != nil {
			return err
		}
		slog.InfoContext(ctx, "a key", "fingerprint", key.Fingerprint, "bytes", len(key.Data))
	}
	return host.Publish(ctx, hkp.Event{Type: "plugin.limits.counted", Data: []byte(`{"keys": 1}`)})
}

func listen(ctx context.Context, host *hkp.Host) error {
	for batch, err := range host.Subscribe(ctx, hkp.EventFilter{Types: []string{"key.*"}}) {
		if err != nil {
			return err
		}
		for _, event := range batch.Events {
			slog.InfoContext(ctx, "heard", "type", event.Type)
		}
	}
	return nil
}
