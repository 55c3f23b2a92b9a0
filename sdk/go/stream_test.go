package hkp

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/grpc/test/bufconn"
	"google.golang.org/protobuf/proto"

	"github.com/hkp-gateway/hkp-gateway/sdk/go/hkpplugin"
)

// inMemory serves a plugin without a process and initializes it.
func inMemory(t *testing.T, handler Handler, options Options) hkpplugin.HKPPluginClient {
	t.Helper()
	service, err := NewService(func(context.Context, *Setup) (Handler, error) { return handler, nil }, options, Environment{})
	if err != nil {
		t.Fatal(err)
	}
	service.log = slog.New(slog.DiscardHandler)
	listener := bufconn.Listen(1 << 16)
	server := grpc.NewServer()
	hkpplugin.RegisterHKPPluginServer(server, service)
	go func() { _ = server.Serve(listener) }()
	connection, err := grpc.NewClient("passthrough:///plugin", grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) { return listener.DialContext(ctx) }))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = connection.Close()
		server.Stop()
	})
	client := hkpplugin.NewHKPPluginClient(connection)
	if answer, err := client.Initialize(within(t), &hkpplugin.InitRequest{}); err != nil || !answer.GetSuccess() {
		t.Fatalf("expected: success, got: %v, %v", answer, err)
	}
	return client
}

func TestTheStreamAnswersAsCallsDo(t *testing.T) {
	client := inMemory(t, &testPlugin{shortest: 4}, Options{})
	stream, err := client.HandleRequests(within(t))
	if err != nil {
		t.Fatal(err)
	}
	events := map[string]*hkpplugin.HandleRequestEvent{
		"allowed": index("allowed", "alice"), "denied": index("denied", "al"), "panic": at("panic", "/panic"),
		"error": at("error", "/error"), "nil": at("nil", "/nil"), "bad": at("bad", "/bad"), "broken": {RequestId: "broken"},
	}
	for _, event := range events {
		if err := stream.Send(event); err != nil {
			t.Fatal(err)
		}
	}
	for range events {
		got, err := stream.Recv()
		if err != nil {
			t.Fatal(err)
		}
		event := events[got.GetRequestId()]
		want, err := client.HandleRequest(within(t), event)
		if err != nil {
			// Neither "continue" nor a status, and never consent.
			want = &hkpplugin.HandleResponse{RequestId: event.GetRequestId(), Reason: status.Convert(err).Message()}
		}
		// Where the decision was made; here that is a file of this package.
		got.Reason, _, _ = strings.Cut(got.GetReason(), " (")
		want.Reason, _, _ = strings.Cut(want.GetReason(), " (")
		if want.GetReason() == "" && !want.GetContinueChain() || got.String() != want.String() {
			t.Errorf("expected: %v, got: %v", want, got)
		}
	}
	if err := stream.CloseSend(); err != nil {
		t.Fatal(err)
	}
	if answer, err := stream.Recv(); err == nil || err.Error() != "EOF" {
		t.Errorf("expected: the stream ends in order, got: %v, %v", answer, err)
	}
}

func TestWithoutStreamIsUnimplemented(t *testing.T) {
	client := inMemory(t, &testPlugin{}, Options{NoStream: true})
	stream, err := client.HandleRequests(within(t))
	if err == nil {
		_, err = stream.Recv()
	}
	if status.Code(err) != codes.Unimplemented {
		t.Errorf("expected: UNIMPLEMENTED, got: %v", err)
	}
}

func TestADeadlineOnTheStreamEndsTheContext(t *testing.T) {
	client := inMemory(t, &testPlugin{}, Options{})
	stream, err := client.HandleRequests(within(t))
	if err != nil {
		t.Fatal(err)
	}
	event := at("a", "/wait")
	event.DeadlineMs = 1
	if err := stream.Send(event); err != nil {
		t.Fatal(err)
	}
	if got, err := stream.Recv(); err != nil || got.GetContinueChain() || got.GetStatusCode() != 0 || !strings.Contains(got.GetReason(), "deadline") {
		t.Errorf("expected: a failure because of the deadline, got: %v, %v", got, err)
	}
}

func TestConcurrencyIsBounded(t *testing.T) {
	const places = 3
	var now, most atomic.Int64
	going := make(chan struct{})
	handler := HandlerFunc(func(ctx context.Context, _ *Request) (Decision, error) {
		current := now.Add(1)
		defer now.Add(-1)
		for seen := most.Load(); current > seen && !most.CompareAndSwap(seen, current); seen = most.Load() {
		}
		select {
		case <-going:
		case <-ctx.Done():
		}
		return Allow(), nil
	})
	client := inMemory(t, handler, Options{Concurrency: places})
	stream, err := client.HandleRequests(within(t))
	if err != nil {
		t.Fatal(err)
	}
	const all = places + maxWaiting + 50
	for i := range all {
		if err := stream.Send(at(strconv.Itoa(i), "/")); err != nil {
			t.Fatal(err)
		}
	}
	refused := 0
	for i := range all {
		got, err := stream.Recv()
		if err != nil {
			t.Fatal(err)
		}
		switch {
		case got.GetContinueChain():
		case strings.Contains(got.GetReason(), "too many calls"):
			refused++
		default:
			t.Fatalf("expected: continue or too many, got: %v", got)
		}
		if i == 49 {
			// Those that are too many are told so while the others wait.
			if refused != 50 {
				t.Errorf("expected: 50 are refused, got: %d", refused)
			}
			close(going)
		}
	}
	if refused != 50 || most.Load() != places {
		t.Errorf("expected: 50 refused and %d at a time, got: %d and %d", places, refused, most.Load())
	}
}

// unread is a stream of a gateway that sends without end and reads nothing.
type unread struct {
	grpc.ServerStream
	ctx      context.Context
	received atomic.Int64
	reached  chan struct{}
	beyond   chan struct{}
	bound    int64
}

func (u *unread) Context() context.Context { return u.ctx }

func (u *unread) Send(*hkpplugin.HandleResponse) error {
	<-u.ctx.Done()
	return u.ctx.Err()
}

func (u *unread) Recv() (*hkpplugin.HandleRequestEvent, error) {
	switch count := u.received.Add(1); {
	case count == u.bound:
		close(u.reached)
	case count > u.bound:
		close(u.beyond)
		return nil, io.EOF
	}
	return at(strconv.FormatInt(u.received.Load(), 10), "/"), nil
}

func TestAGatewayThatDoesNotReadIsReadNoMore(t *testing.T) {
	service, err := NewService(func(context.Context, *Setup) (Handler, error) { return &testPlugin{}, nil }, Options{Concurrency: 1},
		Environment{Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := service.Initialize(within(t), &hkpplugin.InitRequest{}); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(within(t))
	// One is handled, others wait, and one is to be refused.
	stream := &unread{ctx: ctx, reached: make(chan struct{}), beyond: make(chan struct{}), bound: 1 + maxWaiting + 1}
	decisions := newDecisionStream(service, stream)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		decisions.receive(make(chan error, 1))
	}()
	select {
	case <-stream.reached:
	case <-time.After(patience):
		t.Fatalf("expected: %d requests are taken, got: %d", stream.bound, stream.received.Load())
	}
	select {
	case <-stream.beyond:
		t.Error("expected: no more is taken, got: more")
	case <-time.After(100 * time.Millisecond):
	}
	cancel()
	<-ended
}

func TestBusyUnaryCallsFail(t *testing.T) {
	service, err := NewService(func(context.Context, *Setup) (Handler, error) { return nil, nil }, Options{Concurrency: 1}, Environment{})
	if err != nil {
		t.Fatal(err)
	}
	release, err := service.place(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	service.waiting.Store(maxWaiting)
	if _, err := service.place(context.Background()); status.Code(err) != codes.ResourceExhausted {
		t.Errorf("expected: RESOURCE_EXHAUSTED, got: %v", err)
	}
	service.waiting.Store(0)
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := service.place(ctx); status.Code(err) != codes.Canceled {
		t.Errorf("expected: CANCELLED, got: %v", err)
	}
	release()
	if release, err = service.place(ctx); err != nil {
		t.Errorf("expected: a place, got: %v", err)
	}
	release()
}

// asked is a handler that has keys, and shows with what context it is asked for them.
type asked struct {
	HandlerFunc
	contexts chan context.Context
}

func (a asked) ProvideKeys(ctx context.Context, _ KeyQuery) (KeyPage, error) {
	a.contexts <- ctx
	return KeyPage{}, nil
}

func TestQueriesForKeysAreCallsLikeOthers(t *testing.T) {
	handler := asked{contexts: make(chan context.Context, 1)}
	service, err := NewService(func(context.Context, *Setup) (Handler, error) { return handler, nil }, Options{Concurrency: 1}, Environment{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := service.Initialize(within(t), &hkpplugin.InitRequest{}); err != nil {
		t.Fatal(err)
	}
	host := NewHost(nil).with(400 * time.Millisecond)
	const parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
	for sent, headers := range map[string]metadata.MD{parent: metadata.Pairs("traceparent", parent), "": nil} {
		if _, err := service.QueryStorage(metadata.NewIncomingContext(within(t), headers), &hkpplugin.StorageQuery{}); err != nil {
			t.Fatal(err)
		}
		ctx := <-handler.contexts
		outgoing, _ := metadata.FromOutgoingContext(outgoing(ctx))
		if got := strings.Join(outgoing.Get("traceparent"), ","); got != sent {
			t.Errorf("expected: the gateway is called with %q, got: %q", sent, got)
		}
		if got := host.stateLimit(ctx); got != 100*time.Millisecond {
			t.Errorf("expected: a quarter of the time of a decision, got: %v", got)
		}
	}
	release, err := service.place(within(t))
	if err != nil {
		t.Fatal(err)
	}
	defer release()
	service.waiting.Store(maxWaiting)
	if _, err := service.QueryStorage(within(t), &hkpplugin.StorageQuery{}); status.Code(err) != codes.ResourceExhausted {
		t.Errorf("expected: RESOURCE_EXHAUSTED when there is no place, got: %v", err)
	}
}

func TestGoroutinesThatWaitForRequestsAreFewAndEnd(t *testing.T) {
	service, err := NewService(func(context.Context, *Setup) (Handler, error) { return nil, nil }, Options{}, Environment{})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(within(t))
	decisions := newDecisionStream(service, &unread{ctx: ctx})
	taken := make(chan *openRequest)
	for range maxIdle {
		go func() { taken <- decisions.another() }()
	}
	for decisions.idle.Load() < maxIdle {
		if ctx.Err() != nil {
			t.Fatalf("expected: %d wait, got: %d", maxIdle, decisions.idle.Load())
		}
		time.Sleep(time.Millisecond)
	}
	if got := decisions.another(); got != nil {
		t.Errorf("expected: one more does not wait, got: %v", got)
	}
	request := &openRequest{}
	decisions.next <- request
	if got := <-taken; got != request {
		t.Errorf("expected: one of them takes the request, got: %v", got)
	}
	cancel()
	for range maxIdle - 1 {
		if got := <-taken; got != nil {
			t.Errorf("expected: the others end with the stream, got: %v", got)
		}
	}
	if left := decisions.idle.Load(); left != 0 {
		t.Errorf("expected: none waits any longer, got: %d", left)
	}
}

// benchmarked is a service that allows everything, and a request as gpg's with a few headers more.
func benchmarked(b *testing.B) (*Service, *hkpplugin.HandleRequestEvent) {
	service, _ := NewService(func(context.Context, *Setup) (Handler, error) {
		return HandlerFunc(func(context.Context, *Request) (Decision, error) { return Allow(), nil }), nil
	}, Options{}, Environment{})
	_, _ = service.Initialize(context.Background(), &hkpplugin.InitRequest{})
	event := index("a", "alice")
	event.DeadlineMs = 2000
	for i := range 8 {
		event.HeaderFields = append(event.HeaderFields, &hkpplugin.HeaderField{Name: fmt.Sprintf("X-Header-%d", i), Value: []byte("value")})
	}
	b.ReportAllocs()
	return service, event
}

func BenchmarkHandleRequest(b *testing.B) {
	service, event := benchmarked(b)
	for b.Loop() {
		if _, err := service.HandleRequest(context.Background(), event); err != nil {
			b.Fatal(err)
		}
	}
}

// replayed is a stream of a gateway that waits for the answers to a few requests at a time.
type replayed struct {
	grpc.ServerStream
	ctx    context.Context
	events []*hkpplugin.HandleRequestEvent
	free   chan int
	left   int
}

func (r *replayed) Context() context.Context { return r.ctx }

func (r *replayed) Recv() (*hkpplugin.HandleRequestEvent, error) {
	if r.left == 0 {
		return nil, io.EOF
	}
	r.left--
	return r.events[<-r.free], nil
}

func (r *replayed) Send(answer *hkpplugin.HandleResponse) error {
	number, err := strconv.Atoi(answer.GetRequestId())
	r.free <- number
	return err
}

func BenchmarkStream(b *testing.B) {
	service, event := benchmarked(b)
	// As gRPC's: it can be cancelled.
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	stream := &replayed{ctx: ctx, free: make(chan int, 16), left: b.N}
	for i := range cap(stream.free) {
		one := proto.CloneOf(event)
		one.RequestId = strconv.Itoa(i)
		stream.events = append(stream.events, one)
		stream.free <- i
	}
	b.ResetTimer()
	if err := service.HandleRequests(stream); err != nil {
		b.Fatal(err)
	}
}
