package hkp

import (
	"bytes"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/hkp-gateway/hkp-gateway/sdk/go/hkpplugin"
)

// Answer answers a request here and now; the keyserver is never asked.
type Answer struct {
	notes
	status int
	body   []byte
}

// Deny answers with a status from 400 to 599. 502, 503 and 504 are refused, because gpg gives a
// server up that sends them.
func Deny(status int) Answer {
	return answer(status, 400)
}

// Respond answers with a status from 200 to 599 other than 502, 503 and 504.
func Respond(status int) Answer {
	return answer(status, 200)
}

func answer(status, least int) Answer {
	made := Answer{status: status}
	if status < least || status > 599 || (status >= 502 && status <= 504) {
		made.notes = made.check(fmt.Errorf("status: expected: %d to 599 other than 502, 503 and 504"+
			" (gpg gives a server up that sends them), got: %d", least, status))
	}
	return made
}

// RetryAfter tells the client when to come back: in whole seconds, rounded up, at least one.
func (a Answer) RetryAfter(wait time.Duration) Answer {
	seconds := max(1, int64((wait+time.Second-1)/time.Second))
	return a.SetHeader("Retry-After", strconv.FormatInt(seconds, 10))
}

// Text sets a body of plain text, a sentence for a person; it gets a line end if it has none.
func (a Answer) Text(text string) Answer {
	if !strings.HasSuffix(text, "\n") {
		text += "\n"
	}
	return a.Body("text/plain; charset=utf-8", []byte(text))
}

// Body sets the body, of which a copy is taken, in place of an earlier one.
func (a Answer) Body(contentType string, body []byte) Answer {
	a = a.SetHeader("Content-Type", contentType)
	a.body = bytes.Clone(body)
	return a
}

// SetHeader replaces every value of a header.
func (a Answer) SetHeader(name, value string) Answer {
	var others []headerChange
	for _, header := range a.headers {
		if !strings.EqualFold(header.name, name) {
			others = append(others, header)
		}
	}
	a.headers = others
	return a.AddHeader(name, value)
}

// AddHeader adds a value to a header.
func (a Answer) AddHeader(name, value string) Answer {
	a.notes = a.change(hkpplugin.HeaderMutation_APPEND, name, value)
	return a
}

// Annotate leaves a note for the log and the metrics. The gateway puts the plugin's name before
// the key.
func (a Answer) Annotate(key, value string) Answer {
	a.notes = a.annotate(key, value)
	return a
}

// Reason says why, for log and console, never for the client.
func (a Answer) Reason(reason string) Answer {
	a.reason = reason
	return a
}

// Delay has the gateway hold the answer so long (a tarpit); the operator bounds it.
func (a Answer) Delay(delay time.Duration) Answer {
	a.notes = a.withDelay(delay)
	return a
}

// Err says what is wrong, see [Decision].
func (a Answer) Err() error {
	_, err := a.message()
	return err
}

func (a Answer) message() (*hkpplugin.HandleResponse, error) {
	if a.err != nil {
		return nil, a.err
	}
	if a.status == 0 {
		return nil, fmt.Errorf("expected: an answer made by Deny or Respond, got: one without a status")
	}
	if len(a.body) > 0 && (a.status == http.StatusNoContent || a.status == http.StatusNotModified) {
		return nil, fmt.Errorf("expected: no body with status %d, got: %d bytes", a.status, len(a.body))
	}
	message := &hkpplugin.HandleResponse{StatusCode: int32(a.status), Body: a.body}
	for _, header := range a.headers {
		name := http.CanonicalHeaderKey(header.name)
		if _, there := message.Headers[name]; there {
			// The map holds one value of a name; the others follow as changes.
			message.ResponseHeaders = append(message.ResponseHeaders, header.mutation())
			continue
		}
		if message.Headers == nil {
			message.Headers = make(map[string]string, len(a.headers))
		}
		message.Headers[name] = latin1(header.value)
	}
	a.fill(message)
	return message, checkLimits(message)
}
