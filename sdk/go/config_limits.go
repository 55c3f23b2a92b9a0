package hkp

import (
	"fmt"
	"reflect"
	"strconv"
	"strings"
)

const (
	aDuration = `a duration such as "500ms", "10s", "5m", "1h" or "7d"`
	aSize     = `a size such as "512B", "64KB" or "16MB"`
	aTable    = "a table of keys and values"
	aList     = "a list"
)

// limits are the bounds of a field, by its tags.
type limits struct {
	tags reflect.StructTag
}

// words say what a field takes. They are the same in every SDK.
func (l limits) words(kind reflect.Type) string {
	switch {
	case kind == durationType:
		return l.bounded("a duration", aDuration, "", "")
	case kind == sizeType:
		return l.bounded("a size", aSize, "", "")
	case kind == rawType:
		return "a value"
	case textual(kind):
		return "a string"
	}
	switch kind.Kind() {
	case reflect.Pointer:
		return l.words(kind.Elem())
	case reflect.Struct, reflect.Map:
		return aTable
	case reflect.Slice:
		return aList
	case reflect.Interface:
		return "a value"
	case reflect.Bool:
		return "true or false"
	case reflect.String:
		if list, has := l.tags.Lookup("oneof"); has {
			return "one of " + strings.Join(strings.Split(list, ","), ", ")
		}
		return "a string"
	case reflect.Int8, reflect.Int16, reflect.Int32:
		most := int64(1)<<(kind.Bits()-1) - 1
		return l.bounded("a whole number", "", strconv.FormatInt(-most-1, 10), strconv.FormatInt(most, 10))
	case reflect.Uint8, reflect.Uint16, reflect.Uint32:
		return l.bounded("a whole number", "", "0", strconv.FormatUint(1<<kind.Bits()-1, 10))
	case reflect.Uint, reflect.Uint64:
		return l.bounded("a whole number", "", "0", "")
	case reflect.Float32, reflect.Float64:
		return l.bounded("a number", "", "", "")
	}
	return l.bounded("a whole number", "", "", "")
}

// bounded describes a value with its bounds, those of the tags before those of the type: "a number
// from 1 to 100". free is said without bounds, if it is another.
func (l limits) bounded(word, free, low, high string) string {
	if bound, has := l.tags.Lookup("min"); has {
		low = bound
	}
	if bound, has := l.tags.Lookup("max"); has {
		high = bound
	}
	switch {
	case low != "" && high != "":
		return word + " from " + low + " to " + high
	case low != "":
		return word + " of at least " + low
	case high != "":
		return word + " of at most " + high
	case free != "":
		return free
	}
	return word
}

func (l limits) whole(target reflect.Value, text string, parse func(string) (int64, error)) error {
	number, err := parse(text)
	low, high, broken := bounds(l.tags, parse)
	if broken != nil {
		return broken
	}
	if err != nil || (low != nil && number < *low) || (high != nil && number > *high) || target.OverflowInt(number) {
		return errMismatch
	}
	target.SetInt(number)
	return nil
}

func (l limits) unsigned(target reflect.Value, text string) error {
	number, err := parseUnsigned(text)
	low, high, broken := bounds(l.tags, parseUnsigned)
	if broken != nil {
		return broken
	}
	if err != nil || (low != nil && number < *low) || (high != nil && number > *high) || target.OverflowUint(number) {
		return errMismatch
	}
	target.SetUint(number)
	return nil
}

func (l limits) float(target reflect.Value, text string) error {
	parse := func(text string) (float64, error) {
		if !numberText.MatchString(text) {
			return 0, errMismatch
		}
		return strconv.ParseFloat(text, target.Type().Bits())
	}
	number, err := parse(text)
	low, high, broken := bounds(l.tags, parse)
	if broken != nil {
		return broken
	}
	if err != nil || (low != nil && number < *low) || (high != nil && number > *high) {
		return errMismatch
	}
	target.SetFloat(number)
	return nil
}

func bounds[T any](tags reflect.StructTag, parse func(string) (T, error)) (low, high *T, err error) {
	for name, bound := range map[string]**T{"min": &low, "max": &high} {
		text, has := tags.Lookup(name)
		if !has {
			continue
		}
		number, problem := parse(text)
		if problem != nil {
			return nil, nil, fmt.Errorf("Config.Decode: expected: a bound that can be read in the tag %s, got: %q", name, text)
		}
		*bound = &number
	}
	return low, high, nil
}

// text sets a text, or one of some words: in the spelling of the tag, whatever the operator's.
func (l limits) text(target reflect.Value, text string) error {
	list, has := l.tags.Lookup("oneof")
	if !has {
		target.SetString(text)
		return nil
	}
	for word := range strings.SplitSeq(list, ",") {
		if alike(word) == alike(strings.TrimSpace(text)) {
			target.SetString(word)
			return nil
		}
	}
	return errMismatch
}

// alike is equal for what an operator takes for the same word.
func alike(word string) string {
	return strings.ReplaceAll(strings.ToLower(word), "-", "_")
}
