package count

import (
	"slices"

	"github.com/maypok86/otter/v2"
)

const (
	// entryBytes of an entry beside its terms, and of each of them.
	entryBytes = 100
	termBytes  = 8
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
	s.Forget(client)
}

// Forget is of [Own].
func (s *Search) Forget(client Client) {
	s.clients.Invalidate(client)
}

// Clients is of [Own].
func (s *Search) Clients() int {
	return s.clients.EstimatedSize()
}
