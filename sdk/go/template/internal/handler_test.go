package internal_test

import (
	"testing"

	"github.com/hkp-gateway/hkp-gateway/sdk/go/hkptest"

	"example.org/hkp-template/internal"
)

func TestShortSearchesAreRefused(t *testing.T) {
	plugin := hkptest.Start(t, internal.New, hkptest.Setup{Config: `{"shortest_search": 3}`})
	for line, status := range map[string]int{
		"GET /pks/lookup?op=index&search=ab":     429,
		"GET /pks/lookup?op=vindex&search=ab":    429,
		"GET /pks/lookup?op=index&search=%C3%A4": 429,
		"GET /pks/lookup?op=index&search=abc":    0,
		"GET /pks/lookup?op=get&search=ab":       0,
		"GET /pks/stats":                         0,
		"GET /":                                  0,
	} {
		result := plugin.Handle(hkptest.NewRequest(line))
		if result.Status != status || result.Continue != (status == 0) {
			t.Errorf("%s: expected: %d, got: %+v", line, status, result)
		}
	}
}

func TestTheAnswerSaysWhatToDo(t *testing.T) {
	plugin := hkptest.Start(t, internal.New, hkptest.Setup{})
	result := plugin.Handle(hkptest.NewRequest("GET /pks/lookup?op=index&search=abc"))
	if result.Body != "Please search for at least 4 characters.\n" || result.Header.Get("Retry-After") != "60" {
		t.Errorf("expected: a sentence and Retry-After, got: %+v", result)
	}
}

func TestAWrongConfigurationIsRefused(t *testing.T) {
	refusal := hkptest.Refusal(t, internal.New, hkptest.Setup{Config: `{"shortest_search": "x"}`})
	if refusal != `configuration key 'shortest_search': expected: a whole number from 1 to 100, got: "x"` {
		t.Errorf("expected: a text that names the key, got: %s", refusal)
	}
}
