package settings

import "strings"

// Mode is what becomes of a rule's verdicts.
type Mode string

// The modes that there are.
const (
	// Off: the rule is not asked.
	Off Mode = "off"
	// Observe: it is asked as if it were enforced, and what it says is only noted.
	Observe Mode = "observe"
	// Enforce: what it refuses is refused.
	Enforce Mode = "enforce"
)

// Mode reads a mode; [Enforce] if it is not there.
func (r *Reader) Mode(key string) Mode {
	value := r.value(key)
	if value == nil {
		return Enforce
	}
	text, _ := r.text(key, value, "a string")
	mode := Mode(strings.ToLower(strings.TrimSpace(text)))
	if mode != Off && mode != Observe && mode != Enforce {
		r.Fail(key, "off, observe or enforce", "'"+string(mode)+"'")
	}
	return mode
}
