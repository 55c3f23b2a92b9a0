package hkp

import (
	"fmt"
	"maps"
	"math"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/hkp-gateway/hkp-gateway/sdk/go/hkpplugin"
)

// Decision is what a plugin wants done with a request: a [Continue] made by [Allow], or an
// [Answer] made by [Deny] or [Respond]. Decisions are values: each method returns a changed copy.
type Decision interface {
	// Err says what is wrong with the decision, and where it was made: a status, a name or a value
	// that the gateway would refuse. A decision with an error is a failure of its request.
	Err() error

	message() (*hkpplugin.HandleResponse, error)
}

// notes are what every decision may carry.
type notes struct {
	headers     []headerChange
	annotations map[string]string
	reason      string
	delay       time.Duration
	err         error
}

func (n notes) change(action hkpplugin.HeaderMutation_Action, name, value string) notes {
	change := headerChange{action: action, name: name, value: value}
	n.headers = append(slices.Clip(n.headers), change)
	return n.check(change.check())
}

func (n notes) annotate(key, value string) notes {
	all := make(map[string]string, len(n.annotations)+1)
	maps.Copy(all, n.annotations)
	// Of what clients send, too; protobuf refuses what is not UTF-8.
	all[utf8Text(key)] = utf8Text(value)
	n.annotations = all
	if key == "" {
		return n.check(fmt.Errorf("annotation: expected: a key, got: none"))
	}
	return n
}

func (n notes) withDelay(delay time.Duration) notes {
	n.delay = delay
	if delay < 0 || delay.Milliseconds() > math.MaxUint32 {
		return n.check(fmt.Errorf("delay: expected: 0 to %dms, got: %s", uint32(math.MaxUint32), delay))
	}
	return n
}

// check keeps the first problem, with the place in the author's code that it came from.
func (n notes) check(problem error) notes {
	if problem != nil && n.err == nil {
		n.err = fmt.Errorf("%w (%s)", problem, author())
	}
	return n
}

const thisPackage = "github.com/hkp-gateway/hkp-gateway/sdk/go."

// author finds the nearest caller that is not of this package.
func author() string {
	var counters [16]uintptr
	frames := runtime.CallersFrames(counters[:runtime.Callers(2, counters[:])])
	for {
		frame, more := frames.Next()
		if !strings.HasPrefix(frame.Function, thisPackage) || !more {
			file := frame.File[strings.LastIndexByte(frame.File, '/')+1:]
			return fmt.Sprintf("%s:%d", file, frame.Line)
		}
	}
}

func utf8Text(text string) string {
	return strings.ToValidUTF8(text, "\uFFFD")
}

func (n notes) fill(message *hkpplugin.HandleResponse) {
	message.Annotations = n.annotations
	message.Reason = utf8Text(n.reason)
	message.DelayMs = uint32(n.delay.Milliseconds())
}
