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

func TestCharactersAreCountedAndNotBytes(t *testing.T) {
	plugin := hkptest.Start(t, newHandler, hkptest.Setup{Config: `{"shortest_search": 3}`})
	for _, operation := range []string{"index", "vindex"} {
		if result := plugin.Handle(hkptest.NewRequest("GET /pks/lookup?op=" + operation + "&search=%C3%A4%C3%A4")); result.Status != 429 {
			t.Errorf("%s: expected: 429 for two characters, got: %+v", operation, result)
		}
	}
}
