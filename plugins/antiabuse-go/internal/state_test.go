package internal

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/hkp-gateway/hkp-gateway/plugins/antiabuse-go/internal/count"
	hkp "github.com/hkp-gateway/hkp-gateway/sdk/go"
)

// fakeState is the gateway's state as its protocol describes it, by the clock of a case. It may be away
// or full. Safe for any number of goroutines.
type fakeState struct {
	mutex   sync.Mutex
	now     count.Clock
	failure error
	// full: what is there may change, and nothing may be added.
	full     bool
	version  uint64
	values   map[string]fakeValue
	counters map[string]fakeCounter
	buckets  map[string]fakeBucket
}

type fakeValue struct {
	data    []byte
	version uint64
	until   time.Duration
}

type fakeCounter struct {
	value int64
	until time.Duration
}

type fakeBucket struct {
	held   float64
	filled time.Duration
}

func newFakeState(now count.Clock) *fakeState {
	return &fakeState{
		now: now, values: map[string]fakeValue{}, counters: map[string]fakeCounter{}, buckets: map[string]fakeBucket{},
	}
}

// fail has calls fail from now on.
func (f *fakeState) fail(how string) error {
	f.mutex.Lock()
	defer f.mutex.Unlock()
	reasons := map[string]error{"away": hkp.ErrUnavailable, "refused": hkp.ErrNotGranted, "full": nil, "back": nil}
	reason, known := reasons[how]
	if !known {
		return fmt.Errorf("expected: away, refused, full or back, got: %s", how)
	}
	f.failure, f.full = nil, how == "full"
	if reason != nil {
		f.failure = stateError(reason)
	}
	return nil
}

func stateError(reason error) error {
	return &hkp.HostError{Method: "State", Reason: reason, Message: "the case says so"}
}

// reserve fails if something is to be added to a state that is full.
func (f *fakeState) reserve(there bool) error {
	if f.full && !there {
		return stateError(hkp.ErrQuota)
	}
	return nil
}

func (f *fakeState) Get(_ context.Context, key string) (hkp.Value, bool, error) {
	f.mutex.Lock()
	defer f.mutex.Unlock()
	if f.failure != nil {
		return hkp.Value{}, false, f.failure
	}
	value, found := f.find(key)
	return value, found, nil
}

func (f *fakeState) Put(_ context.Context, key string, data []byte, ttl time.Duration) (hkp.Value, error) {
	f.mutex.Lock()
	defer f.mutex.Unlock()
	if f.failure != nil {
		return hkp.Value{}, f.failure
	}
	if _, there := f.find(key); f.reserve(there) != nil {
		return hkp.Value{}, f.reserve(there)
	}
	return f.store(key, data, ttl), nil
}

func (f *fakeState) CompareAndSet(_ context.Context, key string, expected uint64, data []byte, ttl time.Duration) (hkp.Value, bool, error) {
	f.mutex.Lock()
	defer f.mutex.Unlock()
	if f.failure != nil {
		return hkp.Value{}, false, f.failure
	}
	if current, _ := f.find(key); current.Version != expected {
		return current, false, nil
	}
	if err := f.reserve(expected != 0); err != nil {
		return hkp.Value{}, false, err
	}
	return f.store(key, data, ttl), true, nil
}

func (f *fakeState) Delete(_ context.Context, key string) error {
	f.mutex.Lock()
	defer f.mutex.Unlock()
	if f.failure != nil {
		return f.failure
	}
	delete(f.values, key)
	delete(f.counters, key)
	delete(f.buckets, key)
	return nil
}

func (f *fakeState) Increment(_ context.Context, key string, delta int64, window time.Duration) (hkp.Count, error) {
	f.mutex.Lock()
	defer f.mutex.Unlock()
	if f.failure != nil {
		return hkp.Count{}, f.failure
	}
	counter, there := f.counters[key]
	if !there || counter.until <= f.now() {
		counter = fakeCounter{until: f.now() + window}
	}
	counter.value += delta
	if delta != 0 {
		if err := f.reserve(there); err != nil {
			return hkp.Count{}, err
		}
		f.counters[key] = counter
	}
	return hkp.Count{Value: counter.value, Remaining: counter.until - f.now()}, nil
}

func (f *fakeState) Acquire(_ context.Context, key string, tokens int64, bucket hkp.Bucket) (hkp.Tokens, error) {
	f.mutex.Lock()
	defer f.mutex.Unlock()
	if f.failure != nil {
		return hkp.Tokens{}, f.failure
	}
	held, there := f.buckets[key]
	if !there {
		held = fakeBucket{float64(bucket.Capacity), f.now()}
	}
	each := float64(bucket.Period) / float64(bucket.Refill)
	held.held = min(float64(bucket.Capacity), held.held+float64(f.now()-held.filled)/each)
	held.filled = f.now()
	if held.held < float64(tokens) {
		wait := time.Duration((float64(tokens) - held.held) * each)
		return hkp.Tokens{Remaining: int64(held.held), RetryAfter: wait}, nil
	}
	held.held -= float64(tokens)
	if tokens > 0 {
		if err := f.reserve(there); err != nil {
			return hkp.Tokens{}, err
		}
		f.buckets[key] = held
	}
	return hkp.Tokens{Acquired: true, Remaining: int64(held.held)}, nil
}

func (f *fakeState) find(key string) (hkp.Value, bool) {
	value, found := f.values[key]
	if !found || value.until <= f.now() {
		return hkp.Value{}, false
	}
	return hkp.Value{Data: value.data, Version: value.version, TTL: value.until - f.now()}, true
}

func (f *fakeState) store(key string, data []byte, ttl time.Duration) hkp.Value {
	f.version++
	f.values[key] = fakeValue{slices.Clone(data), f.version, f.now() + ttl}
	value, _ := f.find(key)
	return value
}

// compare compares what an operator would see.
func (f *fakeState) compare(expected map[string]*string) error {
	f.mutex.Lock()
	defer f.mutex.Unlock()
	strikes := slices.ContainsFunc(slices.Collect(maps.Keys(expected)), isStrikes)
	there := map[string]*string{}
	for key := range f.counters {
		there[key] = nil
	}
	for key := range f.buckets {
		there[key] = nil
	}
	for key := range f.values {
		if value, found := f.find(key); found {
			text := string(value.Data)
			there[key] = &text
		}
	}
	if !strikes {
		maps.DeleteFunc(there, func(key string, _ *string) bool { return isStrikes(key) })
	}
	if !maps.EqualFunc(expected, there, sameText) {
		return fmt.Errorf("expected: the keys %s, got: %s", listed(expected), listed(there))
	}
	return nil
}

func isStrikes(key string) bool {
	return strings.HasPrefix(key, "strikes:")
}

func sameText(expected, got *string) bool {
	if expected == nil || got == nil {
		return expected == got
	}
	if beginning, is := strings.CutSuffix(*expected, "…"); is {
		return strings.HasPrefix(*got, beginning)
	}
	return *expected == *got
}

func listed(keys map[string]*string) string {
	var list []string
	for _, key := range slices.Sorted(maps.Keys(keys)) {
		list = append(list, key+": "+text(keys[key]))
	}
	return "[" + strings.Join(list, "; ") + "]"
}
