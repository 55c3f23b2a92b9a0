package main

import (
	"testing"

	"github.com/hkp-gateway/hkp-gateway/sdk/go/hkptest"
)

func TestShortSearchesAreRefused(t *testing.T) {
	plugin := hkptest.Start(t, newHandler, hkptest.Setup{Config: `{"shortest_search": 3}`})
	if result := plugin.Handle(hkptest.NewRequest("GET /pks/lookup?op=index&search=ab")); result.Status != 429 {
		t.Errorf("expected: 429, got: %+v", result)
	}
	if result := plugin.Handle(hkptest.NewRequest("GET /pks/lookup?op=index&search=abc")); !result.Continue {
		t.Errorf("expected: the request goes on, got: %+v", result)
	}
}
