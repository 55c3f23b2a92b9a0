package hkp

import (
	"encoding"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"time"
	"unicode"
)

// decoding collects what is wrong, so that the operator need not come back for each of it.
type decoding struct {
	problems  []string
	unknown   []string
	validates bool
}

// errMismatch: the value is not one of the field's type, or beyond its bounds.
var errMismatch = errors.New("mismatch")

var (
	durationType = reflect.TypeFor[time.Duration]()
	sizeType     = reflect.TypeFor[Size]()
	rawType      = reflect.TypeFor[json.RawMessage]()
	textType     = reflect.TypeFor[encoding.TextUnmarshaler]()
)

func (d *decoding) object(prefix string, values map[string]any, target reflect.Value) {
	known := map[string]bool{}
	before := len(d.problems)
	d.fields(prefix, values, target, known)
	for name := range values {
		if !known[name] {
			d.unknown = append(d.unknown, prefix+name)
		}
	}
	if validator, is := target.Addr().Interface().(Validator); is && d.validates && len(d.problems) == before {
		if err := validator.Validate(); err != nil {
			d.problem(strings.TrimSuffix(prefix, "."), err.Error())
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
			d.mismatch(key, limits{field.Tag}.words(field.Type), "nothing")
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

func (d *decoding) problem(key, what string) {
	if key == "" {
		d.problems = append(d.problems, "configuration: "+what)
		return
	}
	d.problems = append(d.problems, "configuration key '"+key+"': "+what)
}

func (d *decoding) mismatch(key, expected, got string) {
	d.problem(key, "expected: "+expected+", got: "+got)
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
			d.mismatch(key, aTable, shown(value))
		}
	case kind.Kind() == reflect.Map:
		d.members(key, value, limits, target)
	case kind.Kind() == reflect.Slice:
		d.elements(key, value, limits, target)
	case kind.Kind() == reflect.Interface:
		if value != nil {
			target.Set(reflect.ValueOf(value))
		}
	default:
		d.scalar(key, value, limits, target)
	}
}

func (d *decoding) members(key string, value any, limits limits, target reflect.Value) {
	members, is := value.(map[string]any)
	if !is || target.Type().Key().Kind() != reflect.String {
		d.mismatch(key, aTable, shown(value))
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
	if text, isText := plainText(value); isText {
		is = true
		for part := range strings.SplitSeq(text, ",") {
			if part = strings.TrimSpace(part); part != "" {
				list = append(list, part)
			}
		}
	}
	if !is {
		d.mismatch(key, aList, shown(value))
		return
	}
	made := reflect.MakeSlice(target.Type(), len(list), len(list))
	for i, one := range list {
		d.value(fmt.Sprintf("%s[%d]", key, i), one, limits, made.Index(i))
	}
	target.Set(made)
}

// plainText is what a value says that is neither a list nor a table.
func plainText(value any) (string, bool) {
	switch value := value.(type) {
	case string:
		return value, true
	case json.Number:
		return value.String(), true
	case bool:
		return strconv.FormatBool(value), true
	}
	return "", false
}

func (d *decoding) scalar(key string, value any, limits limits, target reflect.Value) {
	err := errMismatch
	if text, is := plainText(value); is {
		err = setScalar(text, limits, target)
	}
	var unreadable unreadable
	switch {
	case err == errMismatch:
		d.mismatch(key, limits.words(target.Type()), shown(value))
	case errors.As(err, &unreadable):
		d.mismatch(key, "a string that can be read ("+unreadable.Error()+")", shown(value))
	case err != nil:
		d.problem(key, err.Error())
	}
}

// unreadable is why a type's own UnmarshalText refuses.
type unreadable struct{ error }

func setScalar(text string, limits limits, target reflect.Value) error {
	trimmed := strings.TrimSpace(text)
	switch kind := target.Type(); {
	case kind == durationType:
		return limits.whole(target, trimmed, func(text string) (int64, error) {
			duration, err := ParseDuration(text)
			return int64(duration), err
		})
	case kind == sizeType:
		return limits.whole(target, trimmed, func(text string) (int64, error) {
			size, err := ParseSize(text)
			return int64(size), err
		})
	case textual(kind):
		if err := target.Addr().Interface().(encoding.TextUnmarshaler).UnmarshalText([]byte(trimmed)); err != nil {
			return unreadable{err}
		}
		return nil
	case kind.Kind() == reflect.String:
		return limits.text(target, text)
	case kind.Kind() == reflect.Bool:
		isTrue := strings.EqualFold(trimmed, "true")
		if !isTrue && !strings.EqualFold(trimmed, "false") {
			return errMismatch
		}
		target.SetBool(isTrue)
		return nil
	case target.CanInt():
		return limits.whole(target, trimmed, parseWhole)
	case target.CanUint():
		return limits.unsigned(target, trimmed)
	case target.CanFloat():
		return limits.float(target, trimmed)
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
