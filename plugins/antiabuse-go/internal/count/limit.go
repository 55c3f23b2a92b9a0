package count

import (
	"strconv"
	"time"
)

// Limit is a limit as configured.
type Limit struct {
	// Max is how many are allowed, at least 1, within Window, at least a second.
	Max    int
	Window time.Duration
	What   What
}

// What limits are about.
type What struct {
	one, many string
}

// What there is to count.
var (
	Requests      = What{"request", "requests"}
	Searches      = What{"different search", "different searches"}
	BroadSearches = What{"broad search", "broad searches"}
	// FailedSearches are those that the keyserver answered with an error, FailedFetches keys that it
	// did not have.
	FailedSearches = What{"failed search", "failed searches"}
	FailedFetches  = What{"failed key request", "failed key requests"}
)

// String is, for example, "100 requests in 10 s".
func (l Limit) String() string {
	what := l.What.many
	if l.Max == 1 {
		what = l.What.one
	}
	return strconv.Itoa(l.Max) + " " + what + " in " + strconv.Itoa(int(l.Window/time.Second)) + " s"
}
