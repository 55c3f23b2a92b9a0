package main

import (
	"context"
	"errors"
	"io"
	"sync"
	"time"

	"github.com/hkp-gateway/hkp-gateway/sdk/go/hkpplugin"
)

// emitted is what one emission came to.
type emitted struct {
	Sent    int64   `json:"sent"`
	Seconds float64 `json:"seconds"`
	Error   string  `json:"error,omitempty"`
}

// emit publishes events on one stream for some time and returns when the host has taken the last
// one: at a rate, or with 0 as fast as the host takes them.
func emit(host hkpplugin.PluginHostClient, kind string, rate float64, duration time.Duration) emitted {
	ctx, cancel := context.WithTimeout(context.Background(), duration+30*time.Second)
	defer cancel()
	var all emitted
	start := time.Now()
	stream, err := host.PublishEvents(ctx)
	if err != nil {
		return emitted{Error: err.Error()}
	}
	event := &hkpplugin.Event{Type: kind, Data: []byte(`{"text":"an event as long as many are"}`)}
	for err == nil {
		passed := time.Since(start)
		if passed >= duration {
			break
		}
		due := int64(rate * passed.Seconds())
		if rate == 0 {
			// The clock costs as much as some events.
			due = all.Sent + 64
		}
		for ; err == nil && all.Sent < due; all.Sent++ {
			err = stream.Send(event)
		}
		if rate > 0 {
			time.Sleep(time.Millisecond)
		}
	}
	if _, end := stream.CloseAndRecv(); end != nil {
		all.Error = end.Error()
	}
	all.Seconds = time.Since(start).Seconds()
	return all
}

// received is what a subscription has got until now.
type received struct {
	Received int64  `json:"received"`
	Dropped  int64  `json:"dropped"`
	Batches  int64  `json:"batches"`
	Disorder int64  `json:"disorder"` // events that came after a later one of their source
	Open     bool   `json:"open"`
	Error    string `json:"error,omitempty"`
}

// subscription is one stream of events.
type subscription struct {
	cancel context.CancelFunc
	lock   sync.Mutex
	now    received
	last   map[string]uint64 // the newest number of each source
}

func subscribe(host hkpplugin.PluginHostClient, types []string) (*subscription, error) {
	ctx, cancel := context.WithCancel(context.Background())
	stream, err := host.SubscribeEvents(ctx, &hkpplugin.EventFilter{EventTypes: types})
	if err != nil {
		cancel()
		return nil, err
	}
	made := &subscription{cancel: cancel, now: received{Open: true}, last: map[string]uint64{}}
	go made.read(stream.Recv)
	return made, nil
}

func (s *subscription) read(next func() (*hkpplugin.EventBatch, error)) {
	for {
		batch, err := next()
		s.lock.Lock()
		if err != nil {
			s.now.Open = false
			if !errors.Is(err, io.EOF) {
				s.now.Error = err.Error()
			}
			s.lock.Unlock()
			return
		}
		s.note(batch)
		s.lock.Unlock()
	}
}

func (s *subscription) note(batch *hkpplugin.EventBatch) {
	s.now.Batches++
	s.now.Dropped += int64(batch.GetDropped())
	for _, event := range batch.GetEvents() {
		s.now.Received++
		if event.GetSequence() <= s.last[event.GetSource()] {
			s.now.Disorder++
		}
		s.last[event.GetSource()] = event.GetSequence()
	}
}

func (s *subscription) state() received {
	s.lock.Lock()
	defer s.lock.Unlock()
	return s.now
}
