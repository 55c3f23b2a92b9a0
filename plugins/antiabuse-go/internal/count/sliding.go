package count

import (
	"sync"
	"time"

	"github.com/maypok86/otter/v2"
)

// Sliding counts requests in sliding windows; all limits are in force. It does not start anew with a
// block, which must therefore last until there is room. Nobody is refused because the table is full: a
// client that it does not know starts at zero.
type Sliding struct {
	clock   Clock
	windows []slidingWindow
	clients *otter.Cache[Client, *slidingCounts]
}

type slidingCounts struct {
	mutex  sync.Mutex
	counts []int32
}

// NewSliding makes a counter for so many clients at a time.
func NewSliding(clock Clock, limits []Limit, maxClients int) *Sliding {
	counter := &Sliding{clock: clock}
	var memory time.Duration
	for i, limit := range limits {
		window := newSlidingWindow(limit, i*windowSize)
		counter.windows = append(counter.windows, window)
		memory = max(memory, window.memory())
	}
	counter.clients = NewTable(clock, otter.Options[Client, *slidingCounts]{
		MaximumSize: maxClients,
		// A read may leave the end of an entry as it is for a second.
		ExpiryCalculator: otter.ExpiryAccessing[Client, *slidingCounts](memory + time.Second),
	})
	return counter
}

// Count is of [Own].
func (s *Sliding) Count(client Client, _ uint64, dryRun bool) *Excess {
	mine, known := s.clients.GetIfPresent(client)
	if !known {
		if dryRun {
			return nil
		}
		mine, _ = s.clients.ComputeIfAbsent(client, func() (*slidingCounts, bool) {
			return &slidingCounts{counts: make([]int32, windowSize*len(s.windows))}, false
		})
	}
	now := s.clock()
	mine.mutex.Lock()
	defer mine.mutex.Unlock()
	for _, window := range s.windows {
		if window.full(mine.counts, now) {
			return &Excess{Limit: window.limit.String(), UntilRoom: window.untilRoom(mine.counts, now)}
		}
	}
	if !dryRun {
		for _, window := range s.windows {
			window.add(mine.counts, now)
		}
	}
	return nil
}

// Blocked changes nothing: the counts say when there is room.
func (s *Sliding) Blocked(Client) {
}

// Forget is of [Own].
func (s *Sliding) Forget(client Client) {
	s.clients.Invalidate(client)
}

// Clients is of [Own].
func (s *Sliding) Clients() int {
	return s.clients.EstimatedSize()
}
