package main

import (
	"fmt"
	"net/url"
	"strings"

	"github.com/hkp-gateway/hkp-gateway/sdk/go/hkpplugin"
)

var operations = map[string]hkpplugin.HkpRequest_Operation{
	"get": hkpplugin.HkpRequest_LOOKUP_GET, "index": hkpplugin.HkpRequest_LOOKUP_INDEX,
	"vindex": hkpplugin.HkpRequest_LOOKUP_VINDEX,
}

// lookup is the target of gpg --recv-keys for the so-many-th key.
func lookup(number uint64) string {
	return fmt.Sprintf("/pks/lookup?op=get&options=mr&search=0x4A7D9C0E5B2F81364A7D9C0E%016X", number)
}

// client is one of 65536 addresses in turn: a plugin that limits each client lets so many pass.
func client(number uint64) string {
	return fmt.Sprintf("10.1.%d.%d", byte(number>>8), byte(number))
}

// event is the message of a gpg's GET of a target below /pks/lookup, with all that the gateway
// tells a plugin with the grant http.request.
func event(id, target, client string) (*hkpplugin.HandleRequestEvent, error) {
	parsed, err := url.ParseRequestURI(target)
	if err != nil {
		return nil, fmt.Errorf("target: expected: path and query, got: %q", target)
	}
	query := map[string]string{}
	for name, values := range parsed.Query() {
		query[name] = values[0]
	}
	fields := []*hkpplugin.HeaderField{
		{Name: "Host", Value: []byte("keys.example.org:11371")},
		{Name: "Pragma", Value: []byte("no-cache")},
		{Name: "Cache-Control", Value: []byte("no-cache")},
		{Name: "User-Agent", Value: []byte("GnuPG/2.2")},
	}
	headers := map[string]string{"X-Forwarded-For": client, "X-Real-Ip": client}
	for _, field := range fields {
		headers[field.GetName()] = string(field.GetValue())
	}
	return &hkpplugin.HandleRequestEvent{
		RequestId: id, Method: "GET", Path: parsed.Path, Headers: headers, RemoteAddr: client + ":51234",
		QueryParams: query, HeaderFields: fields, RawTarget: []byte(target), Hkp: hkp(query),
		BodyState: hkpplugin.BodyState_BODY_ABSENT, DeadlineMs: 2000,
	}, nil
}

func hkp(query map[string]string) *hkpplugin.HkpRequest {
	search := query["search"]
	read := &hkpplugin.HkpRequest{Operation: operations[query["op"]], Search: search}
	if digits, hex := strings.CutPrefix(search, "0x"); hex {
		switch len(digits) {
		case 32, 40, 64:
			read.Fingerprint = digits
		case 8, 16:
			read.KeyId = digits
		}
	}
	if options := query["options"]; options != "" {
		read.Options = strings.Split(options, ",")
		read.MachineReadable = read.Options[0] == "mr"
	}
	return read
}
