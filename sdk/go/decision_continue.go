package hkp

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/hkp-gateway/hkp-gateway/sdk/go/hkpplugin"
)

// Continue lets a request go on: to the next plugin, then to the keyserver. The gateway does all
// of it or nothing: one change that is not granted fails the whole decision.
type Continue struct {
	notes
	request     []headerChange
	path        string
	query       *string
	body        []byte
	contentType string
	newBody     bool
}

// Allow lets the request go on.
func Allow() Continue {
	return Continue{}
}

// SetRequestHeader replaces every value of a header on the way to the keyserver. Needs the grant
// http.request.modify, as the other two do; Authorization and Cookie also need http.credentials.
func (c Continue) SetRequestHeader(name, value string) Continue {
	return c.changeRequest(hkpplugin.HeaderMutation_SET, name, value)
}

// AddRequestHeader adds a value to a header on the way to the keyserver.
func (c Continue) AddRequestHeader(name, value string) Continue {
	return c.changeRequest(hkpplugin.HeaderMutation_APPEND, name, value)
}

// RemoveRequestHeader takes a header out on the way to the keyserver.
func (c Continue) RemoveRequestHeader(name string) Continue {
	return c.changeRequest(hkpplugin.HeaderMutation_REMOVE, name, "")
}

// RewritePath sends the request to another path, percent-encoded and beginning with "/". Needs
// the grant http.request.rewrite.
func (c Continue) RewritePath(path string) Continue {
	c.path = path
	if !strings.HasPrefix(path, "/") || strings.Contains(path, "?") {
		c.notes = c.check(fmt.Errorf("path: expected: one that begins with / and has no question mark, got: %q", path))
	}
	c.notes = c.check(checkTarget("path", path))
	return c
}

// RewriteQuery sends the request with another query, percent-encoded and without "?" (as
// url.Values.Encode makes it); empty for none. Needs the grant http.request.rewrite.
func (c Continue) RewriteQuery(query string) Continue {
	c.query = &query
	c.notes = c.check(checkTarget("query", query))
	return c
}

// ReplaceBody sends another body, of which a copy is taken. Needs the grants http.request.rewrite
// and http.request.body, and that the plugin was shown all of the body. An empty contentType
// leaves that of the request.
func (c Continue) ReplaceBody(contentType string, body []byte) Continue {
	c.body, c.contentType, c.newBody = bytes.Clone(body), contentType, true
	c.notes = c.check(checkValue("Content-Type", contentType))
	if len(contentType) > maxContentTypeBytes {
		c.notes = c.check(fmt.Errorf("content type: expected: at most %d bytes, got: %d", maxContentTypeBytes, len(contentType)))
	}
	return c
}

// SetResponseHeader replaces a header of the answer that the client will get from the keyserver. Needs
// the grant http.respond, as the other two do; Set-Cookie also needs http.credentials.
func (c Continue) SetResponseHeader(name, value string) Continue {
	c.notes = c.change(hkpplugin.HeaderMutation_SET, name, value)
	return c
}

// AddResponseHeader adds a value to a header of the answer that the client will get.
func (c Continue) AddResponseHeader(name, value string) Continue {
	c.notes = c.change(hkpplugin.HeaderMutation_APPEND, name, value)
	return c
}

// RemoveResponseHeader takes a header out of the answer that the client will get.
func (c Continue) RemoveResponseHeader(name string) Continue {
	c.notes = c.change(hkpplugin.HeaderMutation_REMOVE, name, "")
	return c
}

// Annotate leaves a note for later plugins, the log and the metrics. The gateway puts the plugin's
// name before the key.
func (c Continue) Annotate(key, value string) Continue {
	c.notes = c.annotate(key, value)
	return c
}

// Reason says why, for log and console, never for the client.
func (c Continue) Reason(reason string) Continue {
	c.reason = reason
	return c
}

// Delay has the gateway hold the request so long (a tarpit); the operator bounds it.
func (c Continue) Delay(delay time.Duration) Continue {
	c.notes = c.withDelay(delay)
	return c
}

// Err says what is wrong, see [Decision].
func (c Continue) Err() error {
	_, err := c.message()
	return err
}

func (c Continue) changeRequest(action hkpplugin.HeaderMutation_Action, name, value string) Continue {
	change := headerChange{action: action, name: name, value: value}
	c.request = append(slices.Clip(c.request), change)
	c.notes = c.check(change.check())
	return c
}

func (c Continue) message() (*hkpplugin.HandleResponse, error) {
	if c.err != nil {
		return nil, c.err
	}
	message := &hkpplugin.HandleResponse{
		ContinueChain:   true,
		RequestHeaders:  mutations(c.request),
		ResponseHeaders: mutations(c.headers),
	}
	if c.path != "" || c.query != nil {
		message.Rewrite = &hkpplugin.RequestRewrite{Path: c.path}
		if c.query != nil {
			message.Rewrite.Query, message.Rewrite.ReplaceQuery = *c.query, true
		}
	}
	if c.newBody {
		message.BodyReplacement = &hkpplugin.BodyReplacement{Body: c.body, ContentType: c.contentType}
	}
	c.fill(message)
	return message, checkLimits(message)
}
