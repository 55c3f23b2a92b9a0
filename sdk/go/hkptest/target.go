package hkptest

import (
	"net/url"
	"regexp"
	"slices"
	"strings"

	"github.com/hkp-gateway/hkp-gateway/sdk/go/hkpplugin"
)

var (
	keyName    = regexp.MustCompile(`^(?:[0-9A-Fa-f]{8}|[0-9A-Fa-f]{16}|[0-9A-Fa-f]{32}|[0-9A-Fa-f]{40}|[0-9A-Fa-f]{64})$`)
	groupedKey = regexp.MustCompile(`^(?:(?:[0-9A-Fa-f]{4} {0,2}){4}|(?:[0-9A-Fa-f]{4} {0,2}){8}|(?:[0-9A-Fa-f]{4} {0,2}){10}|(?:[0-9A-Fa-f]{4} {0,2}){16})$`)
	versioned  = regexp.MustCompile(`^[0-9A-Fa-f]{2}((?:[0-9A-Fa-f]{32}|[0-9A-Fa-f]{40}|[0-9A-Fa-f]{64}))$`)
)

var lookups = map[string]hkpplugin.HkpRequest_Operation{
	"get":    hkpplugin.HkpRequest_LOOKUP_GET,
	"hget":   hkpplugin.HkpRequest_LOOKUP_HGET,
	"index":  hkpplugin.HkpRequest_LOOKUP_INDEX,
	"vindex": hkpplugin.HkpRequest_LOOKUP_VINDEX,
	"stats":  hkpplugin.HkpRequest_LOOKUP_STATS,
}

// readTarget reads a target as the gateway does. What the gateway refuses with 400, and so shows to
// no plugin, is OTHER here.
func readTarget(method, path, query string) *hkpplugin.HkpRequest {
	if path != "/pks" && !strings.HasPrefix(path, "/pks/") {
		return nil
	}
	reads, writes := method == "GET" || method == "HEAD", method == "POST"
	name := strings.TrimPrefix(path, "/pks/")
	switch {
	case name == "lookup" && reads:
		return readLookup(query)
	case name == "add" && writes:
		return of(hkpplugin.HkpRequest_ADD)
	case name == "replace" && writes:
		return of(hkpplugin.HkpRequest_REPLACE)
	case name == "delete" && writes:
		return of(hkpplugin.HkpRequest_DELETE)
	case name == "hashquery" && writes:
		return of(hkpplugin.HkpRequest_HASHQUERY)
	case name == "v2/certs" && writes:
		return of(hkpplugin.HkpRequest_V2_ADD)
	case name == "stats" && reads:
		return of(hkpplugin.HkpRequest_STATS)
	case name == "health" && reads:
		return of(hkpplugin.HkpRequest_HEALTH)
	case reads:
		return readVersion2(name)
	}
	return of(hkpplugin.HkpRequest_OTHER)
}

func readLookup(query string) *hkpplugin.HkpRequest {
	values, err := url.ParseQuery(query)
	operation, known := lookups[values.Get("op")]
	if err != nil || !known {
		return of(hkpplugin.HkpRequest_OTHER)
	}
	made := of(operation)
	for option := range strings.SplitSeq(values.Get("options"), ",") {
		if option != "" {
			made.Options = append(made.Options, option)
		}
	}
	made.MachineReadable = slices.Contains(made.Options, "mr")
	made.Exact = values.Get("exact") == "on"
	made.ShowHash = values.Get("hash") == "on"
	made.ShowFingerprint = values.Get("fingerprint") == "on"
	search := values.Get("search")
	if operation == hkpplugin.HkpRequest_LOOKUP_STATS || search == "" {
		return made
	}
	made.Search = search
	digits, isKey := strings.CutPrefix(search, "0x")
	switch {
	case operation == hkpplugin.HkpRequest_LOOKUP_HGET:
	case isKey && keyName.MatchString(digits):
		nameKey(made, digits)
	case operation == hkpplugin.HkpRequest_LOOKUP_INDEX && groupedKey.MatchString(strings.TrimRight(search, " ")):
		nameKey(made, strings.ReplaceAll(search, " ", ""))
	}
	return made
}

func readVersion2(name string) *hkpplugin.HkpRequest {
	for prefix, operation := range map[string]hkpplugin.HkpRequest_Operation{
		"v2/certs/by-vfingerprint/": hkpplugin.HkpRequest_V2_CERTS_BY_VFINGERPRINT,
		"v2/certs/by-identity/":     hkpplugin.HkpRequest_V2_CERTS_BY_IDENTITY,
		"v2/certs/by-keyid/":        hkpplugin.HkpRequest_V2_CERTS_BY_KEYID,
		"v2/index/":                 hkpplugin.HkpRequest_V2_INDEX,
		"v2/prefixlog/":             hkpplugin.HkpRequest_V2_PREFIXLOG,
	} {
		argument, is := strings.CutPrefix(name, prefix)
		if !is || argument == "" || strings.Contains(argument, "/") {
			continue
		}
		made := of(operation)
		made.Search = argument
		if parts := versioned.FindStringSubmatch(argument); parts != nil && operation == hkpplugin.HkpRequest_V2_CERTS_BY_VFINGERPRINT {
			nameKey(made, parts[1])
		}
		if operation == hkpplugin.HkpRequest_V2_CERTS_BY_KEYID && len(argument) == 16 && keyName.MatchString(argument) {
			nameKey(made, argument)
		}
		return made
	}
	return of(hkpplugin.HkpRequest_OTHER)
}

func nameKey(request *hkpplugin.HkpRequest, digits string) {
	if len(digits) <= 16 {
		request.KeyId = strings.ToUpper(digits)
		return
	}
	request.Fingerprint = strings.ToUpper(digits)
}

func of(operation hkpplugin.HkpRequest_Operation) *hkpplugin.HkpRequest {
	return &hkpplugin.HkpRequest{Operation: operation}
}
