package hkp

import (
	"errors"
	"time"

	"github.com/hkp-gateway/hkp-gateway/sdk/go/hkpplugin"
)

// ErrAskKeyserver is what a [StorageProvider] returns for keys that are not its business.
var ErrAskKeyserver = errors.New("the keyserver is to be asked")

// Key is what is known of a key. Nobody has verified it.
type Key struct {
	// Fingerprint is upper-case hex of 32, 40 or 64 digits, KeyID of 8 or 16.
	Fingerprint, KeyID string
	// UserIDs are all there are, revoked ones included.
	UserIDs []string
	// Created and Expires are zero if the keyserver does not say; a zero Expires also means never.
	Created, Expires time.Time
	Revoked          bool
	// Data are binary OpenPGP packets; only after a fetch.
	Data []byte
}

// KeyPage is a page of the keys that were found.
type KeyPage struct {
	Keys []Key
	// Total counts all matches, not only those of this page.
	Total int
}

// KeyQueryType says what is asked for.
type KeyQueryType int32

// The kinds of queries.
const (
	// KeyLookup asks for facts, by fingerprint or key id.
	KeyLookup = KeyQueryType(hkpplugin.StorageQuery_LOOKUP)
	// KeySearch asks for facts, by text.
	KeySearch = KeyQueryType(hkpplugin.StorageQuery_SEARCH)
	// KeyFetch asks for the keys themselves.
	KeyFetch = KeyQueryType(hkpplugin.StorageQuery_FETCH)
)

// KeyQuery is what other plugins ask a [StorageProvider].
type KeyQuery struct {
	Type KeyQueryType
	// Query is a text, or "0x" and upper-case digits.
	Query string
	// Exact: a text has to be a whole user id or the address in it.
	Exact bool
	// Limit is the most keys wanted, Offset where to begin.
	Limit, Offset int
}

func keyQuery(message *hkpplugin.StorageQuery) KeyQuery {
	return KeyQuery{
		Type:   KeyQueryType(message.GetType()),
		Query:  message.GetQuery(),
		Exact:  message.GetOptions()["exact"] == "on",
		Limit:  int(message.GetLimit()),
		Offset: int(message.GetOffset()),
	}
}

func key(message *hkpplugin.KeyInfo) Key {
	return Key{
		Fingerprint: message.GetFingerprint(),
		KeyID:       message.GetKeyId(),
		UserIDs:     message.GetUserIds(),
		Created:     unixTime(message.GetCreationTime()),
		Expires:     unixTime(message.GetExpirationTime()),
		Revoked:     message.GetRevoked(),
		Data:        message.GetKeyData(),
	}
}

func (k Key) message() *hkpplugin.KeyInfo {
	userIDs := make([]string, len(k.UserIDs))
	for i, userID := range k.UserIDs {
		userIDs[i] = utf8Text(userID)
	}
	return &hkpplugin.KeyInfo{
		Fingerprint:    k.Fingerprint,
		KeyId:          k.KeyID,
		UserIds:        userIDs,
		CreationTime:   unixSeconds(k.Created),
		ExpirationTime: unixSeconds(k.Expires),
		Revoked:        k.Revoked,
		KeyData:        k.Data,
	}
}

func keyPage(message *hkpplugin.StorageResponse) KeyPage {
	page := KeyPage{Total: int(message.GetTotalCount()), Keys: make([]Key, len(message.GetKeys()))}
	for i, one := range message.GetKeys() {
		page.Keys[i] = key(one)
	}
	return page
}

func (p KeyPage) message() *hkpplugin.StorageResponse {
	message := &hkpplugin.StorageResponse{Success: true, TotalCount: int32(max(p.Total, len(p.Keys)))}
	for _, one := range p.Keys {
		message.Keys = append(message.Keys, one.message())
	}
	return message
}
