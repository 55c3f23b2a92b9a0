package count

import (
	"context"
	"fmt"
	"slices"
	"sync"

	hkp "github.com/hkp-gateway/hkp-gateway/sdk/go"
)

const (
	// Another replica may be first, but not for ever.
	attempts = 10
	// mostWaiting are searches of one client that wait for those that are being stored.
	mostWaiting = 256
)

// SharedSearch counts with the gateway as [Search] does here: one value under the prefix and the client's
// name, changed by compare-and-set.
//
// Searches of one client that come at once are stored together, so that only another replica can be
// first. One that cannot be stored fails with hkp.ErrQuota, to be counted elsewhere: none is lost, and
// none of another replica's is overwritten.
type SharedSearch struct {
	state            State
	prefix           string
	different, broad Limit

	mutex sync.Mutex
	// waiting has those that wait by key; there is an entry as long as one is being stored.
	waiting map[string][]*pending
}

// pending is a search that waits.
type pending struct {
	what   uint64
	excess *Excess
	err    error
	// turn brings those that are to be stored together, this one among them; closed, there is a result.
	turn chan []*pending
}

// NewSharedSearch makes a counter. Both limits have the same window.
func NewSharedSearch(state State, prefix string, different, broad Limit) *SharedSearch {
	return &SharedSearch{
		state: state, prefix: prefix, different: different, broad: broad, waiting: map[string][]*pending{},
	}
}

// Count is of [Shared].
func (s *SharedSearch) Count(ctx context.Context, client string, what uint64, dryRun bool) (*Excess, error) {
	key := s.prefix + client
	mine := &pending{what: what, turn: make(chan []*pending, 1)}
	if dryRun {
		value, _, err := s.state.Get(ctx, key)
		s.add(termsOf(value.Data), []*pending{mine})
		return mine.excess, err
	}
	if err := s.enter(key, mine); err != nil {
		return nil, err
	}
	if batch, is := <-mine.turn; is {
		s.store(ctx, key, batch)
	}
	return mine.excess, mine.err
}

// enter lets it wait if others of this client are being stored.
func (s *SharedSearch) enter(key string, search *pending) error {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	others, busy := s.waiting[key]
	switch {
	case !busy:
		s.waiting[key] = nil
		search.turn <- []*pending{search}
	case len(others) < mostWaiting:
		s.waiting[key] = append(others, search)
	default:
		return errBusy(fmt.Sprintf("at most %d searches of a client at once", mostWaiting), "one more")
	}
	return nil
}

// leave gives the turn to those that have come meanwhile.
func (s *SharedSearch) leave(key string) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	next := s.waiting[key]
	if len(next) == 0 {
		delete(s.waiting, key)
		return
	}
	s.waiting[key] = nil
	next[0].turn <- next
}

// store stores searches of a client and ends their waiting, whatever happens.
func (s *SharedSearch) store(ctx context.Context, key string, batch []*pending) {
	err := errBusy("an answer", "none")
	defer func() {
		s.leave(key)
		for _, search := range batch {
			if err != nil {
				search.excess, search.err = nil, err
			}
			close(search.turn)
		}
	}()
	err = s.compareAndSet(ctx, key, batch)
}

func (s *SharedSearch) compareAndSet(ctx context.Context, key string, batch []*pending) error {
	value, _, err := s.state.Get(ctx, key)
	for range attempts {
		if err != nil {
			return err
		}
		before := termsOf(value.Data)
		after := s.add(before, batch)
		if len(after) == len(before) {
			return nil
		}
		// The window ends when it would have.
		ttl := value.TTL
		if ttl == 0 {
			ttl = s.different.Window
		}
		stored := false
		if value, stored, err = s.state.CompareAndSet(ctx, key, value.Version, after.bytes(), ttl); stored {
			return err
		}
	}
	if err != nil {
		return err
	}
	return errBusy(fmt.Sprintf("a search stored within %d attempts", attempts), "others were first each time")
}

// add says what is to be stored, and notes what each search would exceed.
func (s *SharedSearch) add(searched terms, batch []*pending) terms {
	for _, search := range batch {
		search.excess = nil
		if slices.Contains(searched, search.what) {
			continue
		}
		more := searched.with(search.what)
		if search.excess = more.excess(s.different, s.broad); search.excess == nil {
			searched = more
		}
	}
	return searched
}

// Blocked is of [Shared].
func (s *SharedSearch) Blocked(ctx context.Context, client string) error {
	return s.state.Delete(ctx, s.prefix+client)
}

func errBusy(expected, got string) error {
	return &hkp.HostError{
		Method: "CompareAndSetState", Reason: hkp.ErrQuota, Message: "expected: " + expected + ", got: " + got,
	}
}
