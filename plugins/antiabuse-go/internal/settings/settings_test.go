package settings

import (
	"encoding/json"
	"net/netip"
	"strings"
	"testing"
)

func TestAddresses(t *testing.T) {
	reader := NewReader(json.RawMessage(`{"block": ["192.0.2.7", "198.51.100.77/24", "2001:DB8::/32", "::ffff:203.0.113.0/120", "2001:db9::1"]}`))
	set := reader.Addresses("block")
	if err := reader.Err(); err != nil {
		t.Fatal(err)
	}
	for address, in := range map[string]bool{
		"192.0.2.7": true, "192.0.2.8": false, "::ffff:192.0.2.7": true, "198.51.100.1": true, "198.51.101.1": false,
		"2001:db8:ffff::1": true, "2001:db7::1": false, "203.0.113.9": true, "203.0.114.9": false,
		"2001:db9::1": true, "2001:db9::2": false, "2001:db9::1%eth0": true, "::c000:207": false,
	} {
		if got := set.Contains(netip.MustParseAddr(address)); got != in {
			t.Errorf("%s: expected: %t, got: %t", address, in, got)
		}
	}
	if (Addresses{}).Contains(netip.MustParseAddr("192.0.2.7")) {
		t.Error("expected: nobody in an empty set, got: somebody")
	}
}

func TestWhatIsNoAddress(t *testing.T) {
	for _, text := range []string{
		"", "localhost", "192.0.2", "192.0.2.256", "192.0.2.1/33", "192.0.2.1/-1", "192.0.2.1/", "::1/129", ":::", "fe80::1%eth0",
		"::ffff:192.0.2.1/95", "192.0.2.1:80",
	} {
		list, err := json.Marshal(map[string][]string{"allow": {"::1", text}})
		if err != nil {
			t.Fatal(err)
		}
		reader := NewReader(list)
		reader.Addresses("allow")
		if err := reader.Err(); err == nil || !strings.HasPrefix(err.Error(), "configuration key 'allow[1]': expected: an address") {
			t.Errorf("%q: expected: an error that names allow[1], got: %v", text, err)
		}
	}
}

func TestGlob(t *testing.T) {
	for _, one := range []struct {
		pattern, text string
		matches       bool
	}{
		{"*", "", true}, {"a*c", "abbc", true}, {"a*c", "abcd", false}, {"A*", "abc", true}, {"*b*b*", "abab", true},
		{"*b*b*", "ab", false}, {"ab", "abc", false}, {"**a**", "a", true}, {"a?c", "abc", false}, {"*ab*abc", "abcababc", true},
	} {
		if got := NewGlob(one.pattern).Matches(one.text); got != one.matches {
			t.Errorf("%s of %s: expected: %t, got: %t", one.pattern, one.text, one.matches, got)
		}
	}
}

func TestTheFirstProblemIsTold(t *testing.T) {
	reader := NewReader(json.RawMessage(`{"a": "x", "b": 1.5, "c": {}, "d": "` + strings.Repeat("y", 500) + `"}`))
	reader.Number("d", 1, 1, 9)
	reader.Number("a", 1, 1, 9)
	reader.Number("b", 1, 1, 9)
	err := reader.Err()
	if err == nil || !strings.HasPrefix(err.Error(), "configuration key 'd': expected: a whole number from 1 to 9, got: \"yyy") || len(err.Error()) > 200 {
		t.Errorf("expected: a short error about d, got: %v", err)
	}
	for _, text := range []string{`[]`, `x`, ``} {
		if NewReader(json.RawMessage(text)).Err() == nil {
			t.Errorf("%q: expected: an error, got: none", text)
		}
	}
}
