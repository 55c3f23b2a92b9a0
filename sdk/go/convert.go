package hkp

import (
	"fmt"
	"net/http"
	"net/netip"
	"time"

	"github.com/hkp-gateway/hkp-gateway/sdk/go/hkpplugin"
)

// request reads an event; an error says where it breaks the protocol.
func request(event *hkpplugin.HandleRequestEvent, now time.Time) (*Request, error) {
	client, err := clientAddress(event.GetRemoteAddr())
	if err != nil {
		return nil, err
	}
	made := &Request{
		ID:          event.GetRequestId(),
		Method:      event.GetMethod(),
		Path:        event.GetPath(),
		Target:      string(event.GetRawTarget()),
		Header:      header(event.GetHeaderFields()),
		Client:      client,
		TLS:         event.GetTls(),
		HKP:         hkpView(event.GetHkp()),
		Annotations: event.GetAnnotations(),
		Deadline:    deadline(event.GetDeadlineMs(), now),
		TraceParent: event.GetTraceparent(),
		DryRun:      event.GetDryRun(),
	}
	if made.Target == "" {
		made.Target = made.Path
	}
	if len(event.GetHeaderFields()) == 0 {
		for name, value := range event.GetHeaders() {
			made.Header.Set(name, value)
		}
	}
	if state := event.GetBodyState(); state != hkpplugin.BodyState_BODY_ABSENT {
		made.Body = Body{State: bodyState(state), Bytes: event.GetBody(), Length: event.GetBodyLength()}
	}
	return made, nil
}

func response(event *hkpplugin.UpstreamResponseEvent, now time.Time) (*Response, error) {
	var client netip.AddrPort
	if text := event.GetRemoteAddr(); text != "" {
		var err error
		if client, err = clientAddress(text); err != nil {
			return nil, err
		}
	}
	return &Response{
		RequestID:   event.GetRequestId(),
		Status:      int(event.GetStatusCode()),
		Header:      header(event.GetHeaderFields()),
		Method:      event.GetMethod(),
		Target:      string(event.GetRawTarget()),
		HKP:         hkpView(event.GetHkp()),
		Client:      client,
		Annotations: event.GetAnnotations(),
		Took:        time.Duration(event.GetUpstreamMs()) * time.Millisecond,
		Deadline:    deadline(event.GetDeadlineMs(), now),
		TraceParent: event.GetTraceparent(),
		DryRun:      event.GetDryRun(),
	}, nil
}

// clientAddress never asks a name server.
func clientAddress(text string) (netip.AddrPort, error) {
	address, err := netip.ParseAddrPort(text)
	if err != nil {
		return netip.AddrPort{}, fmt.Errorf("remote_addr: expected: 192.0.2.7:4711 or [2001:db8::7]:4711, got: %q", text)
	}
	return netip.AddrPortFrom(address.Addr().Unmap(), address.Port()), nil
}

func header(fields []*hkpplugin.HeaderField) http.Header {
	made := make(http.Header, len(fields))
	// One array for all of them: most names have one value.
	values := make([]string, len(fields))
	for i, field := range fields {
		name := http.CanonicalHeaderKey(field.GetName())
		values[i] = string(field.GetValue())
		if there, more := made[name]; more {
			made[name] = append(there, values[i])
			continue
		}
		made[name] = values[i : i+1 : i+1]
	}
	return made
}

func hkpView(message *hkpplugin.HkpRequest) *HKP {
	if message == nil {
		return nil
	}
	return &HKP{
		Operation:       Operation(message.GetOperation()),
		Search:          message.GetSearch(),
		Fingerprint:     message.GetFingerprint(),
		KeyID:           message.GetKeyId(),
		Options:         message.GetOptions(),
		MachineReadable: message.GetMachineReadable(),
		Exact:           message.GetExact(),
		ShowHash:        message.GetShowHash(),
		ShowFingerprint: message.GetShowFingerprint(),
	}
}

func bodyState(state hkpplugin.BodyState) BodyState {
	switch state {
	case hkpplugin.BodyState_BODY_ABSENT:
		return BodyAbsent
	case hkpplugin.BodyState_BODY_COMPLETE:
		return BodyComplete
	case hkpplugin.BodyState_BODY_PREFIX:
		return BodyPrefix
	}
	return BodyWithheld
}

func deadline(milliseconds int64, now time.Time) time.Time {
	if milliseconds <= 0 {
		return time.Time{}
	}
	return now.Add(time.Duration(milliseconds) * time.Millisecond)
}
