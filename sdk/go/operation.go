package hkp

import (
	"fmt"

	"github.com/hkp-gateway/hkp-gateway/sdk/go/hkpplugin"
)

// Operation is what is asked of a keyserver.
type Operation int32

// The operations that there are.
const (
	// Other is a path of HKP with an operation that the gateway does not know.
	Other = Operation(hkpplugin.HkpRequest_OTHER)
	// LookupGet is /pks/lookup?op=get: a key. The other lookups are named alike.
	LookupGet    = Operation(hkpplugin.HkpRequest_LOOKUP_GET)
	LookupHGet   = Operation(hkpplugin.HkpRequest_LOOKUP_HGET)
	LookupIndex  = Operation(hkpplugin.HkpRequest_LOOKUP_INDEX)
	LookupVIndex = Operation(hkpplugin.HkpRequest_LOOKUP_VINDEX)
	LookupStats  = Operation(hkpplugin.HkpRequest_LOOKUP_STATS)
	// Add, Replace and Delete are POST /pks/add, /pks/replace and /pks/delete.
	Add     = Operation(hkpplugin.HkpRequest_ADD)
	Replace = Operation(hkpplugin.HkpRequest_REPLACE)
	Delete  = Operation(hkpplugin.HkpRequest_DELETE)
	// HashQuery is POST /pks/hashquery, by which peer keyservers fetch keys.
	HashQuery = Operation(hkpplugin.HkpRequest_HASHQUERY)
	// Stats is /pks/stats, HealthCheck /pks/health.
	Stats       = Operation(hkpplugin.HkpRequest_STATS)
	HealthCheck = Operation(hkpplugin.HkpRequest_HEALTH)
	// These are paths below /pks/v2/.
	V2CertsByVFingerprint = Operation(hkpplugin.HkpRequest_V2_CERTS_BY_VFINGERPRINT)
	V2CertsByIdentity     = Operation(hkpplugin.HkpRequest_V2_CERTS_BY_IDENTITY)
	V2CertsByKeyID        = Operation(hkpplugin.HkpRequest_V2_CERTS_BY_KEYID)
	V2Index               = Operation(hkpplugin.HkpRequest_V2_INDEX)
	V2PrefixLog           = Operation(hkpplugin.HkpRequest_V2_PREFIXLOG)
	V2Add                 = Operation(hkpplugin.HkpRequest_V2_ADD)
)

// String is the protocol's name of it, for example "LOOKUP_INDEX".
func (o Operation) String() string {
	if name, known := hkpplugin.HkpRequest_Operation_name[int32(o)]; known {
		return name
	}
	return fmt.Sprintf("OPERATION_%d", int32(o))
}

// IsUpload tells whether keys are given to the keyserver, for whatever purpose.
func (o Operation) IsUpload() bool {
	return o == Add || o == Replace || o == Delete || o == V2Add
}
