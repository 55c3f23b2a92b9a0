package hkp

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/hkp-gateway/hkp-gateway/sdk/go/hkpplugin"
)

// What the gateway takes of one decision.
const (
	maxHeaderChanges    = 64
	maxHeaderBytes      = 64 << 10
	maxAnnotations      = 32
	maxAnnotationBytes  = 8 << 10
	maxTargetBytes      = 8 << 10
	maxContentTypeBytes = 256
)

// headerChange is one change of header fields. Its value's bytes go out as they are.
type headerChange struct {
	action      hkpplugin.HeaderMutation_Action
	name, value string
}

func (h headerChange) mutation() *hkpplugin.HeaderMutation {
	return &hkpplugin.HeaderMutation{Action: h.action, Name: h.name, Value: []byte(h.value)}
}

func (h headerChange) check() error {
	if err := checkName(h.name); err != nil {
		return err
	}
	return checkValue(h.name, h.value)
}

func mutations(changes []headerChange) []*hkpplugin.HeaderMutation {
	if len(changes) == 0 {
		return nil
	}
	all := make([]*hkpplugin.HeaderMutation, len(changes))
	for i, change := range changes {
		all[i] = change.mutation()
	}
	return all
}

const tokenPunctuation = "!#$%&'*+-.^_`|~"

func checkName(name string) error {
	for _, c := range []byte(name) {
		if (c < '0' || c > '9') && (c < 'A' || c > 'Z') && (c < 'a' || c > 'z') && strings.IndexByte(tokenPunctuation, c) < 0 {
			return fmt.Errorf("header name: expected: letters, digits and %s, got: %q", tokenPunctuation, name)
		}
	}
	if name == "" {
		return fmt.Errorf("header name: expected: letters, digits and %s, got: none", tokenPunctuation)
	}
	if reserved(name) {
		return fmt.Errorf("header %s: expected: one that plugins may write, got: one that frames the message,"+
			" belongs to the connection or says who sent it; the gateway writes it itself", name)
	}
	return nil
}

func checkValue(name, value string) error {
	for _, c := range []byte(value) {
		if (c < ' ' && c != '\t') || c == 0x7f {
			return fmt.Errorf("value of header %s: expected: no control characters, got: %q", name, value)
		}
	}
	return nil
}

// reserved names are nobody's but the gateway's. An underscore counts as a hyphen, because some
// programs behind the gateway take one for the other.
func reserved(name string) bool {
	lower := strings.ReplaceAll(strings.ToLower(name), "_", "-")
	switch lower {
	case "host", "content-length", "transfer-encoding", "te", "trailer", "connection", "keep-alive",
		"upgrade", "expect", "via", "traceparent", "forwarded", "x-real-ip":
		return true
	}
	return strings.HasPrefix(lower, "proxy-") || strings.HasPrefix(lower, "x-forwarded-")
}

func checkTarget(what, text string) error {
	for _, c := range []byte(text) {
		if c <= ' ' || c > '~' || c == '#' {
			return fmt.Errorf("%s: expected: percent-encoded ASCII without blanks and fragment, got: %q", what, text)
		}
	}
	return nil
}

// latin1 makes a string field of bytes: protobuf wants UTF-8, and the gateway reads its characters
// as bytes.
func latin1(value string) string {
	for i := range len(value) {
		if value[i] >= utf8.RuneSelf {
			runes := make([]rune, len(value))
			for j := range len(value) {
				runes[j] = rune(value[j])
			}
			return string(runes)
		}
	}
	return value
}

func checkLimits(message *hkpplugin.HandleResponse) error {
	changes := len(message.Headers) + len(message.RequestHeaders) + len(message.ResponseHeaders)
	size := mutationBytes(message.RequestHeaders) + mutationBytes(message.ResponseHeaders)
	for name, value := range message.Headers {
		size += len(name) + len(value)
	}
	if err := checkSizes(changes, size, message.Annotations); err != nil {
		return err
	}
	target := len(message.GetRewrite().GetPath()) + len(message.GetRewrite().GetQuery())
	return atMost("path and query", maxTargetBytes, target, " bytes")
}

func checkSizes(changes, headerBytes int, annotations map[string]string) error {
	size := 0
	for key, value := range annotations {
		size += len(key) + len(value)
	}
	for _, err := range []error{
		atMost("header changes", maxHeaderChanges, changes, ""),
		atMost("header changes", maxHeaderBytes, headerBytes, " bytes"),
		atMost("annotations", maxAnnotations, len(annotations), ""),
		atMost("annotations", maxAnnotationBytes, size, " bytes"),
	} {
		if err != nil {
			return err
		}
	}
	return nil
}

func mutationBytes(all []*hkpplugin.HeaderMutation) int {
	size := 0
	for _, one := range all {
		size += len(one.Name) + len(one.Value)
	}
	return size
}

func atMost(what string, limit, found int, unit string) error {
	if found > limit {
		return fmt.Errorf("%s: expected: at most %d%s, got: %d%s", what, limit, unit, found, unit)
	}
	return nil
}
