package hkp_test

import (
	"encoding/json"
	"errors"
	"net/netip"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	hkp "github.com/hkp-gateway/hkp-gateway/sdk/go"
)

type nested struct {
	Limit int `json:"limit" default:"5" min:"1"`
}

type settings struct {
	Name      string            `json:"name" required:"true"`
	Shortest  int               `json:"shortest_search" default:"4" min:"1" max:"100"`
	Ratio     float64           `json:"ratio" default:"0.5" min:"0" max:"1"`
	Count     uint8             `json:"count"`
	Enabled   bool              `json:"enabled" default:"true"`
	Window    time.Duration     `json:"window" default:"10s" min:"1s" max:"1d"`
	Steps     []time.Duration   `json:"steps" default:"10s,1m,1h30m" min:"1s"`
	Body      hkp.Size          `json:"body" default:"64KB" max:"1MB"`
	Mode      string            `json:"mode" default:"enforce" oneof:"observe,enforce"`
	Allow     []netip.Prefix    `json:"allow"`
	Optional  *int              `json:"optional" min:"1"`
	Table     nested            `json:"table"`
	Rules     map[string]nested `json:"rules"`
	Raw       json.RawMessage   `json:"raw"`
	MaxURLLen int               `default:"7"`
	Kept      string            `json:"kept"`
	Ignored   string            `json:"-"`
}

func decode(t *testing.T, text string, target any) error {
	t.Helper()
	config, err := hkp.ParseConfig(text)
	if err != nil {
		t.Fatal(err)
	}
	return config.Decode(target)
}

func TestDefaults(t *testing.T) {
	got := settings{Kept: "as it was"}
	if err := decode(t, `{"name": "n"}`, &got); err != nil {
		t.Fatal(err)
	}
	expected := settings{Name: "n", Shortest: 4, Ratio: 0.5, Enabled: true, Window: 10 * time.Second,
		Steps: []time.Duration{10 * time.Second, time.Minute, 90 * time.Minute}, Body: 64 << 10, Mode: "enforce",
		Table: nested{5}, MaxURLLen: 7, Kept: "as it was"}
	if !reflect.DeepEqual(got, expected) {
		t.Errorf("expected: %+v, got: %+v", expected, got)
	}
}

func TestValues(t *testing.T) {
	var got settings
	err := decode(t, `{"name": "n", "shortest_search": "7", "ratio": 1, "count": 255, "enabled": "false", "window": "500ms1h", "steps": ["2s"],
		"body": 1024, "mode": "observe", "allow": "192.0.2.0/24, 2001:db8::/32", "optional": 3, "table": {"limit": 9}, "rules": {"a": {}, "b": {"limit": 2}},
		"raw": {"x": [1]}, "max_url_len": 8}`, &got)
	if err != nil {
		t.Fatal(err)
	}
	three := 3
	expected := settings{Name: "n", Shortest: 7, Ratio: 1, Count: 255, Window: time.Hour + 500*time.Millisecond, Steps: []time.Duration{2 * time.Second},
		Body: 1024, Mode: "observe", Allow: []netip.Prefix{netip.MustParsePrefix("192.0.2.0/24"), netip.MustParsePrefix("2001:db8::/32")},
		Optional: &three, Table: nested{9}, Rules: map[string]nested{"a": {5}, "b": {2}}, Raw: json.RawMessage(`{"x":[1]}`), MaxURLLen: 8}
	if !reflect.DeepEqual(got, expected) {
		t.Errorf("expected: %+v, got: %+v", expected, got)
	}
}

// What every SDK says is in the common table; these are types of Go.
func TestProblemsNameTheKey(t *testing.T) {
	for text, expected := range map[string]string{
		`{}`:                                          `'name': expected: a string, got: nothing`,
		`{"name": "n", "count": 256}`:                 `'count': expected: a whole number from 0 to 255, got: 256`,
		`{"name": "n", "count": -1}`:                  `'count': expected: a whole number from 0 to 255, got: -1`,
		`{"name": "n", "allow": ["192.0.2.0"]}`:       `'allow[0]': expected: a string that can be read (netip.ParsePrefix("192.0.2.0"): no '/'), got: "192.0.2.0"`,
		`{"name": "n", "allow": [["192.0.2.0/24"]]}`:  `'allow[0]': expected: a string, got: ["192.0.2.0/24"]`,
		`{"name": "n", "optional": 0}`:                `'optional': expected: a whole number of at least 1, got: 0`,
		`{"name": "n", "rules": {"a": {"limit": 0}}}`: `'rules.a.limit': expected: a whole number of at least 1, got: 0`,
		`{"shortest_search": 0}`:                      `'name': expected: a string, got: nothing; configuration key 'shortest_search': expected: a whole number from 1 to 100, got: 0`,
	} {
		err := decode(t, text, &settings{})
		if err == nil || err.Error() != "configuration key "+expected {
			t.Errorf("%s: expected: %s, got: %v", text, expected, err)
		}
	}
}

func TestAnythingMayBeNullInAList(t *testing.T) {
	var free struct {
		List []any `json:"list"`
	}
	if err := decode(t, `{"list": [null, 1]}`, &free); err != nil || len(free.List) != 2 || free.List[0] != nil {
		t.Errorf("expected: nil and 1, got: %v, %v", free.List, err)
	}
}

func TestOnlyOneJSONObjectIsAConfiguration(t *testing.T) {
	for _, text := range []string{"x", "[]", "null", "1", "{} {}", "{"} {
		if _, err := hkp.ParseConfig(text); err == nil || !strings.HasPrefix(err.Error(), "configuration: expected: one JSON object, got: ") {
			t.Errorf("%s: expected: a refusal, got: %v", text, err)
		}
	}
	for _, text := range []string{"", " ", "{}"} {
		if config, err := hkp.ParseConfig(text); err != nil || string(config.Raw()) != "{}" {
			t.Errorf("%q: expected: no keys, got: %s, %v", text, config.Raw(), err)
		}
	}
}

func TestUnknownKeysAreListed(t *testing.T) {
	config, _ := hkp.ParseConfig(`{"name": "n", "zzz": 1, "table": {"limt": 2}, "Ignored": "x"}`)
	if unknown := config.Unknown(&settings{}); !slices.Equal(unknown, []string{"Ignored", "table.limt", "zzz"}) {
		t.Errorf("expected: three keys, got: %v", unknown)
	}
}

type validated struct {
	Low, High int
}

func (v *validated) Validate() error {
	if v.Low > v.High {
		return errors.New("low: expected: at most high")
	}
	return nil
}

func TestTheLastWordIsValidates(t *testing.T) {
	if err := decode(t, `{"low": 2, "high": 1}`, &validated{}); err == nil || err.Error() != "configuration: low: expected: at most high" {
		t.Errorf("expected: its error, got: %v", err)
	}
	if err := decode(t, `{"low": 1, "high": 2}`, &validated{}); err != nil {
		t.Errorf("expected: none, got: %v", err)
	}
}

func TestMistakesOfTheAuthorAreTold(t *testing.T) {
	if err := decode(t, `{}`, settings{}); err == nil {
		t.Error("expected: a pointer is demanded, got: nothing")
	}
	var wrong struct {
		A int `json:"a" min:"x"`
	}
	if err := decode(t, `{"a": 1}`, &wrong); err == nil || !strings.Contains(err.Error(), `tag min, got: "x"`) {
		t.Errorf("expected: which tag, got: %v", err)
	}
	var odd struct {
		A chan int `json:"a"`
	}
	if err := decode(t, `{"a": 1}`, &odd); err == nil || !strings.Contains(err.Error(), "chan int") {
		t.Errorf("expected: which type, got: %v", err)
	}
}

func TestUnits(t *testing.T) {
	for text, expected := range map[string]time.Duration{"500ms": 500 * time.Millisecond, "PT1M0.25S": 60250 * time.Millisecond, "10s": 10 * time.Second, "1h30m": 90 * time.Minute, "7d": 168 * time.Hour, "0s": 0} {
		if got, err := hkp.ParseDuration(text); err != nil || got != expected {
			t.Errorf("%s: expected: %v, got: %v, %v", text, expected, got, err)
		}
	}
	for _, text := range []string{"", "10", "1.5s", "-1s", "1us", "s", "999999999d", "1h 30m"} {
		if got, err := hkp.ParseDuration(text); err == nil {
			t.Errorf("%s: expected: an error, got: %v", text, got)
		}
	}
	for text, expected := range map[string]hkp.Size{"0": 0, "512": 512, "512B": 512, "64KB": 64 << 10, "16MB": 16 << 20, "1GB": 1 << 30, "1 KiB": 1024, "2k": 2048, "9999999999GB": -1, "B": -1} {
		got, err := hkp.ParseSize(text)
		if (expected < 0) != (err != nil) || (err == nil && got != expected) {
			t.Errorf("%s: expected: %d, got: %d, %v", text, expected, got, err)
		}
	}
}
