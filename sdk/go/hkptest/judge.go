package hkptest

import (
	"fmt"
	"slices"
	"strings"

	"github.com/hkp-gateway/hkp-gateway/sdk/go/hkpplugin"
)

// Who may not see credentials may not write them either.
var (
	credentials = []string{"authorization", "cookie", "proxy-authorization"}
	cookies     = []string{"set-cookie"}
)

// need is a grant that something takes.
type need struct {
	is          bool
	grant, what string
}

// judge refuses what the gateway would refuse for want of a grant.
func (p *Plugin) judge(answer *hkpplugin.HandleResponse, event *hkpplugin.HandleRequestEvent) error {
	if !answer.GetContinueChain() {
		// The gateway drops headers of an answer that a plugin may not set.
		return p.refused(need{true, "http.respond", "an answer in place of the keyserver's"})
	}
	newBody := answer.GetBodyReplacement() != nil
	if newBody && (event.GetBodyState() != hkpplugin.BodyState_BODY_COMPLETE || event.GetHkp().GetOperation() == hkpplugin.HkpRequest_HASHQUERY) {
		return fmt.Errorf("expected: another body only for a request of which the plugin was shown all, and not for a hashquery, got: body %s of %s",
			event.GetBodyState(), event.GetHkp().GetOperation())
	}
	secret, cookie := among(credentials, answer.GetRequestHeaders()), among(cookies, answer.GetResponseHeaders())
	return p.refused(
		need{answer.GetRewrite() != nil || newBody, "http.request.rewrite", "another target or body"},
		need{newBody, "http.request.body", "another body"},
		need{len(answer.GetRequestHeaders()) > 0, "http.request.modify", "a changed header of the request"},
		need{secret != "", "http.credentials", "the request header " + secret},
		need{len(answer.GetResponseHeaders()) > 0, "http.respond", "a changed header of the keyserver's answer"},
		need{cookie != "", "http.credentials", "the response header " + cookie},
	)
}

func (p *Plugin) judgeResponse(decision *hkpplugin.UpstreamResponseDecision) error {
	cookie := among(cookies, decision.GetResponseHeaders())
	return p.refused(need{cookie != "", "http.credentials", "the response header " + cookie})
}

func (p *Plugin) refused(needs ...need) error {
	for _, need := range needs {
		if need.is && !p.granted(need.grant) {
			return fmt.Errorf("expected: the grant %s, got: a decision with %s and without the grant; the gateway refuses it", need.grant, need.what)
		}
	}
	return nil
}

// called refuses what the gateway would not even ask.
func (p *Plugin) called(grant string) error {
	if !p.granted(grant) {
		return fmt.Errorf("expected: the grant %s, got: a plugin without it; the gateway does not call it", grant)
	}
	return nil
}

func (p *Plugin) granted(capability string) bool {
	return slices.Contains(p.setup.Grants, capability)
}

// among finds the first change of one of the names.
func among(names []string, changes []*hkpplugin.HeaderMutation) string {
	for _, change := range changes {
		if slices.Contains(names, strings.ToLower(change.GetName())) {
			return change.GetName()
		}
	}
	return ""
}

// hidden tells whether a plugin without http.credentials is not shown a field. An underscore counts as a hyphen, because
// some programs take one for the other.
func hidden(names []string, name string) bool {
	return slices.Contains(names, strings.ReplaceAll(strings.ToLower(name), "_", "-"))
}
