package hkptest

import (
	"context"
	"errors"
	"net"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/grpc/test/bufconn"

	hkp "github.com/hkp-gateway/hkp-gateway/sdk/go"
	"github.com/hkp-gateway/hkp-gateway/sdk/go/hkpplugin"
)

// Host is a gateway's host service in memory: state by a clock that stands still until it is moved,
// keys that the test puts there, and a record of published events. It gives what the plugin's grants
// allow, as the gateway does. Safe for any number of goroutines.
type Host struct {
	mutex     sync.Mutex
	now       time.Time
	state     stateStore
	keys      []hkp.Key
	published []hkp.Event
	listeners map[*subscription]struct{}
	down      bool
	lastTrace string
}

// NewHost makes one without keys and state.
func NewHost() *Host {
	return &Host{
		now:       time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC),
		state:     newStateStore(),
		listeners: map[*subscription]struct{}{},
	}
}

// Advance moves the clock by which values expire, windows end and buckets fill.
func (h *Host) Advance(by time.Duration) {
	h.mutex.Lock()
	defer h.mutex.Unlock()
	h.now = h.now.Add(by)
}

// AddKey puts a key into the storage.
func (h *Host) AddKey(key hkp.Key) {
	h.mutex.Lock()
	defer h.mutex.Unlock()
	h.keys = append(h.keys, key)
}

// Published are the events that plugins have published, oldest first.
func (h *Host) Published() []hkp.Event {
	h.mutex.Lock()
	defer h.mutex.Unlock()
	return slices.Clone(h.published)
}

// Emit gives an event to those who have subscribed.
func (h *Host) Emit(event hkp.Event) {
	h.mutex.Lock()
	defer h.mutex.Unlock()
	h.emit(event)
}

// SetUnavailable has every call fail with hkp.ErrUnavailable and ends the streams of events, or lets calls work again.
func (h *Host) SetUnavailable(down bool) {
	h.mutex.Lock()
	defer h.mutex.Unlock()
	h.down = down
	for listener := range h.listeners {
		if down {
			close(listener.broken)
			delete(h.listeners, listener)
		}
	}
}

// LastTraceParent is the traceparent of the call that came last; empty if it had none.
func (h *Host) LastTraceParent() string {
	h.mutex.Lock()
	defer h.mutex.Unlock()
	return h.lastTrace
}

// Subscribers is how many streams of events are open.
func (h *Host) Subscribers() int {
	h.mutex.Lock()
	defer h.mutex.Unlock()
	return len(h.listeners)
}

// connect gives a plugin its way here. It ends with the test.
func (h *Host) connect(t testing.TB, plugin string, grants []string) *hkp.Host {
	listener := bufconn.Listen(1 << 20)
	server := grpc.NewServer(grpc.MaxRecvMsgSize(8 << 20))
	hkpplugin.RegisterPluginHostServer(server, &hostService{host: h, plugin: plugin, grants: slices.Clone(grants)})
	go func() { _ = server.Serve(listener) }()
	connection, err := grpc.NewClient("passthrough:///host",
		grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(8<<20)),
		grpc.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) { return listener.DialContext(ctx) }))
	if err != nil {
		t.Fatalf("expected: a connection in memory, got: %v", err)
	}
	t.Cleanup(func() {
		_ = connection.Close()
		server.Stop()
	})
	return hkp.NewHost(connection)
}

// hostService is the host as one plugin sees it.
type hostService struct {
	hkpplugin.UnimplementedPluginHostServer
	host   *Host
	plugin string
	grants []string
}

// enter is the beginning of every call: it locks the host if the call may go on.
func (s *hostService) enter(ctx context.Context, grant string) error {
	s.host.mutex.Lock()
	s.host.lastTrace = strings.Join(metadata.ValueFromIncomingContext(ctx, "traceparent"), ",")
	if s.host.down {
		s.host.mutex.Unlock()
		return status.Error(codes.Unavailable, "the test says so")
	}
	if grant != "" && !slices.Contains(s.grants, grant) {
		s.host.mutex.Unlock()
		return status.Errorf(codes.PermissionDenied, "expected: the grant %s, got: none", grant)
	}
	return nil
}

func (s *hostService) GetHostInfo(ctx context.Context, _ *hkpplugin.Empty) (*hkpplugin.HostInfo, error) {
	if err := s.enter(ctx, ""); err != nil {
		return nil, err
	}
	defer s.host.mutex.Unlock()
	return &hkpplugin.HostInfo{
		Version: "test", ProtocolVersion: "1.0",
		LoadedPlugins: []*hkpplugin.PluginInfo{{Name: s.plugin, Version: "0"}},
		Configuration: map[string]string{"replica": "test"},
	}, nil
}

func (s *hostService) RequestStorage(ctx context.Context, query *hkpplugin.StorageQuery) (*hkpplugin.StorageResponse, error) {
	if err := s.enter(ctx, "storage.query"); err != nil {
		return nil, err
	}
	defer s.host.mutex.Unlock()
	if query.GetLimit() < 0 || query.GetLimit() > 1000 || query.GetOffset() < 0 {
		return nil, status.Errorf(codes.InvalidArgument, "expected: limit 0 to 1000 and offset 0 or more, got: %d and %d",
			query.GetLimit(), query.GetOffset())
	}
	found, err := s.host.find(query)
	if err != nil {
		return nil, err
	}
	answer := &hkpplugin.StorageResponse{Success: true, TotalCount: int32(len(found))}
	limit := int(query.GetLimit())
	if limit == 0 {
		limit = 100
	}
	from := min(int(query.GetOffset()), len(found))
	answer.Keys = found[from:min(from+limit, len(found))]
	return answer, nil
}

func (s *hostService) StreamStorage(query *hkpplugin.StorageQuery, stream hkpplugin.PluginHost_StreamStorageServer) error {
	if err := s.enter(stream.Context(), "storage.query"); err != nil {
		return err
	}
	found, err := s.host.find(query)
	s.host.mutex.Unlock()
	if err != nil {
		return err
	}
	for _, key := range found {
		if err := stream.Send(key); err != nil {
			return err
		}
	}
	return nil
}

func (h *Host) find(query *hkpplugin.StorageQuery) ([]*hkpplugin.KeyInfo, error) {
	text := query.GetQuery()
	for option := range query.GetOptions() {
		if option != "exact" {
			return nil, status.Errorf(codes.InvalidArgument, "expected: the option exact, got: %s", option)
		}
	}
	digits := strings.ToUpper(strings.TrimPrefix(text, "0x"))
	isKey := keyName.MatchString(digits)
	if text == "" || len(text) > 256 || (query.GetType() == hkpplugin.StorageQuery_LOOKUP && !isKey) {
		return nil, status.Errorf(codes.InvalidArgument, "expected: 8, 16, 32, 40 or 64 hex digits, or (not for LOOKUP)"+
			" a text of at most 256 bytes, got: %q", text)
	}
	var found []*hkpplugin.KeyInfo
	for _, key := range h.keys {
		if (isKey && strings.HasSuffix(strings.ToUpper(key.Fingerprint), digits)) || (!isKey && named(key, text, query.GetOptions()["exact"] == "on")) {
			found = append(found, keyMessage(key, query.GetType() == hkpplugin.StorageQuery_FETCH))
		}
	}
	return found, nil
}

func named(key hkp.Key, text string, exact bool) bool {
	return slices.ContainsFunc(key.UserIDs, func(userID string) bool {
		if exact {
			return userID == text || strings.HasSuffix(userID, "<"+text+">")
		}
		return strings.Contains(strings.ToLower(userID), strings.ToLower(text))
	})
}

func (s *hostService) PublishEvent(ctx context.Context, event *hkpplugin.Event) (*hkpplugin.Empty, error) {
	if err := s.enter(ctx, "events.publish"); err != nil {
		return nil, err
	}
	defer s.host.mutex.Unlock()
	return &hkpplugin.Empty{}, s.publish(event)
}

func (s *hostService) PublishEvents(stream hkpplugin.PluginHost_PublishEventsServer) error {
	for {
		event, err := stream.Recv()
		if err != nil {
			break
		}
		if _, err := s.PublishEvent(stream.Context(), event); err != nil {
			return err
		}
	}
	if err := s.enter(stream.Context(), "events.publish"); err != nil {
		return err
	}
	s.host.mutex.Unlock()
	return stream.SendAndClose(&hkpplugin.Empty{})
}

func (s *hostService) publish(message *hkpplugin.Event) error {
	if err := publishable(message, s.plugin); err != nil {
		return status.Error(codes.InvalidArgument, err.Error())
	}
	s.host.emit(hkp.Event{
		Type: message.GetType(), Data: message.GetData(), Metadata: message.GetMetadata(), Cluster: message.GetCluster(),
		Source: s.plugin, Replica: "test", Time: s.host.now,
		ID: "test-" + strconv.Itoa(len(s.host.published)+1), Sequence: uint64(len(s.host.published) + 1),
	})
	s.host.published = append(s.host.published, hkp.Event{
		Type: message.GetType(), Data: message.GetData(), Metadata: message.GetMetadata(), Cluster: message.GetCluster(),
		Source: s.plugin, Time: s.host.now,
	})
	return nil
}

// subscription is one stream of events.
type subscription struct {
	filter *hkpplugin.EventFilter
	events chan hkp.Event
	// broken is closed when the host is away.
	broken chan struct{}
}

// More than a test sends while nobody reads; what does not fit is lost, as at the gateway.
const subscriptionRoom = 10_000

func (s *hostService) SubscribeEvents(filter *hkpplugin.EventFilter, stream hkpplugin.PluginHost_SubscribeEventsServer) error {
	if err := s.enter(stream.Context(), "events.subscribe"); err != nil {
		return err
	}
	subscription := &subscription{filter: filter, events: make(chan hkp.Event, subscriptionRoom), broken: make(chan struct{})}
	s.host.listeners[subscription] = struct{}{}
	s.host.mutex.Unlock()
	defer func() {
		s.host.mutex.Lock()
		delete(s.host.listeners, subscription)
		s.host.mutex.Unlock()
	}()
	for {
		select {
		case event := <-subscription.events:
			if err := stream.Send(&hkpplugin.EventBatch{Events: []*hkpplugin.Event{eventMessage(event)}}); err != nil {
				return err
			}
		case <-subscription.broken:
			return status.Error(codes.Unavailable, "the test says so")
		case <-stream.Context().Done():
			return nil
		}
	}
}

func (h *Host) emit(event hkp.Event) {
	for listener := range h.listeners {
		if wanted(listener.filter, event) {
			select {
			case listener.events <- event:
			default:
			}
		}
	}
}

func wanted(filter *hkpplugin.EventFilter, event hkp.Event) bool {
	for name, value := range filter.GetMetadataFilters() {
		if event.Metadata[name] != value {
			return false
		}
	}
	return len(filter.GetEventTypes()) == 0 || slices.ContainsFunc(filter.GetEventTypes(), func(wanted string) bool {
		prefix, isPrefix := strings.CutSuffix(wanted, "*")
		return event.Type == wanted || (isPrefix && strings.HasPrefix(event.Type, prefix))
	})
}

func publishable(event *hkpplugin.Event, plugin string) error {
	prefix := "plugin." + plugin + "."
	if !strings.HasPrefix(event.GetType(), prefix) || event.GetType() == prefix {
		return errors.New("expected: a type that begins with " + prefix + ", got: " + event.GetType())
	}
	if len(event.GetData()) > 64<<10 {
		return errors.New("expected: at most 64 KiB of data, got: " + strconv.Itoa(len(event.GetData())) + " bytes")
	}
	if len(event.GetData()) > 0 && !isObject(event.GetData()) {
		return errors.New("expected: one JSON object or nothing as data, got: something else")
	}
	return nil
}
