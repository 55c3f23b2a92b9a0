package hkp

import (
	"net/http"
	"net/netip"
	"time"

	"github.com/hkp-gateway/hkp-gateway/sdk/go/hkpplugin"
)

// Response is the head of an answer of the keyserver, before its body. It belongs to the call of
// HandleResponse that got it.
type Response struct {
	// RequestID is that of the request.
	RequestID string
	// Status is the keyserver's.
	Status int
	// Header is as the client would get it now. Set-Cookie is here only with the grant
	// http.credentials.
	Header http.Header
	// Method, Target, HKP and Client are the request's; none of them is told without the grant
	// http.request.
	Method, Target string
	HKP            *HKP
	Client         netip.AddrPort
	// Annotations are notes of plugins, by "<plugin>.<key>".
	Annotations map[string]string
	// Took is the time from sending the request to this head.
	Took time.Duration
	// Deadline, TraceParent and DryRun are as in [Request].
	Deadline    time.Time
	TraceParent string
	DryRun      bool
}

// Is tells whether the request was one of these operations.
func (r *Response) Is(operations ...Operation) bool {
	return r.HKP.is(operations)
}

// ResponseDecision changes the header of the keyserver's answer. It cannot replace the answer, for
// the key may already be stored. A value: each method returns a changed copy.
type ResponseDecision struct {
	notes
}

// Unchanged lets the answer pass as it is.
func Unchanged() ResponseDecision {
	return ResponseDecision{}
}

// SetHeader replaces every value of a header of the answer. Set-Cookie needs the grant http.credentials,
// also for the other two.
func (d ResponseDecision) SetHeader(name, value string) ResponseDecision {
	d.notes = d.change(hkpplugin.HeaderMutation_SET, name, value)
	return d
}

// AddHeader adds a value to a header of the answer.
func (d ResponseDecision) AddHeader(name, value string) ResponseDecision {
	d.notes = d.change(hkpplugin.HeaderMutation_APPEND, name, value)
	return d
}

// RemoveHeader takes a header out of the answer.
func (d ResponseDecision) RemoveHeader(name string) ResponseDecision {
	d.notes = d.change(hkpplugin.HeaderMutation_REMOVE, name, "")
	return d
}

// Annotate leaves a note, as [Continue.Annotate] does.
func (d ResponseDecision) Annotate(key, value string) ResponseDecision {
	d.notes = d.annotate(key, value)
	return d
}

// Reason says why, for log and console.
func (d ResponseDecision) Reason(reason string) ResponseDecision {
	d.reason = reason
	return d
}

// Err says what is wrong with the decision, and where it was made.
func (d ResponseDecision) Err() error {
	_, err := d.message()
	return err
}

func (d ResponseDecision) message() (*hkpplugin.UpstreamResponseDecision, error) {
	if d.err != nil {
		return nil, d.err
	}
	message := &hkpplugin.UpstreamResponseDecision{
		ResponseHeaders: mutations(d.headers),
		Annotations:     d.annotations,
		Reason:          utf8Text(d.reason),
	}
	return message, checkSizes(len(message.ResponseHeaders), mutationBytes(message.ResponseHeaders), d.annotations)
}
