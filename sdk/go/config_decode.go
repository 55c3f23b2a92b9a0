package hkp

import (
	"encoding"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
)

// decoding collects what is wrong, so that the operator need not come back for each of it.
type decoding struct {
	problems []string
	unknown  []string
}

// expected is a problem of one value.
type expected struct {
	what string
	got  string
}

func (e expected) Error() string {
	return "expected: " + e.what + ", got: " + e.got
}

var (
	durationType = reflect.TypeFor[time.Duration]()
	sizeType     = reflect.TypeFor[Size]()
	rawType      = reflect.TypeFor[json.RawMessage]()
	textType     = reflect.TypeFor[encoding.TextUnmarshaler]()
)

func (d *decoding) object(prefix string, values map[string]any, target reflect.Value) {
	known := map[string]bool{}
	d.fields(prefix, values, target, known)
	for name := range values {
		if !known[name] {
			d.unknown = append(d.unknown, prefix+name)
		}
	}
}

func (d *decoding) fields(prefix string, values map[string]any, target reflect.Value, known map[string]bool) {
	for i := range target.NumField() {
		field := target.Type().Field(i)
		name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
		if name == "-" {
			continue
		}
		if field.Anonymous && name == "" && field.Type.Kind() == reflect.Struct {
			d.fields(prefix, values, target.Field(i), known)
			continue
		}
		if !field.IsExported() {
			continue
		}
		if name == "" {
			name = snakeCase(field.Name)
		}
		known[name] = true
		d.field(prefix+name, values[name], field, target.Field(i))
	}
}

func (d *decoding) field(key string, value any, field reflect.StructField, target reflect.Value) {
	if value == nil {
		text, has := field.Tag.Lookup("default")
		switch {
		case field.Tag.Get("required") == "true":
			d.problem(key, expected{"a value", "none"})
			return
		case has:
			value = text
		case field.Type.Kind() == reflect.Struct && !textual(field.Type):
			// For the defaults in it.
			value = map[string]any{}
		default:
			return
		}
	}
	d.value(key, value, limits{field.Tag}, target)
}

func (d *decoding) problem(key string, err error) {
	d.problems = append(d.problems, key+": "+err.Error())
}

func textual(kind reflect.Type) bool {
	return reflect.PointerTo(kind).Implements(textType)
}

func (d *decoding) value(key string, value any, limits limits, target reflect.Value) {
	kind := target.Type()
	switch {
	case kind == rawType:
		encoded, _ := json.Marshal(value)
		target.SetBytes(encoded)
	case kind == durationType || kind == sizeType || textual(kind):
		d.scalar(key, value, limits, target)
	case kind.Kind() == reflect.Pointer:
		target.Set(reflect.New(kind.Elem()))
		d.value(key, value, limits, target.Elem())
	case kind.Kind() == reflect.Struct:
		if members, is := value.(map[string]any); is {
			d.object(key+".", members, target)
		} else {
			d.problem(key, expected{"a table", shown(value)})
		}
	case kind.Kind() == reflect.Map:
		d.members(key, value, limits, target)
	case kind.Kind() == reflect.Slice:
		d.elements(key, value, limits, target)
	case kind.Kind() == reflect.Interface:
		target.Set(reflect.ValueOf(value))
	default:
		d.scalar(key, value, limits, target)
	}
}

func (d *decoding) members(key string, value any, limits limits, target reflect.Value) {
	members, is := value.(map[string]any)
	if !is || target.Type().Key().Kind() != reflect.String {
		d.problem(key, expected{"a table", shown(value)})
		return
	}
	made := reflect.MakeMapWithSize(target.Type(), len(members))
	for name, member := range members {
		element := reflect.New(target.Type().Elem()).Elem()
		d.value(key+"."+name, member, limits, element)
		made.SetMapIndex(reflect.ValueOf(name).Convert(target.Type().Key()), element)
	}
	target.Set(made)
}

func (d *decoding) elements(key string, value any, limits limits, target reflect.Value) {
	list, is := value.([]any)
	if text, isText := value.(string); isText {
		is = true
		for _, part := range strings.Split(text, ",") {
			if part = strings.TrimSpace(part); part != "" {
				list = append(list, part)
			}
		}
	}
	if !is {
		d.problem(key, expected{"a list", shown(value)})
		return
	}
	made := reflect.MakeSlice(target.Type(), len(list), len(list))
	for i, one := range list {
		d.value(fmt.Sprintf("%s[%d]", key, i), one, limits, made.Index(i))
	}
	target.Set(made)
}

func (d *decoding) scalar(key string, value any, limits limits, target reflect.Value) {
	err := setScalar(value, limits, target)
	if err == nil {
		err = limits.oneOf(target)
	}
	var mismatch expected
	if errors.As(err, &mismatch) && mismatch.got == "" {
		mismatch.got = shown(value)
		err = mismatch
	}
	if err != nil {
		d.problem(key, err)
	}
}

func setScalar(value any, limits limits, target reflect.Value) error {
	text, isText := value.(string)
	number, isNumber := value.(json.Number)
	if isNumber {
		text = number.String()
	}
	text = strings.TrimSpace(text)
	switch kind := target.Type(); {
	case kind == durationType:
		return limits.whole(target, text, "a duration such as \"500ms\", \"10s\", \"5m\", \"1h\" or \"7d\"", "a duration", func(text string) (int64, error) {
			duration, err := ParseDuration(text)
			return int64(duration), err
		})
	case kind == sizeType:
		return limits.whole(target, text, "a size such as \"512B\", \"64KB\" or \"16MB\"", "a size", func(text string) (int64, error) {
			size, err := ParseSize(text)
			return int64(size), err
		})
	case textual(kind):
		if !isText {
			return expected{what: "a text"}
		}
		if err := target.Addr().Interface().(encoding.TextUnmarshaler).UnmarshalText([]byte(text)); err != nil {
			return expected{what: fmt.Sprintf("a text that can be read (%s)", err)}
		}
		return nil
	case kind.Kind() == reflect.String:
		if !isText {
			return expected{what: "a text"}
		}
		target.SetString(value.(string))
		return nil
	case kind.Kind() == reflect.Bool:
		if flag, is := value.(bool); is {
			text = strconv.FormatBool(flag)
		}
		if text != "true" && text != "false" {
			return expected{what: "true or false"}
		}
		target.SetBool(text == "true")
		return nil
	case target.CanInt():
		return limits.whole(target, text, "a number", "a number", func(text string) (int64, error) {
			return strconv.ParseInt(text, 10, kind.Bits())
		})
	case target.CanUint():
		return limits.unsigned(target, text)
	case target.CanFloat():
		return limits.float(target, text)
	}
	return fmt.Errorf("Config.Decode: expected: a type that it knows, got: %s", target.Type())
}

func snakeCase(name string) string {
	var made strings.Builder
	runes := []rune(name)
	for i, letter := range runes {
		if unicode.IsUpper(letter) {
			after := i > 0 && !unicode.IsUpper(runes[i-1])
			before := i > 0 && i+1 < len(runes) && unicode.IsLower(runes[i+1])
			if after || before {
				made.WriteByte('_')
			}
		}
		made.WriteRune(unicode.ToLower(letter))
	}
	return made.String()
}

// limits are the bounds of a field, by its tags.
type limits struct {
	tags reflect.StructTag
}

// what describes a value with its bounds: "a number from 1 to 100".
func (l limits) what(long, short string) string {
	low, hasLow := l.tags.Lookup("min")
	high, hasHigh := l.tags.Lookup("max")
	switch {
	case hasLow && hasHigh:
		return short + " from " + low + " to " + high
	case hasLow:
		return short + " of at least " + low
	case hasHigh:
		return short + " of at most " + high
	}
	return long
}

func (l limits) whole(target reflect.Value, text, long, short string, parse func(string) (int64, error)) error {
	number, err := parse(text)
	low, high, broken := bounds(l.tags, parse)
	if broken != nil {
		return broken
	}
	if err != nil || (low != nil && number < *low) || (high != nil && number > *high) || target.OverflowInt(number) {
		return expected{what: l.what(long, short)}
	}
	target.SetInt(number)
	return nil
}

func (l limits) unsigned(target reflect.Value, text string) error {
	parse := func(text string) (uint64, error) { return strconv.ParseUint(text, 10, target.Type().Bits()) }
	number, err := parse(text)
	low, high, broken := bounds(l.tags, parse)
	if broken != nil {
		return broken
	}
	if err != nil || (low != nil && number < *low) || (high != nil && number > *high) {
		return expected{what: l.what("a number of at least 0", "a number")}
	}
	target.SetUint(number)
	return nil
}

func (l limits) float(target reflect.Value, text string) error {
	parse := func(text string) (float64, error) { return strconv.ParseFloat(text, target.Type().Bits()) }
	number, err := parse(text)
	low, high, broken := bounds(l.tags, parse)
	if broken != nil {
		return broken
	}
	// Written so that what is not a number is refused, too.
	if err != nil || number != number || (low != nil && number < *low) || (high != nil && number > *high) {
		return expected{what: l.what("a number", "a number")}
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

func (l limits) oneOf(target reflect.Value) error {
	list, has := l.tags.Lookup("oneof")
	if !has || target.Kind() != reflect.String || slices.Contains(strings.Split(list, ","), target.String()) {
		return nil
	}
	return expected{what: "one of " + strings.Join(strings.Split(list, ","), ", ")}
}
