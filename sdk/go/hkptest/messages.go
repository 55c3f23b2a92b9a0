package hkptest

import (
	"encoding/json"
	"time"

	hkp "github.com/hkp-gateway/hkp-gateway/sdk/go"
	"github.com/hkp-gateway/hkp-gateway/sdk/go/hkpplugin"
)

func eventMessage(event hkp.Event) *hkpplugin.Event {
	message := &hkpplugin.Event{
		Id: event.ID, Type: event.Type, Data: event.Data, Source: event.Source, Metadata: event.Metadata,
		Replica: event.Replica, Sequence: event.Sequence, Cluster: event.Cluster,
	}
	if !event.Time.IsZero() {
		message.Timestamp = event.Time.Unix()
	}
	return message
}

func keyMessage(key hkp.Key, withData bool) *hkpplugin.KeyInfo {
	message := &hkpplugin.KeyInfo{Fingerprint: key.Fingerprint, KeyId: key.KeyID, UserIds: key.UserIDs, Revoked: key.Revoked}
	if !key.Created.IsZero() {
		message.CreationTime = key.Created.Unix()
	}
	if !key.Expires.IsZero() {
		message.ExpirationTime = key.Expires.Unix()
	}
	if withData {
		message.KeyData = key.Data
	}
	return message
}

func queryMessage(query hkp.KeyQuery) *hkpplugin.StorageQuery {
	message := &hkpplugin.StorageQuery{
		Type: hkpplugin.StorageQuery_Type(query.Type), Query: query.Query, Limit: int32(query.Limit), Offset: int32(query.Offset),
	}
	if query.Limit == 0 {
		message.Limit = 1000
	}
	if query.Exact {
		message.Options = map[string]string{"exact": "on"}
	}
	return message
}

func pageOf(answer *hkpplugin.StorageResponse) hkp.KeyPage {
	page := hkp.KeyPage{Total: int(answer.GetTotalCount())}
	for _, key := range answer.GetKeys() {
		page.Keys = append(page.Keys, hkp.Key{
			Fingerprint: key.GetFingerprint(), KeyID: key.GetKeyId(), UserIDs: key.GetUserIds(), Revoked: key.GetRevoked(),
			Created: moment(key.GetCreationTime()), Expires: moment(key.GetExpirationTime()), Data: key.GetKeyData(),
		})
	}
	return page
}

func moment(seconds int64) time.Time {
	if seconds == 0 {
		return time.Time{}
	}
	return time.Unix(seconds, 0)
}

func isObject(data []byte) bool {
	var object map[string]json.RawMessage
	return json.Unmarshal(data, &object) == nil && object != nil
}
