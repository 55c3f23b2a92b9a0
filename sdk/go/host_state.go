package hkp

import (
	"context"
	"time"

	"github.com/hkp-gateway/hkp-gateway/sdk/go/hkpplugin"
)

// State is shared by all processes of the plugin, outlives them, and may be shared by replicas of
// the gateway. A value, a counter and a bucket of the same key are different things. Keys have 1 to
// 256 bytes of UTF-8; durations count in milliseconds.
type State struct {
	host *Host
}

// Value is what is kept under a key.
type Value struct {
	Data []byte
	// Version changes with each write.
	Version uint64
	// TTL is the time until it expires; zero: never.
	TTL time.Duration
}

// Count is what a counter says.
type Count struct {
	Value int64
	// Remaining is the time until the window ends; zero: there is none.
	Remaining time.Duration
}

// Bucket is how a bucket of tokens fills: steadily.
type Bucket struct {
	// Capacity is the most that it holds; a new one is full.
	Capacity int64
	// Refill tokens come back in each Period.
	Refill int64
	Period time.Duration
}

// Tokens is what became of an attempt to take some.
type Tokens struct {
	Acquired  bool
	Remaining int64
	// RetryAfter is how long to wait if there were not enough.
	RetryAfter time.Duration
}

// Get finds a value.
func (s State) Get(ctx context.Context, key string) (value Value, found bool, err error) {
	answer, err := unary(ctx, s.host, "GetState", s.host.stateLimit(ctx), hkpplugin.PluginHostClient.GetState,
		&hkpplugin.StateKey{Key: key})
	if err != nil {
		return Value{}, false, err
	}
	return stateValue(answer), answer.GetFound(), nil
}

// Put stores a value, whether there is one or not. A ttl of zero: it never expires.
func (s State) Put(ctx context.Context, key string, data []byte, ttl time.Duration) (Value, error) {
	answer, err := unary(ctx, s.host, "PutState", s.host.stateLimit(ctx), hkpplugin.PluginHostClient.PutState,
		&hkpplugin.PutStateRequest{Key: key, Value: data, TtlMs: ttl.Milliseconds()})
	if err != nil {
		return Value{}, err
	}
	return stateValue(answer), nil
}

// CompareAndSet stores a value if nobody has written since the expected version; 0: only if there is
// none. It tells what is there now, stored or not (a Version of 0: nothing).
func (s State) CompareAndSet(ctx context.Context, key string, expected uint64, data []byte, ttl time.Duration) (current Value, stored bool, err error) {
	answer, err := unary(ctx, s.host, "CompareAndSetState", s.host.stateLimit(ctx), hkpplugin.PluginHostClient.CompareAndSetState,
		&hkpplugin.CompareAndSetStateRequest{Key: key, Value: data, TtlMs: ttl.Milliseconds(), ExpectedVersion: expected})
	if err != nil {
		return Value{}, false, err
	}
	return stateValue(answer.GetCurrent()), answer.GetStored(), nil
}

// Delete removes the value, the counter and the bucket of a key.
func (s State) Delete(ctx context.Context, key string) error {
	_, err := unary(ctx, s.host, "DeleteState", s.host.stateLimit(ctx), hkpplugin.PluginHostClient.DeleteState,
		&hkpplugin.StateKey{Key: key})
	return err
}

// Increment adds to a counter that begins at nothing; a delta of 0 reads. The window begins with the
// first increment, and at its end the counter is nothing again; zero: there is none.
func (s State) Increment(ctx context.Context, key string, delta int64, window time.Duration) (Count, error) {
	answer, err := unary(ctx, s.host, "IncrementState", s.host.stateLimit(ctx), hkpplugin.PluginHostClient.IncrementState,
		&hkpplugin.IncrementStateRequest{Key: key, Delta: delta, WindowMs: window.Milliseconds()})
	if err != nil {
		return Count{}, err
	}
	return Count{Value: answer.GetValue(), Remaining: milliseconds(answer.GetRemainingMs())}, nil
}

// Acquire takes tokens out of a bucket, all or none; 0 looks without taking.
func (s State) Acquire(ctx context.Context, key string, tokens int64, bucket Bucket) (Tokens, error) {
	answer, err := unary(ctx, s.host, "AcquireTokens", s.host.stateLimit(ctx), hkpplugin.PluginHostClient.AcquireTokens,
		&hkpplugin.AcquireTokensRequest{
			Key: key, Tokens: tokens, Capacity: bucket.Capacity,
			RefillTokens: bucket.Refill, RefillPeriodMs: bucket.Period.Milliseconds(),
		})
	if err != nil {
		return Tokens{}, err
	}
	return Tokens{
		Acquired:   answer.GetAcquired(),
		Remaining:  answer.GetRemaining(),
		RetryAfter: milliseconds(answer.GetRetryAfterMs()),
	}, nil
}

func stateValue(message *hkpplugin.StateValue) Value {
	if !message.GetFound() {
		return Value{}
	}
	return Value{Data: message.GetValue(), Version: message.GetVersion(), TTL: milliseconds(message.GetTtlMs())}
}

func milliseconds(count int64) time.Duration {
	return time.Duration(count) * time.Millisecond
}
