package hkp_test

import (
	"strings"
	"testing"
	"time"

	hkp "github.com/hkp-gateway/hkp-gateway/sdk/go"
)

func TestBadDecisionsSayWhatIsWrongAndWhere(t *testing.T) {
	for name, one := range map[string]struct {
		decision hkp.Decision
		expected string
	}{
		"status 99":         {hkp.Respond(99), "status: expected: 200 to 599"},
		"status 100":        {hkp.Respond(100), "got: 100"},
		"status 600":        {hkp.Respond(600), "got: 600"},
		"deny with 200":     {hkp.Deny(200), "status: expected: 400 to 599"},
		"502":               {hkp.Deny(502), "gpg gives a server up"},
		"503":               {hkp.Respond(503), "gpg gives a server up"},
		"504":               {hkp.Deny(504), "gpg gives a server up"},
		"no status":         {hkp.Answer{}, "an answer made by Deny or Respond"},
		"204 with a body":   {hkp.Respond(204).Text("x"), "expected: no body with status 204, got: 2 bytes"},
		"CR LF in a value":  {hkp.Deny(403).SetHeader("X-A", "a\r\nb"), `value of header X-A: expected: no control characters, got: "a\r\nb"`},
		"blank in a name":   {hkp.Allow().SetRequestHeader("X A", "a"), `got: "X A"`},
		"no name":           {hkp.Allow().RemoveRequestHeader(""), "got: none"},
		"Host":              {hkp.Allow().SetRequestHeader("Host", "x"), "header Host: expected: one that plugins may write"},
		"X_Forwarded_For":   {hkp.Allow().AddRequestHeader("X_Forwarded_For", "x"), "header X_Forwarded_For"},
		"Proxy-":            {hkp.Deny(403).AddHeader("Proxy-Authenticate", "x"), "header Proxy-Authenticate"},
		"Content-Length":    {hkp.Deny(403).SetHeader("content-length", "1"), "header content-length"},
		"traceparent":       {hkp.Allow().RemoveResponseHeader("traceparent"), "header traceparent"},
		"a relative path":   {hkp.Allow().RewritePath("pks/stats"), "expected: one that begins with /"},
		"a query in a path": {hkp.Allow().RewritePath("/pks/stats?a"), "has no question mark"},
		"a blank in a path": {hkp.Allow().RewritePath("/pks/a b"), "percent-encoded ASCII"},
		"a fragment":        {hkp.Allow().RewriteQuery("a#b"), "percent-encoded ASCII"},
		"a long query":      {hkp.Allow().RewriteQuery(strings.Repeat("x", 9000)), "at most 8192 bytes, got: 9000 bytes"},
		"a negative delay":  {hkp.Allow().Delay(-time.Second), "delay: expected"},
		"no annotation key": {hkp.Allow().Annotate("", "x"), "annotation: expected: a key"},
		"large annotations": {hkp.Allow().Annotate("a", strings.Repeat("x", 9000)), "annotations: expected: at most 8192 bytes"},
	} {
		err := one.decision.Err()
		if err == nil || !strings.Contains(err.Error(), one.expected) {
			t.Errorf("%s: expected: %q, got: %v", name, one.expected, err)
		}
	}
	if err := hkp.Deny(503).Text("x").Err(); !strings.Contains(err.Error(), "(decision_test.go:") {
		t.Errorf("expected: the place in the author's code, got: %v", err)
	}
	if err := hkp.Unchanged().SetHeader("Via", "x").Err(); err == nil {
		t.Error("expected: an error, got: none")
	}
}

func TestTooManyChanges(t *testing.T) {
	decision := hkp.Allow()
	for range 65 {
		decision = decision.AddResponseHeader("X-A", "a")
	}
	if err := decision.Err(); err == nil || err.Error() != "header changes: expected: at most 64, got: 65" {
		t.Errorf("expected: at most 64, got: %v", err)
	}
}

func TestDecisionsAreImmutable(t *testing.T) {
	// Three headers: append has room for a fourth.
	base := hkp.Allow().SetRequestHeader("X-A", "a").SetRequestHeader("X-A", "b").SetRequestHeader("X-A", "c").Annotate("a", "a")
	left, right := base.SetRequestHeader("X-B", "left").Annotate("b", "left"), base.SetRequestHeader("X-B", "right").Annotate("b", "right")
	body := []byte("body")
	denied := hkp.Deny(403).Body("text/plain", body).AddHeader("X-A", "a").AddHeader("X-A", "b")
	one, two := denied.AddHeader("X-B", "one"), denied.AddHeader("X-B", "two")
	body[0] = 'B'
	broken := base.SetRequestHeader("Host", "x")
	for name, decision := range map[string]hkp.Decision{"base": base, "left": left, "right": right, "one": one, "two": two} {
		if err := decision.Err(); err != nil {
			t.Errorf("%s: expected: no error, got: %v", name, err)
		}
	}
	if broken.Err() == nil {
		t.Error("expected: an error, got: none")
	}
	for name, pair := range map[string][2]string{
		"left":  {asked(t, left).RequestHeader.Get("X-B") + asked(t, left).Annotations["b"], "leftleft"},
		"right": {asked(t, right).RequestHeader.Get("X-B") + asked(t, right).Annotations["b"], "rightright"},
		"base":  {asked(t, base).RequestHeader.Get("X-B") + asked(t, base).Annotations["b"], ""},
		"one":   {asked(t, one).Header.Get("X-B") + asked(t, one).Body, "onebody"},
		"two":   {asked(t, two).Header.Get("X-B") + asked(t, two).Body, "twobody"},
	} {
		if pair[0] != pair[1] {
			t.Errorf("%s: expected: %q, got: %q", name, pair[1], pair[0])
		}
	}
}
