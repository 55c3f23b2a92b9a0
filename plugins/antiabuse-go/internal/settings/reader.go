// Package settings reads a configuration within bounds. It does so by hand, and not with Config.Decode of
// the SDK, because the plugin in Java has the same texts for what is wrong. Start reading at [Reader].
package settings

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Reader reads values by their keys. It keeps the first problem, see [Reader.Err]; values are of no use
// then. Not safe for goroutines.
type Reader struct {
	values   map[string]any
	asked    map[string]bool
	warnings []string
	problem  error
}

// NewReader reads one JSON object.
func NewReader(object json.RawMessage) *Reader {
	reader := &Reader{values: map[string]any{}, asked: map[string]bool{}}
	decoder := json.NewDecoder(bytes.NewReader(object))
	decoder.UseNumber()
	if err := decoder.Decode(&reader.values); err != nil {
		reader.problem = fmt.Errorf("configuration: expected: one JSON object, got: %s", shortened(string(object)))
	}
	return reader
}

// Err is the first problem: it names the key, what was expected and what came.
func (r *Reader) Err() error {
	return r.problem
}

// Keys are all that were asked for, sorted, whether they are there or not.
func (r *Reader) Keys() []string {
	return slices.Sorted(maps.Keys(r.asked))
}

// Warnings are what an operator should know, one sentence each, with those about keys that nobody asked
// for.
func (r *Reader) Warnings() []string {
	var all []string
	for _, key := range slices.Sorted(maps.Keys(r.values)) {
		if !r.asked[key] {
			all = append(all, fmt.Sprintf("configuration key '%s' is unknown and ignored; known are [%s]",
				key, strings.Join(r.Keys(), ", ")))
		}
	}
	return append(all, r.warnings...)
}

// Warn adds a warning.
func (r *Reader) Warn(warning string) {
	r.warnings = append(r.warnings, warning)
}

// Fail says what is wrong with a key.
func (r *Reader) Fail(key, expected, got string) {
	if r.problem == nil {
		r.problem = fmt.Errorf("configuration key '%s': expected: %s, got: %s", key, expected, shortened(got))
	}
}

// Has tells whether a key is there.
func (r *Reader) Has(key string) bool {
	return r.value(key) != nil
}

// value is nil if the key is not there.
func (r *Reader) value(key string) any {
	r.asked[key] = true
	return r.values[key]
}

// text is what a value says that is neither a list nor a table: numbers and flags may be given as texts,
// because that is all that an operator can give by an environment variable.
func (r *Reader) text(key string, value any, expected string) (string, bool) {
	switch value := value.(type) {
	case string:
		return value, true
	case json.Number:
		return value.String(), true
	case bool:
		return fmt.Sprint(value), true
	}
	r.Fail(key, expected, shown(value))
	return "", false
}

// shown is a value as it stands in the JSON.
func shown(value any) string {
	var text strings.Builder
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(value); err != nil {
		return fmt.Sprint(value)
	}
	return strings.TrimSpace(text.String())
}

func shortened(text string) string {
	const most = 80
	if runes := []rune(text); len(runes) > most {
		return string(runes[:most]) + "…"
	}
	return text
}
