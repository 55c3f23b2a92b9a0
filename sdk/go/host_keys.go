package hkp

import (
	"context"
	"errors"
	"io"
	"iter"

	"github.com/hkp-gateway/hkp-gateway/sdk/go/hkpplugin"
)

// KeyOptions narrow a query for keys.
type KeyOptions struct {
	// Exact: a text has to be a whole user id or the address in it.
	Exact bool
	// Limit is the most keys on a page, at most 1000; 0: 100. Offset is where to begin.
	Limit, Offset int
}

// Lookup asks for facts about keys by fingerprint or key id, with or without "0x". Needs the grant
// storage.query, as the other three do. That no key is found is no error.
func (h *Host) Lookup(ctx context.Context, query string, options KeyOptions) (KeyPage, error) {
	return h.requestStorage(ctx, KeyLookup, query, options)
}

// Search asks for facts about keys by a text of at most 256 bytes, or as Lookup does.
func (h *Host) Search(ctx context.Context, query string, options KeyOptions) (KeyPage, error) {
	return h.requestStorage(ctx, KeySearch, query, options)
}

// Fetch asks for the keys themselves, as Lookup or Search does.
func (h *Host) Fetch(ctx context.Context, query string, options KeyOptions) (KeyPage, error) {
	return h.requestStorage(ctx, KeyFetch, query, options)
}

// StreamKeys asks for many keys, which come one after the other at the pace of the loop; limit and
// offset do not count. An error is the last thing that comes. It ends after ten minutes, if ctx does
// not end before.
//
//	for key, err := range host.StreamKeys(ctx, hkp.KeySearch, "example.org", hkp.KeyOptions{}) { … }
func (h *Host) StreamKeys(ctx context.Context, kind KeyQueryType, query string, options KeyOptions) iter.Seq2[Key, error] {
	const method = "StreamStorage"
	return func(yield func(Key, error) bool) {
		if h.client == nil {
			yield(Key{}, &HostError{Method: method, Reason: ErrUnavailable, Message: "there is no gateway to call"})
			return
		}
		ctx, cancel := context.WithTimeout(outgoing(ctx), bulkLimit)
		defer cancel()
		stream, err := h.client.StreamStorage(ctx, storageQuery(kind, query, options))
		for err == nil {
			var next *hkpplugin.KeyInfo
			if next, err = stream.Recv(); err == nil && !yield(key(next), nil) {
				return
			}
		}
		if !errors.Is(err, io.EOF) {
			yield(Key{}, hostError(method, err))
		}
	}
}

func (h *Host) requestStorage(ctx context.Context, kind KeyQueryType, query string, options KeyOptions) (KeyPage, error) {
	answer, err := unary(ctx, h, "RequestStorage", longCall, hkpplugin.PluginHostClient.RequestStorage,
		storageQuery(kind, query, options))
	if err != nil {
		return KeyPage{}, err
	}
	if !answer.GetSuccess() {
		return KeyPage{}, &HostError{Method: "RequestStorage", Reason: ErrFailed, Message: answer.GetError()}
	}
	return keyPage(answer), nil
}

func storageQuery(kind KeyQueryType, query string, options KeyOptions) *hkpplugin.StorageQuery {
	message := &hkpplugin.StorageQuery{
		Type:   hkpplugin.StorageQuery_Type(kind),
		Query:  utf8Text(query),
		Limit:  int32(options.Limit),
		Offset: int32(options.Offset),
	}
	if options.Exact {
		message.Options = map[string]string{"exact": "on"}
	}
	return message
}
