package hclog

import (
	"io"
	"sync/atomic"
	"time"
)

// Writer writes lines in a goroutine of its own, so that a host that reads slowly or not at all
// never holds up a request: the queue is bounded, and what does not fit is dropped and counted.
type Writer struct {
	queue   chan entry
	dropped atomic.Int64
	out     io.Writer
}

type entry struct {
	line    []byte
	written chan<- struct{}
}

// NewWriter makes one with room for so many lines.
func NewWriter(out io.Writer, capacity int) *Writer {
	w := &Writer{queue: make(chan entry, capacity), out: out}
	go w.run()
	return w
}

// Offer takes a line, with its line end, over for writing. Never blocks.
func (w *Writer) Offer(line []byte) {
	select {
	case w.queue <- entry{line: line}:
	default:
		w.dropped.Add(1)
	}
}

// Flush waits until what was offered before has been written, or the time is up.
func (w *Writer) Flush(limit time.Duration) bool {
	written := make(chan struct{})
	timeout := time.After(limit)
	select {
	case w.queue <- entry{written: written}:
	case <-timeout:
		return false
	}
	select {
	case <-written:
		return true
	case <-timeout:
		return false
	}
}

func (w *Writer) run() {
	for next := range w.queue {
		if next.written != nil {
			close(next.written)
			continue
		}
		// If standard error is closed, there is nowhere left to say so.
		_, _ = w.out.Write(next.line)
		if lost := w.dropped.Swap(0); lost > 0 {
			_, _ = w.out.Write(Line(time.Now(), "warn", "log",
				"log lines were dropped because nobody read them in time", Field{"dropped", lost}))
		}
	}
}
