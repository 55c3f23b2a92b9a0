package count

import (
	"context"
	"slices"
	"time"

	"github.com/maypok86/otter/v2"

	hkp "github.com/hkp-gateway/hkp-gateway/sdk/go"
)

const (
	// entryBytes of an entry beside its terms, and of each of them.
	entryBytes = 100
	termBytes  = 8
	// Another search of the same client, or replica, may be first, but not for ever.
	attempts = 5
)

// Search counts the different terms that a client searches for, and the broad ones among them, in a
// window that begins with the first; a window later, and when a block begins, it starts anew. A term
// that is searched for again does not count again.
type Search struct {
	different, broad Limit
	clients          *otter.Cache[Client, terms]
}

// NewSearch makes a counter with so much memory for all clients together. Both limits have the same
// window.
func NewSearch(clock Clock, different, broad Limit, maxBytes uint64) *Search {
	return &Search{different: different, broad: broad, clients: NewTable(clock, otter.Options[Client, terms]{
		MaximumWeight:    maxBytes,
		Weigher:          func(_ Client, searched terms) uint32 { return uint32(entryBytes + termBytes*len(searched)) },
		ExpiryCalculator: otter.ExpiryCreating[Client, terms](different.Window),
	})}
}

// Count is of [Own]; what is the hash of the term, with its lowest bit set if it is broad.
func (s *Search) Count(client Client, what uint64, dryRun bool) *Excess {
	if searched, _ := s.clients.GetIfPresent(client); slices.Contains(searched, what) {
		return nil
	} else if dryRun {
		return searched.with(what).excess(s.different, s.broad)
	}
	var excess *Excess
	s.clients.Compute(client, func(searched terms, _ bool) (terms, otter.ComputeOp) {
		if slices.Contains(searched, what) {
			return searched, otter.CancelOp
		}
		more := searched.with(what)
		if excess = more.excess(s.different, s.broad); excess != nil {
			return searched, otter.CancelOp
		}
		return more, otter.WriteOp
	})
	return excess
}

// Blocked is of [Own].
func (s *Search) Blocked(client Client) {
	s.clients.Invalidate(client)
}

// Clients is of [Own].
func (s *Search) Clients() int {
	return s.clients.EstimatedSize()
}

// SharedSearch counts with the gateway as [Search] does here: one value under the prefix and the client's
// name, changed by compare-and-set.
type SharedSearch struct {
	State            State
	Prefix           string
	Different, Broad Limit
}

// Count is of [Shared].
func (s SharedSearch) Count(ctx context.Context, client string, what uint64, dryRun bool) (*Excess, error) {
	key := s.Prefix + client
	value, _, err := s.State.Get(ctx, key)
	for range attempts {
		if err != nil {
			return nil, err
		}
		more, excess, done := s.add(value, what)
		if done || dryRun {
			return excess, nil
		}
		current, stored, problem := s.State.CompareAndSet(ctx, key, value.Version, more.bytes(), s.ttl(value))
		if stored {
			return nil, problem
		}
		value, err = current, problem
	}
	if err != nil {
		return nil, err
	}
	more, excess, done := s.add(value, what)
	if !done {
		// A search that came in between may be lost, this one is not.
		_, err = s.State.Put(ctx, key, more.bytes(), s.ttl(value))
	}
	return excess, err
}

// add says what is to be stored; done: nothing.
func (s SharedSearch) add(value hkp.Value, what uint64) (more terms, excess *Excess, done bool) {
	searched := termsOf(value.Data)
	if slices.Contains(searched, what) {
		return searched, nil, true
	}
	more = searched.with(what)
	excess = more.excess(s.Different, s.Broad)
	return more, excess, excess != nil
}

// ttl lets the window end when it would have.
func (s SharedSearch) ttl(value hkp.Value) time.Duration {
	if value.TTL == 0 {
		return s.Different.Window
	}
	return value.TTL
}

// Blocked is of [Shared].
func (s SharedSearch) Blocked(ctx context.Context, client string) error {
	return s.State.Delete(ctx, s.Prefix+client)
}
