// Package hclog writes log lines as plugin hosts read them: one JSON object per line, with
// @level, @message, @module and @timestamp. Start reading at Handler.
package hclog

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"strings"
	"time"
)

const (
	// Longer texts are cut, so that a queue of lines has a bound in bytes, too.
	maxText   = 8192
	maxFields = 64
	timestamp = "2006-01-02T15:04:05.000000Z07:00"
)

// Field is a name with its value.
type Field struct {
	Name  string
	Value any
}

// Line makes a line with its line end.
func Line(moment time.Time, level, module, message string, fields ...Field) []byte {
	var line bytes.Buffer
	line.WriteByte('{')
	member(&line, "@level", level)
	member(&line, "@message", message)
	member(&line, "@module", module)
	member(&line, "@timestamp", moment.UTC().Format(timestamp))
	for _, field := range fields[:min(len(fields), maxFields)] {
		member(&line, field.Name, field.Value)
	}
	line.WriteString("}\n")
	return line.Bytes()
}

func member(line *bytes.Buffer, name string, value any) {
	if line.Len() > 1 {
		line.WriteByte(',')
	}
	text(line, name)
	line.WriteByte(':')
	switch value := value.(type) {
	case bool, int, int8, int16, int32, int64, uint, uint8, uint16, uint32, uint64:
		fmt.Fprint(line, value)
	case float64:
		if math.IsNaN(value) || math.IsInf(value, 0) {
			text(line, fmt.Sprint(value))
			return
		}
		number, _ := json.Marshal(value)
		line.Write(number)
	case string:
		text(line, value)
	case time.Time:
		text(line, value.Format(time.RFC3339Nano))
	default:
		// Sprint survives what panics in a String or Error method.
		text(line, fmt.Sprint(value))
	}
}

func text(line *bytes.Buffer, value string) {
	if len(value) > maxText {
		value = strings.ToValidUTF8(value[:maxText], "") + "… (cut)"
	}
	encoder := json.NewEncoder(line)
	encoder.SetEscapeHTML(false)
	// A string can always be encoded.
	_ = encoder.Encode(value)
	line.Truncate(line.Len() - 1)
}
