package hkp

import (
	"encoding/json"
	"time"

	"github.com/hkp-gateway/hkp-gateway/sdk/go/hkpplugin"
)

// Event is something that has happened. Of those that a plugin publishes, only Type, Data,
// Metadata and Cluster matter; the gateway sets the rest.
type Event struct {
	// ID names the event.
	ID string
	// Type is, for example, "key.changed". Those of a plugin begin with "plugin.<its name>.".
	Type string
	// Data is one JSON object, at most 64 KiB, or nothing.
	Data json.RawMessage
	// Time has whole seconds.
	Time time.Time
	// Source is "gateway" or a plugin's name.
	Source   string
	Metadata map[string]string
	// Replica is which run of which gateway, and Sequence the source's running number there.
	Replica  string
	Sequence uint64
	// Cluster: also for the plugins of other replicas that share a Redis.
	Cluster bool
}

// EventBatch is what has come since the batch before.
type EventBatch struct {
	// Events are in order, oldest first.
	Events []Event
	// Dropped is how many were lost before the first of these.
	Dropped uint64
}

func eventBatch(message *hkpplugin.EventBatch) EventBatch {
	batch := EventBatch{Dropped: message.GetDropped(), Events: make([]Event, len(message.GetEvents()))}
	for i, one := range message.GetEvents() {
		batch.Events[i] = event(one)
	}
	return batch
}

func event(message *hkpplugin.Event) Event {
	return Event{
		ID:       message.GetId(),
		Type:     message.GetType(),
		Data:     json.RawMessage(message.GetData()),
		Time:     unixTime(message.GetTimestamp()),
		Source:   message.GetSource(),
		Metadata: message.GetMetadata(),
		Replica:  message.GetReplica(),
		Sequence: message.GetSequence(),
		Cluster:  message.GetCluster(),
	}
}

func (e Event) message() *hkpplugin.Event {
	return &hkpplugin.Event{
		Id:       e.ID,
		Type:     e.Type,
		Data:     e.Data,
		Metadata: e.Metadata,
		Cluster:  e.Cluster,
	}
}

// unixTime is the zero time for what is not known.
func unixTime(seconds int64) time.Time {
	if seconds == 0 {
		return time.Time{}
	}
	return time.Unix(seconds, 0)
}

func unixSeconds(moment time.Time) int64 {
	if moment.IsZero() {
		return 0
	}
	return moment.Unix()
}
