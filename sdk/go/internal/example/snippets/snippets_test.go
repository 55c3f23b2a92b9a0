package snippets

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	hkp "github.com/hkp-gateway/hkp-gateway/sdk/go"
	"github.com/hkp-gateway/hkp-gateway/sdk/go/hkptest"
)

func newLimits(_ context.Context, setup *hkp.Setup) (hkp.Handler, error) {
	file, err := os.CreateTemp(setup.DataDir, "list")
	if err != nil {
		return nil, err
	}
	return &limits{host: setup.Host, file: file}, nil
}

func TestAHundredRequestsPass(t *testing.T) {
	host := hkptest.NewHost()
	plugin := hkptest.Start(t, newLimits, hkptest.Setup{
		Host:   host,
		Grants: []string{"http.request", "http.respond", "state"},
	})
	request := hkptest.NewRequest("GET /pks/stats").From("2001:db8::7")
	for range 100 {
		if result := plugin.Handle(request); !result.Continue {
			t.Fatalf("expected: the request goes on, got: %+v", result)
		}
	}
	if result := plugin.Handle(request); result.Status != 429 {
		t.Errorf("expected: 429, got: %+v", result)
	}
	host.Advance(time.Second)
	if result := plugin.Handle(request); !result.Continue {
		t.Errorf("expected: the request goes on a second later, got: %+v", result)
	}
	host.SetUnavailable(true)
	if result := plugin.Handle(request); !result.Continue {
		t.Errorf("expected: the request goes on when nobody counts, got: %+v", result)
	}
}

func TestWithoutTheGrantTheRequestFails(t *testing.T) {
	plugin := hkptest.Start(t, newLimits, hkptest.Setup{Host: hkptest.NewHost()})
	if _, err := plugin.TryHandle(hkptest.NewRequest("GET /")); err == nil || !strings.Contains(err.Error(), "the grant state") {
		t.Errorf("expected: which grant is missing, got: %v", err)
	}
}

func TestTheOtherParts(t *testing.T) {
	plugin := hkptest.Start(t, newLimits, hkptest.Setup{Host: hkptest.NewHost(), Grants: []string{"http.request", "http.response", "events.subscribe"}})
	got := plugin.Response(hkptest.NewRequest("GET /pks/lookup?op=get&search=0xDEADBEEF"), hkptest.Upstream{Status: 404})
	if got.Header.Get("Cache-Control") != "max-age=60" || got.Annotations["missed"] != "yes" {
		t.Errorf("expected: a header and a note, got: %+v", got)
	}
	plugin.Events(hkp.EventBatch{Events: []hkp.Event{{Type: "key.changed"}}})
	if health, message := plugin.Health(); health != "DEGRADED" || message != "the list is empty; see its file" {
		t.Errorf("expected: DEGRADED, got: %s %s", health, message)
	}
}

func TestDecisionsAndSettingsAreAsTheGuideSays(t *testing.T) {
	for i, decision := range decisions(&hkp.Request{}) {
		if err := decision.Err(); err != nil {
			t.Errorf("%d: expected: a valid decision, got: %v", i, err)
		}
	}
	config, err := hkp.ParseConfig(`{"token": "t", "window": "1m", "agents": {"a": {"pattern": "x"}}}`)
	if err != nil {
		t.Fatal(err)
	}
	var got settings
	if err := config.Decode(&got); err != nil || got.Threshold != 100 || got.Window != time.Minute || got.Largest != 1<<20 || got.Agents["a"].Pattern != "x" {
		t.Errorf("expected: values and defaults, got: %+v, %v", got, err)
	}
}

func TestAskingForKeys(t *testing.T) {
	host := hkptest.NewHost()
	host.AddKey(hkp.Key{Fingerprint: "0123456789ABCDEF0123456789ABCDEF01234567", UserIDs: []string{"a@example.org"}})
	plugin := hkptest.Start(t, func(ctx context.Context, setup *hkp.Setup) (hkp.Handler, error) {
		return hkp.HandlerFunc(func(ctx context.Context, _ *hkp.Request) (hkp.Decision, error) {
			return hkp.Allow(), ask(ctx, setup.Host)
		}), nil
	}, hkptest.Setup{Name: "limits", Host: host, Grants: []string{"http.request", "storage.query", "events.publish"}})
	plugin.Handle(hkptest.NewRequest("GET /"))
	if published := host.Published(); len(published) != 1 || published[0].Type != "plugin.limits.counted" {
		t.Errorf("expected: one event, got: %+v", published)
	}
}

func TestListening(t *testing.T) {
	host := hkptest.NewHost()
	var err error
	hkptest.Start(t, func(ctx context.Context, setup *hkp.Setup) (hkp.Handler, error) {
		err = listen(ctx, setup.Host)
		return hkp.HandlerFunc(nil), nil
	}, hkptest.Setup{Host: host})
	if err == nil || !strings.Contains(err.Error(), "the grant events.subscribe") {
		t.Errorf("expected: which grant is missing, got: %v", err)
	}
}

// Every block of Go and TOML in the guide is in a file that is compiled, or used, by a test.
func TestTheGuideShowsThisCode(t *testing.T) {
	guide, err := os.ReadFile("../../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	var all strings.Builder
	for _, pattern := range []string{"*.go", "../noharvesting/*"} {
		files, _ := filepath.Glob(pattern)
		for _, file := range files {
			content, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			all.Write(content)
		}
	}
	blocks := 0
	for i, part := range strings.Split(string(guide), "```") {
		language, block, _ := strings.Cut(part, "\n")
		if i%2 == 0 || (language != "go" && language != "toml") {
			continue
		}
		blocks++
		if !strings.Contains(all.String(), block) {
			t.Errorf("expected: a block that is in a file here, got: %s", block)
		}
	}
	if blocks < 9 {
		t.Errorf("expected: at least 9 blocks, got: %d", blocks)
	}
}
