package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"example.org/hkp-bench/measure"
	"github.com/hkp-gateway/hkp-gateway/sdk/go/hkpplugin"
)

// host is one that answers as a gateway does, as far as the caller asks.
type host struct {
	hkpplugin.UnimplementedPluginHostServer
	published atomic.Int64
	wrongKey  bool
	events    chan *hkpplugin.EventBatch
}

func start(t *testing.T, host *host) hkpplugin.PluginHostClient {
	t.Helper()
	path := filepath.Join(t.TempDir(), "s")
	listener, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	server := grpc.NewServer()
	hkpplugin.RegisterPluginHostServer(server, host)
	go func() { _ = server.Serve(listener) }()
	t.Cleanup(server.Stop)
	client, err := dialHost("unix:"+path, "a-token")
	if err != nil {
		t.Fatal(err)
	}
	return client
}

func authorized(ctx context.Context) error {
	values := metadata.ValueFromIncomingContext(ctx, "authorization")
	if len(values) != 1 || values[0] != "Bearer a-token" {
		return status.Errorf(codes.Unauthenticated, "got: %v", values)
	}
	return nil
}

func (h *host) GetHostInfo(ctx context.Context, _ *hkpplugin.Empty) (*hkpplugin.HostInfo, error) {
	return &hkpplugin.HostInfo{Version: "1"}, authorized(ctx)
}

func (h *host) RequestStorage(ctx context.Context, query *hkpplugin.StorageQuery) (*hkpplugin.StorageResponse, error) {
	fingerprint := strings.TrimPrefix(query.GetQuery(), "0x")
	if h.wrongKey {
		fingerprint = "00"
	}
	return &hkpplugin.StorageResponse{
		Success: true, Keys: []*hkpplugin.KeyInfo{{Fingerprint: fingerprint}},
	}, authorized(ctx)
}

func (h *host) PublishEvents(stream hkpplugin.PluginHost_PublishEventsServer) error {
	for {
		if _, err := stream.Recv(); err != nil {
			return stream.SendAndClose(&hkpplugin.Empty{})
		}
		h.published.Add(1)
	}
}

func (h *host) SubscribeEvents(_ *hkpplugin.EventFilter, stream hkpplugin.PluginHost_SubscribeEventsServer) error {
	for {
		select {
		case batch := <-h.events:
			if err := stream.Send(batch); err != nil {
				return err
			}
		case <-stream.Context().Done():
			return stream.Context().Err()
		}
	}
}

func told[T any](t *testing.T, control http.Handler, target string) T {
	t.Helper()
	recorder := httptest.NewRecorder()
	control.ServeHTTP(recorder, httptest.NewRequest(http.MethodGet, target, nil))
	var answer T
	if err := json.Unmarshal(recorder.Body.Bytes(), &answer); recorder.Code != http.StatusOK || err != nil {
		t.Fatalf("%s: expected: 200 with JSON, got: %d with %s", target, recorder.Code, recorder.Body)
	}
	return answer
}

func TestCallsAreCountedAndTimed(t *testing.T) {
	control := newControl(start(t, &host{}))
	for _, kind := range []string{"host-info", "lookup-cached", "lookup-uncached"} {
		got := told[measure.Measured](t, control, "/calls?kind="+kind+"&callers=2&seconds=0.1")
		if got.Calls < 2 || got.Errors != 0 || got.P50 <= 0 || got.P99 < got.P50 || got.Seconds < 0.1 {
			t.Errorf("%s: expected: calls without errors, got: %+v", kind, got)
		}
	}
}

func TestAnAnswerThatIsAnotherIsAnError(t *testing.T) {
	got := told[measure.Measured](t, newControl(start(t, &host{wrongKey: true})), "/calls?kind=lookup-cached&callers=1&seconds=0.05")
	if got.Calls != 0 || got.Errors == 0 || !strings.Contains(got.Error, "expected: the key "+known) {
		t.Errorf("expected: errors only, got: %+v", got)
	}
}

func TestWhatThisProgramDoesNotKnowIsRefused(t *testing.T) {
	control := newControl(start(t, &host{}))
	for _, target := range []string{
		"/calls?kind=guess&callers=1&seconds=1", "/calls?kind=host-info&callers=0&seconds=1",
		"/calls?kind=host-info&callers=1&seconds=0", "/emit?type=x&rate=-1&seconds=1", "/subscribe", "/received",
	} {
		recorder := httptest.NewRecorder()
		control.ServeHTTP(recorder, httptest.NewRequest(http.MethodGet, target, nil))
		if recorder.Code != http.StatusBadRequest || !strings.Contains(recorder.Body.String(), "expected: ") {
			t.Errorf("%s: expected: 400 that says why, got: %d with %s", target, recorder.Code, recorder.Body)
		}
	}
}

func TestEventsAreEmittedAtTheRateThatIsAskedFor(t *testing.T) {
	host := &host{}
	got := told[emitted](t, newControl(start(t, host)), "/emit?type=plugin.x.y&rate=2000&seconds=0.5")
	if got.Error != "" || got.Sent != host.published.Load() || got.Sent < 500 || got.Sent > 1000 {
		t.Errorf("expected: up to 1000 events, all of them published, got: %+v and %d", got, host.published.Load())
	}
}

func TestASubscriptionCountsWhatComesWhatIsLostAndWhatIsOutOfOrder(t *testing.T) {
	host := &host{events: make(chan *hkpplugin.EventBatch)}
	control := newControl(start(t, host))
	told[received](t, control, "/subscribe?type=a&type=b")
	host.events <- &hkpplugin.EventBatch{Events: []*hkpplugin.Event{{Sequence: 7}, {Sequence: 8}}}
	host.events <- &hkpplugin.EventBatch{Events: []*hkpplugin.Event{{Sequence: 5}, {Sequence: 1, Source: "b"}}, Dropped: 4}
	want := received{Received: 4, Dropped: 4, Batches: 2, Disorder: 1, Open: true}
	deadline := time.Now().Add(30 * time.Second)
	for got := (received{}); got != want; got = told[received](t, control, "/received") {
		if time.Now().After(deadline) {
			t.Fatalf("expected: %+v, got: %+v", want, got)
		}
		time.Sleep(time.Millisecond)
	}
	if got := told[received](t, control, "/unsubscribe"); got.Received != 4 {
		t.Errorf("expected: the counts at the end, got: %+v", got)
	}
}

func TestAnErrorOfRedisIsOne(t *testing.T) {
	ours, theirs := net.Pipe()
	defer ours.Close()
	go func() {
		defer theirs.Close()
		reader := bufio.NewReader(theirs)
		for _, answer := range []string{"$3\r\nabc\r\n", ":5\r\n", "-NOSCRIPT no such script\r\n"} {
			for range 5 {
				if _, err := reader.ReadString('\n'); err != nil {
					return
				}
			}
			_, _ = theirs.Write([]byte(answer))
		}
	}()
	reader := bufio.NewReader(ours)
	for _, want := range []string{"abc", "5", ""} {
		got, err := ask(ours, reader, 10*time.Second, "EVALSHA", "x")
		if got != want || (err == nil) != (want != "") {
			t.Errorf("expected: %q, got: %q, %v", want, got, err)
		}
	}
	if _, err := ask(ours, reader, 10*time.Second, "PING"); errors.Is(err, nil) {
		t.Error("expected: an error of a connection that is closed, got: none")
	}
}
