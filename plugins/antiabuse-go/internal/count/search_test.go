package count

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	hkp "github.com/hkp-gateway/hkp-gateway/sdk/go"
)

// contested is one value that others write to before each of the first compare-and-sets.
type contested struct {
	State
	others  int
	failure error
	value   hkp.Value
}

func (c *contested) Get(context.Context, string) (hkp.Value, bool, error) {
	return c.value, c.value.Version > 0, c.failure
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

func sharedSearch(state State, most int) *SharedSearch {
	limit := Limit{Max: most, Window: time.Minute, What: Searches}
	return NewSharedSearch(state, "harvest:", limit, limit)
}

func TestSearchesOfReplicasAreAllCounted(t *testing.T) {
	for _, others := range []int{0, 1, 4, attempts - 1} {
		state := &contested{others: others}
		excess, err := sharedSearch(state, 100).Count(context.Background(), "192.0.2.1", 2, false)
		if err != nil || excess != nil {
			t.Fatalf("expected: within the limit, got: %v (%v)", excess, err)
		}
		if got := len(termsOf(state.value.Data)); got != others+1 {
			t.Errorf("%d others: expected: %d terms, got: %d", others, others+1, got)
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

func TestASearchThatCannotBeStoredOverwritesNone(t *testing.T) {
	state := &contested{others: 100}
	counter := sharedSearch(state, 1000)
	if _, err := counter.Count(context.Background(), "192.0.2.1", 2, false); !errors.Is(err, hkp.ErrQuota) {
		t.Errorf("expected: left to others, got: %v", err)
	}
	if got := len(termsOf(state.value.Data)); got != attempts {
		t.Errorf("expected: those of others, got: %d", got)
	}
	state.others = 0
	if excess, err := counter.Count(context.Background(), "192.0.2.1", 2, false); err != nil || excess != nil {
		t.Errorf("expected: the next one is counted, got: %v (%v)", excess, err)
	}
}

// slow is a value that takes a while to be read or written, as the gateway's: all searches are in flight
// before the first answer.
type slow struct {
	contested
	mutex sync.Mutex
	calls int
}

func (s *slow) Get(ctx context.Context, key string) (hkp.Value, bool, error) {
	time.Sleep(time.Millisecond)
	s.mutex.Lock()
	defer s.mutex.Unlock()
	s.calls++
	return s.contested.Get(ctx, key)
}

func (s *slow) CompareAndSet(ctx context.Context, key string, expected uint64, data []byte, ttl time.Duration) (hkp.Value, bool, error) {
	time.Sleep(time.Millisecond)
	s.mutex.Lock()
	defer s.mutex.Unlock()
	s.calls++
	return s.contested.CompareAndSet(ctx, key, expected, data, ttl)
}

// countAtOnce counts different searches.
func countAtOnce(counter *SharedSearch, searches int) (within, exceeded, failed int) {
	var mutex sync.Mutex
	var group sync.WaitGroup
	for term := range uint64(searches) {
		group.Go(func() {
			excess, err := counter.Count(context.Background(), "192.0.2.1", 2+2*term, false)
			mutex.Lock()
			defer mutex.Unlock()
			switch {
			case err != nil:
				failed++
			case excess != nil:
				exceeded++
			default:
				within++
			}
		})
	}
	group.Wait()
	return within, exceeded, failed
}

func TestSearchesThatComeAtOnceAreAllCounted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		state := &slow{}
		counter := sharedSearch(state, 60)
		within, exceeded, failed := countAtOnce(counter, 80)
		if stored := len(termsOf(state.value.Data)); within != 60 || exceeded != 20 || failed != 0 || stored != 60 {
			t.Errorf("expected: 60 of 80 within the limit, got: %d, %d beyond, %d failed, %d stored", within, exceeded, failed, stored)
		}
		if state.calls > 4 || len(counter.waiting) != 0 {
			t.Errorf("expected: at most 4 calls of the gateway and nobody waiting, got: %d and %v", state.calls, counter.waiting)
		}
	})
}

func TestNoMoreSearchesOfAClientWaitThanTheBound(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		state := &slow{}
		within, exceeded, failed := countAtOnce(sharedSearch(state, 1000), mostWaiting+1+7)
		if within != mostWaiting+1 || exceeded != 0 || failed != 7 {
			t.Errorf("expected: %d stored and 7 left to others, got: %d, %d and %d", mostWaiting+1, within, exceeded, failed)
		}
	})
}

func TestAFailureIsThatOfAllThatWaitAndOfNoneThatFollow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		state := &slow{contested: contested{failure: hkp.ErrUnavailable}}
		counter := sharedSearch(state, 1000)
		if _, _, failed := countAtOnce(counter, 20); failed != 20 || state.calls != 2 {
			t.Errorf("expected: 20 failed by 2 calls, got: %d by %d", failed, state.calls)
		}
		state.failure = nil
		if within, _, _ := countAtOnce(counter, 20); within != 20 {
			t.Errorf("expected: 20 counted, got: %d", within)
		}
	})
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
