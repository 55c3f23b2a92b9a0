package hkp

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"reflect"
	"slices"
	"strings"
)

// Config is a plugin's configuration: one JSON object.
type Config struct {
	values map[string]any
	raw    json.RawMessage
	log    *slog.Logger
}

// Validator is a configuration that checks more than its tags can say.
type Validator interface {
	// Validate is called when every value is right by itself. Its error says what is wrong of which
	// key; the table it is in is added.
	Validate() error
}

// ParseConfig reads a JSON object; an empty text is one without keys.
func ParseConfig(text string) (Config, error) {
	config := Config{values: map[string]any{}, raw: json.RawMessage(text)}
	if strings.TrimSpace(text) == "" {
		config.raw = json.RawMessage("{}")
		return config, nil
	}
	decoder := json.NewDecoder(strings.NewReader(text))
	decoder.UseNumber()
	err := decoder.Decode(&config.values)
	if err == nil {
		if _, err = decoder.Token(); err == io.EOF {
			err = nil
		} else {
			err = errors.New("something behind it")
		}
	}
	if err != nil || config.values == nil {
		return Config{}, fmt.Errorf("configuration: expected: one JSON object, got: %s", shortened(text))
	}
	return config, nil
}

// Raw is the JSON object as the gateway sent it.
func (c Config) Raw() json.RawMessage {
	return bytes.Clone(c.raw)
}

// Decode fills a struct. A field is known by its `json` name, or by its own in snake_case. Values
// are checked by the tags
//
//	default:"10s"       for a key that is absent; without this tag the field stays as it is
//	required:"true"     the key must be there
//	min:"1" max:"100"   bounds of numbers, durations and sizes; of a list: of each element
//	oneof:"observe,enforce"
//
// Types: strings, booleans, numbers, time.Duration ("500ms", "10s", "1h30m", "7d", "PT10S"), [Size]
// ("64KB"), whatever has UnmarshalText (netip.Prefix, for example), slices, maps by string, nested
// structs, pointers to all of these for what may be absent, and json.RawMessage. Whether a value
// comes as a string or as a JSON number or boolean makes no difference, and a list may be one string
// with commas, because that is all that an operator can give by an environment variable. The rules
// are those of the SDKs in other languages, too.
//
// The error names every key that is wrong, what was expected and what came. Keys that are not known
// are a warning in the log. If the struct, or one in it, is a [Validator], it has the last word.
func (c Config) Decode(target any) error {
	pointer := reflect.ValueOf(target)
	if pointer.Kind() != reflect.Pointer || pointer.IsNil() || pointer.Elem().Kind() != reflect.Struct {
		return fmt.Errorf("Config.Decode: expected: a pointer to a struct, got: %T", target)
	}
	decoding := decoding{validates: true}
	decoding.object("", c.values, pointer.Elem())
	if len(decoding.unknown) > 0 && c.log != nil {
		slices.Sort(decoding.unknown)
		c.log.Warn("the configuration has keys that this plugin does not know", "keys", strings.Join(decoding.unknown, ", "))
	}
	if len(decoding.problems) > 0 {
		return ConfigError{Problems: decoding.problems}
	}
	return nil
}

// Unknown lists the keys that Decode would not know, sorted.
func (c Config) Unknown(target any) []string {
	var decoding decoding
	value := reflect.ValueOf(target)
	if value.Kind() != reflect.Pointer || value.Elem().Kind() != reflect.Struct {
		return nil
	}
	decoding.object("", c.values, reflect.New(value.Elem().Type()).Elem())
	slices.Sort(decoding.unknown)
	return decoding.unknown
}

// ConfigError tells the operator what is wrong with a configuration.
type ConfigError struct {
	// Problems name the key, what was expected and what came.
	Problems []string
}

// Error joins the problems, the first ten of them.
func (e ConfigError) Error() string {
	const most = 10
	if more := len(e.Problems) - most; more > 0 {
		return fmt.Sprintf("%s; and %d more", strings.Join(e.Problems[:most], "; "), more)
	}
	return strings.Join(e.Problems, "; ")
}

// shown is a value as it stands in the JSON, cut.
func shown(value any) string {
	var text strings.Builder
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(value); err != nil {
		return fmt.Sprint(value)
	}
	return shortened(strings.TrimSpace(text.String()))
}

func shortened(text string) string {
	const most = 80
	if letters := []rune(text); len(letters) > most {
		return string(letters[:most]) + "…"
	}
	return text
}
