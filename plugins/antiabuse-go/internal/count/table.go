package count

import (
	"time"

	"github.com/maypok86/otter/v2"
)

// NewTable makes a bounded table of clients. When it is full of an address flood, clients that come
// often stay and addresses that came once go: otter evicts by frequency (TinyLFU). The options say the
// bound and when entries end.
func NewTable[V any](clock Clock, options otter.Options[Client, V]) *otter.Cache[Client, V] {
	options.Clock = tableClock{clock}
	// Upkeep is short, and on the calling goroutine no flood gets ahead of it.
	options.Executor = func(task func()) { task() }
	return otter.Must(&options)
}

type tableClock struct {
	now Clock
}

func (c tableClock) NowNano() int64 {
	return int64(c.now())
}

// Tick has none: what has ended goes with the upkeep of later calls, and an idle plugin sleeps.
func (c tableClock) Tick(time.Duration) <-chan time.Time {
	return nil
}
