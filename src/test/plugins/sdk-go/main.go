// Has keys, as the programs in the other languages beside it.
package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	hkp "github.com/hkp-gateway/hkp-gateway/sdk/go"
)

type keyPlugin struct{ host *hkp.Host }

func main() {
	hkp.Serve(func(_ context.Context, setup *hkp.Setup) (hkp.Handler, error) { return keyPlugin{setup.Host}, nil }, hkp.Options{
		Capabilities: []string{"http.request", "http.respond", "storage.query", "storage.provide", "state"},
	})
}

func (keyPlugin) Handle(context.Context, *hkp.Request) (hkp.Decision, error) {
	return hkp.Allow(), nil
}

func (p keyPlugin) ProvideKeys(ctx context.Context, query hkp.KeyQuery) (hkp.KeyPage, error) {
	hkp.Log(ctx).Info("asked for " + query.Query)
	if strings.HasPrefix(query.Query, "traced") {
		if _, err := p.host.State().Increment(ctx, "traced", 1, time.Hour); err != nil {
			return hkp.KeyPage{}, err
		}
	}
	switch query.Query {
	case "declined":
		return hkp.KeyPage{}, hkp.ErrAskKeyserver
	case "fails":
		return hkp.KeyPage{}, errors.New("fails")
	case "many":
		page := hkp.KeyPage{Total: 2500}
		for i := query.Offset; i < min(query.Offset+query.Limit, 2500); i++ {
			page.Keys = append(page.Keys, hkp.Key{Fingerprint: fmt.Sprintf("%040X", i)})
		}
		return page, nil
	}
	words := map[hkp.KeyQueryType]string{hkp.KeyLookup: "LOOKUP", hkp.KeySearch: "SEARCH", hkp.KeyFetch: "FETCH"}
	userID := "go " + words[query.Type] + " " + query.Query
	if query.Exact {
		userID += " exactly"
	}
	return hkp.KeyPage{Total: 1, Keys: []hkp.Key{{
		Fingerprint: "0123456789ABCDEF0123456789ABCDEF01234567", UserIDs: []string{userID}, Data: []byte{0x98, 1, 2}}}}, nil
}
