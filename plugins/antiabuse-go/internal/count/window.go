package count

import "time"

const (
	// slots are full ones in a window.
	slots = 8
	// ring is how many are kept: the current one and the eight before it.
	ring = slots + 1
	// windowSize is how many numbers one limit takes: that of the last slot, then the ring.
	windowSize = 1 + ring
)

// slidingWindow is one limit: at most so many requests within a window. It counts with a fixed number
// of integers for each client: a ring of slots, each an eighth of the window long.
//
// How exact that is, compared with a log of every request: never more than the limit pass within any
// window, and a request is refused only if the limit has passed within the last nine eighths of one. A
// counter of two weighted buckets would take less memory, but lets nearly twice the limit through when
// requests come at the end of one bucket.
//
// The counts are the caller's, who locks them, at an offset of this limit's own; zeros are a client that
// has never come.
type slidingWindow struct {
	limit  Limit
	slot   time.Duration
	offset int
}

func newSlidingWindow(limit Limit, offset int) slidingWindow {
	return slidingWindow{limit: limit, slot: (limit.Window + slots - 1) / slots, offset: offset}
}

// full tells whether one more request would be too many.
func (w slidingWindow) full(counts []int32, now time.Duration) bool {
	return w.total(counts, now) >= w.limit.Max
}

// add counts a request.
func (w slidingWindow) add(counts []int32, now time.Duration) {
	counts[w.index(w.advance(counts, now))]++
}

// untilRoom is how long until one more request is within the limit, if none comes before.
func (w slidingWindow) untilRoom(counts []int32, now time.Duration) time.Duration {
	excess := w.total(counts, now) - w.limit.Max + 1
	last := counts[w.offset]
	for slot := last - slots; excess > 0 && slot <= last; slot++ {
		excess -= int(counts[w.index(slot)])
		if excess <= 0 {
			return max(0, time.Duration(slot+ring)*w.slot-now)
		}
	}
	return 0
}

// memory is the longest time that a count matters.
func (w slidingWindow) memory() time.Duration {
	return w.slot * ring
}

func (w slidingWindow) total(counts []int32, now time.Duration) int {
	w.advance(counts, now)
	total := 0
	for _, count := range counts[w.offset+1 : w.offset+windowSize] {
		total += int(count)
	}
	return total
}

// advance empties the slots that time has passed over, and returns the current one.
func (w slidingWindow) advance(counts []int32, now time.Duration) int32 {
	last, slot := counts[w.offset], int32(now/w.slot)
	// Goroutines read the clock before they take the lock, so time may seem to step back.
	if slot <= last {
		return last
	}
	for i := range min(slot-last, ring) {
		counts[w.index(slot-i)] = 0
	}
	counts[w.offset] = slot
	return slot
}

// index of a slot, which may be before the plugin's start.
func (w slidingWindow) index(slot int32) int {
	return w.offset + 1 + int((slot%ring+ring)%ring)
}
