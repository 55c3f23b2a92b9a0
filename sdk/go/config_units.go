package hkp

import (
	"fmt"
	"math"
	"math/big"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// Size is a number of bytes: in a configuration "512B", "64KB", "16MB", "1GB" (of 1024 each), or a
// number.
type Size int64

// What is longer than a hundred years is a mistake, and what adds up to it may not overflow.
const longestDuration = 36_500 * 24 * time.Hour

var (
	wholeDuration  = regexp.MustCompile(`^(?:\d{1,9}(?:ms|s|m|h|d))+$`)
	isoDuration    = regexp.MustCompile(`^p(?:\d{1,9}d)?(?:t(?:\d{1,9}h)?(?:\d{1,9}m)?(?:\d{1,9}(?:\.\d{1,3})?s)?)?$`)
	partOfDuration = regexp.MustCompile(`(\d{1,9})(?:\.(\d{1,3}))?(ms|s|m|h|d)`)
	wholeSize      = regexp.MustCompile(`^(\d{1,18}) ?(?:([kmg])i?)?b?$`)
	// Bounded, because it is read exactly.
	numberText = regexp.MustCompile(`^[+-]?\d{1,40}(?:\.\d{1,40})?(?:[eE][+-]?\d{1,3})?$`)
)

// ParseDuration reads a duration as operators write it: "500ms", "10s", "5m", "1h", "7d", parts
// joined as in "1h30m", or ISO 8601 as in "PT10S"; at most a hundred years. Capitals make no
// difference.
func ParseDuration(text string) (time.Duration, error) {
	lower := strings.ToLower(strings.TrimSpace(text))
	isISO := isoDuration.MatchString(lower) && !strings.HasSuffix(lower, "p") && !strings.HasSuffix(lower, "t")
	if !isISO && !wholeDuration.MatchString(lower) {
		return 0, fmt.Errorf("expected: %s, got: %q", aDuration, text)
	}
	milliseconds := map[string]int64{"ms": 1, "s": 1000, "m": 60_000, "h": 3_600_000, "d": 86_400_000}
	var sum int64
	for _, part := range partOfDuration.FindAllStringSubmatch(lower, -1) {
		count, _ := strconv.ParseInt(part[1], 10, 64)
		// Of "PT1.5S" half a second.
		thousandths, _ := strconv.ParseInt((part[2] + "000")[:3], 10, 64)
		sum += count*milliseconds[part[3]] + thousandths
		if sum > longestDuration.Milliseconds() {
			return 0, fmt.Errorf("expected: a duration of at most a hundred years, got: %q", text)
		}
	}
	return time.Duration(sum) * time.Millisecond, nil
}

// ParseSize reads a size as operators write it. Capitals make no difference.
func ParseSize(text string) (Size, error) {
	lower := strings.ToLower(strings.TrimSpace(text))
	parts := wholeSize.FindStringSubmatch(lower)
	if parts == nil {
		// Such as 1e6.
		if bytes, err := parseWhole(lower); err == nil && bytes >= 0 {
			return Size(bytes), nil
		}
		return 0, fmt.Errorf("expected: %s, got: %q", aSize, text)
	}
	count, _ := strconv.ParseInt(parts[1], 10, 64)
	shift := map[string]int{"": 0, "k": 10, "m": 20, "g": 30}[parts[2]]
	if count > math.MaxInt64>>shift {
		return 0, fmt.Errorf("expected: a size of less than 8 EB, got: %q", text)
	}
	return Size(count << shift), nil
}

// parseWhole reads what is a whole number in any of JSON's spellings: 5, 5.0, 5e0.
func parseWhole(text string) (int64, error) {
	number := exactly(text)
	if number == nil || !number.IsInt64() {
		return 0, errMismatch
	}
	return number.Int64(), nil
}

func parseUnsigned(text string) (uint64, error) {
	number := exactly(text)
	if number == nil || !number.IsUint64() {
		return 0, errMismatch
	}
	return number.Uint64(), nil
}

// exactly is nil for what is no whole number.
func exactly(text string) *big.Int {
	if !numberText.MatchString(text) {
		return nil
	}
	number, is := new(big.Rat).SetString(text)
	if !is || !number.IsInt() {
		return nil
	}
	return number.Num()
}
