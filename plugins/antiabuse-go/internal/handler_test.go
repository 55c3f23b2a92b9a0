package internal

import (
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/hkp-gateway/hkp-gateway/plugins/antiabuse-go/internal/count"
	hkp "github.com/hkp-gateway/hkp-gateway/sdk/go"
	"github.com/hkp-gateway/hkp-gateway/sdk/go/hkptest"
)

// start begins the plugin as the gateway would, with a clock that stands still.
func start(t testing.TB, setup hkptest.Setup) *hkptest.Plugin {
	t.Helper()
	setup.Name, setup.Options = "antiabuse-go", options()
	still := func() time.Duration { return 0 }
	return hkptest.Start(t, newPlugin(still, hostState), setup)
}

func hostState(setup *hkp.Setup) count.State {
	return setup.Host.State()
}

func TestReplicasHaveOneLimitWithTheState(t *testing.T) {
	host := hkptest.NewHost()
	setup := hkptest.Setup{
		Host: host, Config: `{"threshold": 3, "harvest_searches": 1, "errors_threshold": 1}`,
		Grants: []string{"http.request", "http.respond", "http.response", "state"},
	}
	one, other := start(t, setup), start(t, setup)
	for range 3 {
		if result := one.Handle(hkptest.NewRequest("GET /")); !result.Continue {
			t.Fatalf("expected: within the limit, got: %+v", result)
		}
	}
	for _, plugin := range []*hkptest.Plugin{other, one} {
		if result := plugin.Handle(hkptest.NewRequest("GET /")); result.Status != 429 || result.Header.Get("Retry-After") != "10" {
			t.Errorf("expected: 429 by both replicas, got: %+v", result)
		}
	}
	index := hkptest.NewRequest("GET /pks/lookup?op=index&search=nobody@lab.example").From("192.0.2.2")
	for range 2 {
		other.Response(index, hkptest.Upstream{Status: 404})
	}
	if result := one.Handle(index); result.Annotations["rule"] != "errors" || result.Header.Get("Retry-After") != "300" {
		t.Errorf("expected: blocked for what the other replica saw, got: %+v", result)
	}
}

func TestWithoutTheStateThisProcessCounts(t *testing.T) {
	host := hkptest.NewHost()
	host.SetUnavailable(true)
	plugin := start(t, hkptest.Setup{
		Host: host, Config: `{"threshold": 1}`, Grants: []string{"http.request", "http.respond", "state"},
	})
	plugin.Handle(hkptest.NewRequest("GET /"))
	if result := plugin.Handle(hkptest.NewRequest("GET /")); result.Status != 429 {
		t.Errorf("expected: 429, got: %+v", result)
	}
	if health, _ := plugin.Health(); health != "HEALTHY" {
		t.Errorf("expected: HEALTHY, got: %s", health)
	}
}

// A flood of requests that nobody waits for must not make the plugin believe that the state is away.
func TestAClientThatGoesAwayIsCountedAllTheSame(t *testing.T) {
	state := newFakeState(func() time.Duration { return 0 })
	var handler hkp.Handler
	construct := newPlugin(state.now, func(*hkp.Setup) count.State { return impatient{state} })
	hkptest.Start(t, func(ctx context.Context, setup *hkp.Setup) (made hkp.Handler, err error) {
		handler, err = construct(ctx, setup)
		return handler, err
	}, hkptest.Setup{
		Config: `{"threshold": 1}`, Options: options(), Grants: []string{"http.request", "http.respond", "state"},
	})
	gone, cancel := context.WithCancel(context.Background())
	cancel()
	request := &hkp.Request{Method: "GET", Path: "/", Client: netip.MustParseAddrPort("192.0.2.1:4711")}
	for _, allowed := range []bool{true, false} {
		decision, err := handler.Handle(gone, request)
		if _, is := decision.(hkp.Continue); err != nil || is != allowed {
			t.Errorf("expected: allowed %t, got: %T (%v)", allowed, decision, err)
		}
	}
	if err := state.compare(map[string]*string{"192.0.2.1": new("1 request in 10 s, block 1")}); err != nil {
		t.Error(err)
	}
}

// impatient is a state whose calls end with their context, as the gateway's do.
type impatient struct {
	*fakeState
}

func (i impatient) Get(ctx context.Context, key string) (hkp.Value, bool, error) {
	if ctx.Err() != nil {
		return hkp.Value{}, false, &hkp.HostError{Method: "GetState", Reason: hkp.ErrUnavailable, Message: ctx.Err().Error()}
	}
	return i.fakeState.Get(ctx, key)
}

func TestTheLogTellsOfABlockOnce(t *testing.T) {
	for config, client := range map[string]string{
		`{"threshold": 1}`:                         "192.0.2.1",
		`{"threshold": 1, "log_addresses": false}`: "-",
	} {
		var log safeBuffer
		plugin := start(t, hkptest.Setup{Config: config, Log: slog.New(slog.NewJSONHandler(&log, nil))})
		plugin.Handle(hkptest.NewRequest("GET /"))
		plugin.Handle(hkptest.NewRequest("GET /").DryRun())
		for range 3 {
			plugin.Handle(hkptest.NewRequest("GET /"))
		}
		var blocks []map[string]any
		for line := range strings.Lines(log.String()) {
			var fields map[string]any
			if err := json.Unmarshal([]byte(line), &fields); err != nil {
				t.Fatal(err)
			}
			if fields["msg"] == "client blocked" {
				blocks = append(blocks, fields)
			}
		}
		if len(blocks) != 1 || blocks[0]["client"] != client || blocks[0]["rule"] != "rate-limit" || blocks[0]["seconds"] != 12.0 ||
			blocks[0]["strike"] != 1.0 || blocks[0]["limit"] != "1 request in 10 s" {
			t.Errorf("%s: expected: one line, got: %v", config, blocks)
		}
		if client == "-" && strings.Contains(log.String(), "192.0.2.1") {
			t.Errorf("expected: no address in the log, got: %s", log.String())
		}
	}
}

type safeBuffer struct {
	mutex  sync.Mutex
	buffer bytes.Buffer
}

func (s *safeBuffer) Write(data []byte) (int, error) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	return s.buffer.Write(data)
}

func (s *safeBuffer) String() string {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	return s.buffer.String()
}
