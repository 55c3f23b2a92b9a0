package settings

import (
	"fmt"
	"math"
	"regexp"
	"strconv"
	"strings"
	"time"

	hkp "github.com/hkp-gateway/hkp-gateway/sdk/go"
)

const (
	// Most of anything that is counted.
	Most = 1_000_000

	day           = 24 * time.Hour
	longestWindow = day
	longestBlock  = 365 * day
	// No hkp.plugins.max-delay is longer, and the protocol has room for 49 days.
	longestDelay = time.Hour
	mostSteps    = 20
	aDuration    = `a duration such as "500ms", "10s", "5m", "1h" or "7d"`
)

var sizeText = regexp.MustCompile(`^(\d{1,9})(B|KB|MB)?$`)

// Flag reads yes or no.
func (r *Reader) Flag(key string, fallback bool) bool {
	value := r.value(key)
	if value == nil {
		return fallback
	}
	const expected = "true or false"
	text, _ := r.text(key, value, expected)
	switch strings.ToLower(strings.TrimSpace(text)) {
	case "true":
		return true
	case "false":
		return false
	}
	r.Fail(key, expected, shown(value))
	return fallback
}

// Number reads a whole number.
func (r *Reader) Number(key string, fallback, least, most int) int {
	value := r.value(key)
	if value == nil {
		return fallback
	}
	expected := fmt.Sprintf("a whole number from %d to %d", least, most)
	text, _ := r.text(key, value, expected)
	number, err := strconv.ParseFloat(strings.TrimSpace(text), 64)
	if err != nil || number != math.Trunc(number) || number < float64(least) || number > float64(most) {
		r.Fail(key, expected, shown(value))
		return fallback
	}
	return int(number)
}

// List reads texts; they may be one with commas.
func (r *Reader) List(key string, fallback []string) []string {
	value := r.value(key)
	if value == nil {
		return fallback
	}
	texts := []string{}
	if items, is := value.([]any); is {
		for i, item := range items {
			text, _ := r.text(fmt.Sprintf("%s[%d]", key, i), item, "a string")
			texts = append(texts, text)
		}
		return texts
	}
	text, _ := r.text(key, value, "a list of strings")
	for part := range strings.SplitSeq(text, ",") {
		if part = strings.TrimSpace(part); part != "" {
			texts = append(texts, part)
		}
	}
	return texts
}

// Window reads the length of a window.
func (r *Reader) Window(key string, fallback time.Duration) time.Duration {
	return r.duration(key, fallback, time.Second, longestWindow)
}

// Memory reads how long something is remembered.
func (r *Reader) Memory(key string, fallback time.Duration) time.Duration {
	return r.duration(key, fallback, 0, longestBlock)
}

// Delay reads how long the gateway is to hold an answer, at most an hour; not at all when absent.
func (r *Reader) Delay(key string) time.Duration {
	return r.duration(key, 0, 0, longestDelay)
}

// Steps reads the lengths of blocks, at least one.
func (r *Reader) Steps(key string, fallback ...time.Duration) []time.Duration {
	if !r.Has(key) {
		return fallback
	}
	texts := r.List(key, nil)
	if len(texts) == 0 || len(texts) > mostSteps {
		r.Fail(key, fmt.Sprintf("1 to %d durations", mostSteps), fmt.Sprintf("%d durations", len(texts)))
		return fallback
	}
	var steps []time.Duration
	for i, text := range texts {
		item := fmt.Sprintf("%s[%d]", key, i)
		step, err := hkp.ParseDuration(strings.TrimSpace(text))
		if err != nil {
			r.Fail(item, aDuration, "'"+text+"'")
		}
		r.within(item, step, time.Second, longestBlock)
		steps = append(steps, step)
	}
	return steps
}

func (r *Reader) duration(key string, fallback, least, most time.Duration) time.Duration {
	value := r.value(key)
	if value == nil {
		return fallback
	}
	text, _ := r.text(key, value, aDuration)
	duration, err := hkp.ParseDuration(strings.TrimSpace(text))
	if err != nil {
		r.Fail(key, aDuration, shown(value))
	}
	r.within(key, duration, least, most)
	return duration
}

func (r *Reader) within(key string, duration, least, most time.Duration) {
	if duration < least || duration > most {
		r.Fail(key, "a duration from "+written(least)+" to "+written(most), written(duration))
	}
}

// written is a duration as operators write it.
func written(duration time.Duration) string {
	switch {
	case duration%time.Second != 0:
		return strconv.FormatInt(duration.Milliseconds(), 10) + "ms"
	case duration >= day && duration%day == 0:
		return strconv.FormatInt(int64(duration/day), 10) + "d"
	}
	return strconv.FormatInt(int64(duration/time.Second), 10) + "s"
}

// Size reads a number of bytes; KB and MB are of 1024, as everywhere in the gateway.
func (r *Reader) Size(key, fallback string, most int64) int64 {
	text := fallback
	if value := r.value(key); value != nil {
		text, _ = r.text(key, value, "a string")
	}
	text = strings.TrimSpace(text)
	if parts := sizeText.FindStringSubmatch(strings.ToUpper(text)); parts != nil {
		bytes, _ := strconv.ParseInt(parts[1], 10, 64)
		bytes <<= map[string]int{"KB": 10, "MB": 20}[parts[2]]
		if bytes >= 1 && bytes <= most {
			return bytes
		}
	}
	r.Fail(key, fmt.Sprintf(`a size such as "512KB" or "8MB", up to %d bytes`, most), "'"+text+"'")
	return 0
}
