package count

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	hkp "github.com/hkp-gateway/hkp-gateway/sdk/go"
)

// contested is one value that others write to before each of the first compare-and-sets.
type contested struct {
	State
	others  int
	failure error
	value   hkp.Value
	puts    int
}

func (c *contested) Get(context.Context, string) (hkp.Value, bool, error) {
	return c.value, c.value.Version > 0, c.failure
}

func (c *contested) Put(_ context.Context, _ string, data []byte, ttl time.Duration) (hkp.Value, error) {
	c.puts++
	c.value = hkp.Value{Data: data, Version: c.value.Version + 1, TTL: ttl}
	return c.value, nil
}

func (c *contested) CompareAndSet(_ context.Context, _ string, expected uint64, data []byte, ttl time.Duration) (hkp.Value, bool, error) {
	if c.others > 0 {
		c.others--
		others := termsOf(c.value.Data).with(uint64(1000 + 2*c.others))
		c.value = hkp.Value{Data: others.bytes(), Version: c.value.Version + 1, TTL: 42 * time.Second}
	}
	if c.value.Version != expected {
		return c.value, false, nil
	}
	c.value = hkp.Value{Data: data, Version: c.value.Version + 1, TTL: ttl}
	return c.value, true, nil
}

func sharedSearch(state State, most int) SharedSearch {
	limit := Limit{Max: most, Window: time.Minute, What: Searches}
	return SharedSearch{State: state, Prefix: "harvest:", Different: limit, Broad: limit}
}

func TestSearchesOfReplicasAreAllCounted(t *testing.T) {
	for others, puts := range map[int]int{0: 0, 1: 0, 4: 0, 5: 1} {
		state := &contested{others: others}
		excess, err := sharedSearch(state, 100).Count(context.Background(), "192.0.2.1", 2, false)
		if err != nil || excess != nil {
			t.Fatalf("expected: within the limit, got: %v (%v)", excess, err)
		}
		if got := len(termsOf(state.value.Data)); got != others+1 || state.puts != puts {
			t.Errorf("%d others: expected: %d terms and %d puts, got: %d and %d", others, others+1, puts, got, state.puts)
		}
		ttl := 42 * time.Second
		if others == 0 {
			ttl = time.Minute
		}
		if state.value.TTL != ttl {
			t.Errorf("%d others: expected: the window ends as it would have, in %s, got: %s", others, ttl, state.value.TTL)
		}
	}
}

func TestASearchOfAnotherReplicaMayBeTheLastOne(t *testing.T) {
	state := &contested{others: 2}
	excess, err := sharedSearch(state, 2).Count(context.Background(), "192.0.2.1", 2, false)
	if err != nil || excess == nil || excess.Limit != "2 different searches in 60 s" {
		t.Errorf("expected: beyond the limit, got: %v (%v)", excess, err)
	}
	if text := string(state.value.Data); !strings.HasPrefix(text, "2 different, 0 broad; ") {
		t.Errorf("expected: a search that is refused is not stored, got: %s", text)
	}
}

func TestSearchesWithoutAnAnswer(t *testing.T) {
	state := &contested{failure: hkp.ErrUnavailable}
	if _, err := sharedSearch(state, 2).Count(context.Background(), "192.0.2.1", 2, false); !errors.Is(err, hkp.ErrUnavailable) {
		t.Errorf("expected: %v, got: %v", hkp.ErrUnavailable, err)
	}
}
