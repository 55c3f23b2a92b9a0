package hkp

import (
	"context"
	"errors"
	"io"
	"iter"

	"github.com/hkp-gateway/hkp-gateway/sdk/go/hkpplugin"
)

// EventFilter says which events are wanted.
type EventFilter struct {
	// Types are exact, or prefixes that end in "*". None: all that are granted.
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

// Subscribe hears of what happens from now on; needs the grant events.subscribe. It goes on until
// ctx ends, the loop does, or an error comes, which is the last thing that comes; then subscribe
// again after a pause. An [EventHandler] needs nothing of this.
func (h *Host) Subscribe(ctx context.Context, filter EventFilter) iter.Seq2[EventBatch, error] {
	const method = "SubscribeEvents"
	return func(yield func(EventBatch, error) bool) {
		if h.client == nil {
			yield(EventBatch{}, &HostError{Method: method, Reason: ErrUnavailable, Message: "there is no gateway to call"})
			return
		}
		ctx, cancel := context.WithCancel(outgoing(ctx))
		defer cancel()
		stream, err := h.client.SubscribeEvents(ctx, &hkpplugin.EventFilter{EventTypes: filter.Types, MetadataFilters: filter.Metadata})
		for err == nil {
			var next *hkpplugin.EventBatch
			if next, err = stream.Recv(); err == nil && !yield(eventBatch(next), nil) {
				return
			}
		}
		if ctx.Err() != nil {
			return
		}
		if errors.Is(err, io.EOF) {
			yield(EventBatch{}, &HostError{Method: method, Reason: ErrUnavailable, Message: "the gateway has ended it"})
			return
		}
		yield(EventBatch{}, hostError(method, err))
	}
}
