package hkptest

import (
	"net/http"
	"time"

	"github.com/hkp-gateway/hkp-gateway/sdk/go/hkpplugin"
)

// Result is what a plugin decided about a request.
type Result struct {
	// Continue: the request goes on. If not, Status, Header and Body are the answer.
	Continue bool
	Status   int
	// Header are the headers that the answer gets, in either case. Of a request that goes on, those
	// are the changes of the keyserver's answer, without removals.
	Header http.Header
	Body   string
	// RequestHeader are the headers that are set or added on the way to the keyserver, Removed the
	// names of those that are taken out.
	RequestHeader http.Header
	Removed       []string
	// Path and Query are the other target; Rewritten tells whether there is one.
	Path, Query string
	Rewritten   bool
	// NewBody is another body; nil if there is none.
	NewBody     []byte
	Annotations map[string]string
	Reason      string
	Delay       time.Duration
}

func result(answer *hkpplugin.HandleResponse) Result {
	made := Result{
		Continue:    answer.GetContinueChain(),
		Status:      int(answer.GetStatusCode()),
		Header:      http.Header{},
		Body:        string(answer.GetBody()),
		Path:        answer.GetRewrite().GetPath(),
		Query:       answer.GetRewrite().GetQuery(),
		Rewritten:   answer.GetRewrite() != nil,
		Annotations: answer.GetAnnotations(),
		Reason:      answer.GetReason(),
		Delay:       time.Duration(answer.GetDelayMs()) * time.Millisecond,
	}
	for name, value := range answer.GetHeaders() {
		made.Header.Set(name, value)
	}
	apply(answer.GetResponseHeaders(), made.Header)
	made.RequestHeader = http.Header{}
	made.Removed = apply(answer.GetRequestHeaders(), made.RequestHeader)
	if answer.GetBodyReplacement() != nil {
		made.NewBody = append([]byte{}, answer.GetBodyReplacement().GetBody()...)
	}
	return made
}

// ResponseResult is what a plugin decided about an answer of the keyserver.
type ResponseResult struct {
	// Header are the headers that are set or added, Removed the names of those that are taken out.
	Header      http.Header
	Removed     []string
	Annotations map[string]string
	Reason      string
}

func responseResult(decision *hkpplugin.UpstreamResponseDecision) ResponseResult {
	made := ResponseResult{Header: http.Header{}, Annotations: decision.GetAnnotations(), Reason: decision.GetReason()}
	made.Removed = apply(decision.GetResponseHeaders(), made.Header)
	return made
}

func apply(changes []*hkpplugin.HeaderMutation, header http.Header) (removed []string) {
	for _, change := range changes {
		switch change.GetAction() {
		case hkpplugin.HeaderMutation_SET:
			header.Set(change.GetName(), string(change.GetValue()))
		case hkpplugin.HeaderMutation_APPEND:
			header.Add(change.GetName(), string(change.GetValue()))
		case hkpplugin.HeaderMutation_REMOVE:
			header.Del(change.GetName())
			removed = append(removed, http.CanonicalHeaderKey(change.GetName()))
		}
	}
	return removed
}
