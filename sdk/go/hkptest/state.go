package hkptest

import (
	"context"
	"math"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/hkp-gateway/hkp-gateway/sdk/go/hkpplugin"
)

// stateStore is what plugins keep; guarded by the host's mutex.
type stateStore struct {
	values   map[string]*stored
	counters map[string]*counter
	buckets  map[string]*bucket
	version  uint64
}

type stored struct {
	data    []byte
	version uint64
	expires time.Time
}

type counter struct {
	value int64
	ends  time.Time
}

type bucket struct {
	tokens float64
	filled time.Time
}

func newStateStore() stateStore {
	return stateStore{values: map[string]*stored{}, counters: map[string]*counter{}, buckets: map[string]*bucket{}}
}

// state enters a call about shared state and gives the key its namespace.
func (s *hostService) state(ctx context.Context, key string) (string, error) {
	if err := s.enter(ctx, "state"); err != nil {
		return "", err
	}
	if key == "" || len(key) > 256 {
		s.host.mutex.Unlock()
		return "", status.Errorf(codes.InvalidArgument, "expected: a key of 1 to 256 bytes, got: %d bytes", len(key))
	}
	return s.plugin + "/" + key, nil
}

func (s *hostService) GetState(ctx context.Context, request *hkpplugin.StateKey) (*hkpplugin.StateValue, error) {
	key, err := s.state(ctx, request.GetKey())
	if err != nil {
		return nil, err
	}
	defer s.host.mutex.Unlock()
	return s.host.value(key), nil
}

func (h *Host) value(key string) *hkpplugin.StateValue {
	there := h.state.values[key]
	if there != nil && !there.expires.IsZero() && !h.now.Before(there.expires) {
		delete(h.state.values, key)
		there = nil
	}
	if there == nil {
		return &hkpplugin.StateValue{}
	}
	message := &hkpplugin.StateValue{Found: true, Value: there.data, Version: there.version}
	if !there.expires.IsZero() {
		message.TtlMs = there.expires.Sub(h.now).Milliseconds()
	}
	return message
}

func (h *Host) put(key string, data []byte, ttl int64) *hkpplugin.StateValue {
	h.state.version++
	there := &stored{data: data, version: h.state.version}
	if ttl > 0 {
		there.expires = h.now.Add(time.Duration(ttl) * time.Millisecond)
	}
	h.state.values[key] = there
	return h.value(key)
}

func (s *hostService) PutState(ctx context.Context, request *hkpplugin.PutStateRequest) (*hkpplugin.StateValue, error) {
	key, err := s.state(ctx, request.GetKey())
	if err != nil {
		return nil, err
	}
	defer s.host.mutex.Unlock()
	return s.host.put(key, request.GetValue(), request.GetTtlMs()), nil
}

func (s *hostService) CompareAndSetState(ctx context.Context, request *hkpplugin.CompareAndSetStateRequest) (*hkpplugin.CompareAndSetStateResponse, error) {
	key, err := s.state(ctx, request.GetKey())
	if err != nil {
		return nil, err
	}
	defer s.host.mutex.Unlock()
	current := s.host.value(key)
	if current.GetVersion() != request.GetExpectedVersion() {
		return &hkpplugin.CompareAndSetStateResponse{Current: current}, nil
	}
	return &hkpplugin.CompareAndSetStateResponse{
		Stored:  true,
		Current: s.host.put(key, request.GetValue(), request.GetTtlMs()),
	}, nil
}

func (s *hostService) DeleteState(ctx context.Context, request *hkpplugin.StateKey) (*hkpplugin.Empty, error) {
	key, err := s.state(ctx, request.GetKey())
	if err != nil {
		return nil, err
	}
	defer s.host.mutex.Unlock()
	delete(s.host.state.values, key)
	delete(s.host.state.counters, key)
	delete(s.host.state.buckets, key)
	return &hkpplugin.Empty{}, nil
}

func (s *hostService) IncrementState(ctx context.Context, request *hkpplugin.IncrementStateRequest) (*hkpplugin.IncrementStateResponse, error) {
	key, err := s.state(ctx, request.GetKey())
	if err != nil {
		return nil, err
	}
	defer s.host.mutex.Unlock()
	there := s.host.state.counters[key]
	if there == nil || (!there.ends.IsZero() && !s.host.now.Before(there.ends)) {
		there = &counter{}
		if request.GetWindowMs() > 0 && request.GetDelta() != 0 {
			there.ends = s.host.now.Add(time.Duration(request.GetWindowMs()) * time.Millisecond)
		}
		if request.GetDelta() != 0 {
			s.host.state.counters[key] = there
		}
	}
	there.value += request.GetDelta()
	answer := &hkpplugin.IncrementStateResponse{Value: there.value}
	if !there.ends.IsZero() {
		answer.RemainingMs = there.ends.Sub(s.host.now).Milliseconds()
	}
	return answer, nil
}

func (s *hostService) AcquireTokens(ctx context.Context, request *hkpplugin.AcquireTokensRequest) (*hkpplugin.AcquireTokensResponse, error) {
	key, err := s.state(ctx, request.GetKey())
	if err != nil {
		return nil, err
	}
	defer s.host.mutex.Unlock()
	if request.GetCapacity() < 1 || request.GetRefillTokens() < 1 || request.GetRefillPeriodMs() < 1 ||
		request.GetTokens() < 0 || request.GetTokens() > request.GetCapacity() {
		return nil, status.Error(codes.InvalidArgument, "expected: capacity, refill_tokens and refill_period_ms of at least 1,"+
			" tokens from 0 to capacity, got: another")
	}
	perMillisecond := float64(request.GetRefillTokens()) / float64(request.GetRefillPeriodMs())
	there := s.host.state.buckets[key]
	if there == nil {
		there = &bucket{tokens: float64(request.GetCapacity()), filled: s.host.now}
		s.host.state.buckets[key] = there
	}
	passed := float64(s.host.now.Sub(there.filled).Milliseconds())
	there.tokens = min(float64(request.GetCapacity()), there.tokens+passed*perMillisecond)
	there.filled = s.host.now
	wanted := float64(request.GetTokens())
	if there.tokens < wanted {
		return &hkpplugin.AcquireTokensResponse{
			Remaining:    int64(there.tokens),
			RetryAfterMs: int64(math.Ceil((wanted - there.tokens) / perMillisecond)),
		}, nil
	}
	there.tokens -= wanted
	return &hkpplugin.AcquireTokensResponse{Acquired: true, Remaining: int64(there.tokens)}, nil
}
