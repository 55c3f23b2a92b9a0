package hkp

import (
	"context"
	"errors"
	"io"
	"iter"
	"log/slog"
	"time"

	"github.com/hkp-gateway/hkp-gateway/sdk/go/hkpplugin"
)

// EventFilter says which events are wanted.
type EventFilter struct {
	// Types are exact, or prefixes that end in "*". None, or an empty list: all that are granted.
	Types []string
	// Metadata must all match.
	Metadata map[string]string
}

// Publish tells the other plugins of something; needs the grant events.publish.
func (h *Host) Publish(ctx context.Context, event Event) error {
	_, err := unary(ctx, h, "PublishEvent", longCall, hkpplugin.PluginHostClient.PublishEvent, event.message())
	return err
}

// PublishAll tells of many things on one stream. The first that is refused ends it, and the error
// says which; those before it are published. It ends after ten minutes, if ctx does not end before.
func (h *Host) PublishAll(ctx context.Context, events iter.Seq[Event]) error {
	const method = "PublishEvents"
	if h.client == nil {
		return &HostError{Method: method, Reason: ErrUnavailable, Message: "there is no gateway to call"}
	}
	ctx, cancel := context.WithTimeout(outgoing(ctx), bulkLimit)
	defer cancel()
	stream, err := h.client.PublishEvents(ctx)
	if err != nil {
		return hostError(method, err)
	}
	for event := range events {
		if stream.Send(event.message()) != nil {
			// The answer says why.
			break
		}
	}
	if _, err = stream.CloseAndRecv(); err != nil {
		return hostError(method, err)
	}
	return nil
}

// Subscribe hears of what happens from now on; needs the grant events.subscribe. It goes on until ctx
// or the loop ends. A stream that breaks is opened again, after a pause that doubles from 100 ms to 5 s
// and begins anew with each batch that comes; what happens meanwhile is not heard of. Only what does not
// heal, such as a grant that is missing, is an error, and the last thing that comes. An [EventHandler]
// needs nothing of this.
//
//	for batch, err := range host.Subscribe(ctx, hkp.EventFilter{Types: []string{"key.*"}}) { … }
func (h *Host) Subscribe(ctx context.Context, filter EventFilter) iter.Seq2[EventBatch, error] {
	return func(yield func(EventBatch, error) bool) {
		if h.client == nil {
			yield(EventBatch{}, &HostError{Method: subscribe, Reason: ErrUnavailable, Message: "there is no gateway to call"})
			return
		}
		pause := shortestPause
		for {
			wanted, err := h.listen(ctx, filter, func(batch EventBatch) bool {
				pause = shortestPause
				return yield(batch, nil)
			})
			if !wanted || ctx.Err() != nil {
				return
			}
			if !errors.Is(err, ErrUnavailable) && !errors.Is(err, ErrFailed) {
				yield(EventBatch{}, err)
				return
			}
			slog.DebugContext(ctx, "the stream of events is opened again", "pause", pause, "error", err)
			select {
			case <-time.After(pause):
			case <-ctx.Done():
				return
			}
			pause = min(2*pause, longestPause)
		}
	}
}

const (
	subscribe     = "SubscribeEvents"
	shortestPause = 100 * time.Millisecond
	longestPause  = 5 * time.Second
)

// listen reads one stream until it breaks, or no more is wanted.
func (h *Host) listen(ctx context.Context, filter EventFilter, give func(EventBatch) bool) (wanted bool, err error) {
	ctx, cancel := context.WithCancel(outgoing(ctx))
	defer cancel()
	stream, err := h.client.SubscribeEvents(ctx, &hkpplugin.EventFilter{EventTypes: filter.Types, MetadataFilters: filter.Metadata})
	for err == nil {
		var next *hkpplugin.EventBatch
		if next, err = stream.Recv(); err == nil && !give(eventBatch(next)) {
			return false, nil
		}
	}
	if errors.Is(err, io.EOF) {
		return true, &HostError{Method: subscribe, Reason: ErrUnavailable, Message: "the gateway has ended it"}
	}
	return true, hostError(subscribe, err)
}
