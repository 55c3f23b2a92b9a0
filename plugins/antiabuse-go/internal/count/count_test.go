package count

import (
	"math/rand/v2"
	"net/netip"
	"testing"
	"time"
)

// hand is a clock that a test moves.
type hand struct {
	at time.Duration
}

func (h *hand) now() time.Duration {
	return h.at
}

func client(number int) Client {
	return Client{bits: uint64(number), v4: true}
}

func TestClientNames(t *testing.T) {
	for address, name := range map[string]string{
		"192.0.2.7":               "192.0.2.7",
		"255.255.255.255":         "255.255.255.255",
		"0.0.0.0":                 "0.0.0.0",
		"::ffff:192.0.2.7":        "192.0.2.7",
		"2001:db8::7":             "2001:db8:0:0:0:0:0:0/64",
		"2001:db8:0:42:1:2:3:4":   "2001:db8:0:42:0:0:0:0/64",
		"fe80::1%eth0":            "fe80:0:0:0:0:0:0:0/64",
		"::":                      "0:0:0:0:0:0:0:0/64",
		"ffff:ffff:ffff:ffff::ff": "ffff:ffff:ffff:ffff:0:0:0:0/64",
	} {
		if got := ClientOf(netip.MustParseAddr(address)).String(); got != name {
			t.Errorf("%s: expected: %s, got: %s", address, name, got)
		}
	}
}

// The window keeps its two promises, compared with a log of all requests.
func TestSlidingWindowIsAsExactAsItSays(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for range 200 {
		var clock hand
		limit := Limit{Max: 1 + random.IntN(20), Window: time.Duration(1+random.IntN(20)) * time.Second, What: Requests}
		counter := NewSliding(clock.now, []Limit{limit}, 100)
		var passed []time.Duration
		within := func(length time.Duration) int {
			count := 0
			for _, at := range passed {
				if at > clock.at-length {
					count++
				}
			}
			return count
		}
		for range 400 {
			clock.at += time.Duration(random.Int64N(int64(limit.Window) / int64(limit.Max)))
			peeked := counter.Count(client(1), 0, true)
			excess := counter.Count(client(1), 0, false)
			if (peeked == nil) != (excess == nil) {
				t.Fatalf("%s: expected: a dry run says the same, got: %v and %v", limit, peeked, excess)
			}
			if excess == nil {
				passed = append(passed, clock.at)
				if count := within(limit.Window); count > limit.Max {
					t.Fatalf("%s: expected: no more than the limit within a window, got: %d", limit, count)
				}
				continue
			}
			if count := within(limit.Window * 9 / 8); count < limit.Max {
				t.Fatalf("%s: expected: refused only after the limit in nine eighths, got: after %d", limit, count)
			}
			if excess.UntilRoom <= 0 {
				t.Fatalf("%s: expected: a time until there is room, got: %s", limit, excess.UntilRoom)
			}
			clock.at += excess.UntilRoom
			if counter.Count(client(1), 0, true) != nil {
				t.Fatalf("%s: expected: who waits as told is let in, got: not", limit)
			}
		}
	}
}

func TestFloodsAreBoundedAndBusyClientsStay(t *testing.T) {
	var clock hand
	limit := Limit{Max: 100, Window: 10 * time.Second, What: Requests}
	counter := NewSliding(clock.now, []Limit{limit}, 1000)
	// Frequencies are kept when the table is half full.
	for i := range 1000 {
		counter.Count(client(1000+i), 0, false)
	}
	for range 90 {
		counter.Count(client(1), 0, false)
	}
	for i := range 10_000 {
		if counter.Count(client(3000+i), 0, false) != nil {
			t.Fatal("expected: a new client starts at zero, got: it is refused")
		}
	}
	for range 10 {
		if counter.Count(client(1), 0, false) != nil {
			t.Fatal("expected: no more than 100 requests are counted, got: it is refused")
		}
	}
	if counter.Count(client(1), 0, false) == nil {
		t.Error("expected: the busy client's count outlives a flood of ten times the table, got: it is new")
	}
	if size := counter.Clients(); size > 1000 {
		t.Errorf("expected: at most 1000 clients, got: %d", size)
	}
}

func TestSearchesTakeBoundedMemory(t *testing.T) {
	var clock hand
	limit := Limit{Max: 1000, Window: time.Minute, What: Searches}
	const most = 100_000
	counter := NewSearch(clock.now, limit, limit, most)
	for i := range 3000 {
		for term := range uint64(10) {
			counter.Count(client(i), term<<1, false)
		}
	}
	counter.clients.CleanUp()
	bytes := 0
	for _, searched := range counter.clients.All() {
		bytes += 100 + 8*len(searched)
	}
	if bytes > most {
		t.Errorf("expected: at most %d bytes, got: %d", most, bytes)
	}
	if counter.Clients() == 0 {
		t.Error("expected: some clients, got: none")
	}
}

func TestAnIdleTableEmpties(t *testing.T) {
	var clock hand
	limit := Limit{Max: 5, Window: time.Minute, What: FailedSearches}
	fixed, sliding := NewFixed(clock.now, limit, 1000), NewSliding(clock.now, []Limit{limit}, 1000)
	for i := range 500 {
		fixed.Count(client(i), 0, false)
		sliding.Count(client(i), 0, false)
	}
	clock.at = time.Hour
	fixed.clients.CleanUp()
	sliding.clients.CleanUp()
	if fixed.Clients() != 0 || sliding.Clients() != 0 {
		t.Errorf("expected: nobody after an hour, got: %d and %d", fixed.Clients(), sliding.Clients())
	}
}

func TestTermsAreReadAsWritten(t *testing.T) {
	written := terms{2, 1<<63 | 1, 4}
	if got := termsOf(written.bytes()); len(got) != 3 || got[1] != written[1] {
		t.Errorf("expected: %v, got: %v from %s", written, got, written.bytes())
	}
	for _, other := range []string{"", "x", "1 different, 0 broad; ?", ";AAA"} {
		if got := termsOf([]byte(other)); len(got) != 0 {
			t.Errorf("%q: expected: none, got: %v", other, got)
		}
	}
}
