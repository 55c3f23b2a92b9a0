package hkp

import (
	"fmt"
	"math"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// Size is a number of bytes: in a configuration "512B", "64KB", "16MB", "1GB" (of 1024 each), or a
// number.
type Size int64

var (
	wholeDuration  = regexp.MustCompile(`^(?:\d{1,9}(?:ms|s|m|h|d))+$`)
	partOfDuration = regexp.MustCompile(`(\d{1,9})(ms|s|m|h|d)`)
	wholeSize      = regexp.MustCompile(`^(\d{1,18}) ?(?:([KMG]?)(?:i?B)?)$`)
)

// ParseDuration reads a duration as operators write it: "500ms", "10s", "5m", "1h", "7d", or parts
// joined as in "1h30m".
func ParseDuration(text string) (time.Duration, error) {
	if !wholeDuration.MatchString(text) {
		return 0, fmt.Errorf("expected: a duration such as \"500ms\", \"10s\", \"5m\", \"1h\" or \"7d\", got: %q", text)
	}
	units := map[string]time.Duration{"ms": time.Millisecond, "s": time.Second, "m": time.Minute, "h": time.Hour, "d": 24 * time.Hour}
	var sum time.Duration
	for _, part := range partOfDuration.FindAllStringSubmatch(text, -1) {
		count, _ := strconv.ParseInt(part[1], 10, 64)
		if count > (math.MaxInt64-int64(sum))/int64(units[part[2]]) {
			return 0, fmt.Errorf("expected: a duration of less than 292 years, got: %q", text)
		}
		sum += time.Duration(count) * units[part[2]]
	}
	return sum, nil
}

// ParseSize reads a size as operators write it.
func ParseSize(text string) (Size, error) {
	parts := wholeSize.FindStringSubmatch(strings.TrimSpace(text))
	if parts == nil {
		return 0, fmt.Errorf("expected: a size such as \"512B\", \"64KB\" or \"16MB\", got: %q", text)
	}
	count, _ := strconv.ParseInt(parts[1], 10, 64)
	shift := map[string]int{"": 0, "K": 10, "M": 20, "G": 30}[parts[2]]
	if count > math.MaxInt64>>shift {
		return 0, fmt.Errorf("expected: a size of less than 8 EB, got: %q", text)
	}
	return Size(count << shift), nil
}
