package org.hkpgateway.hkp;

/**
 * The operations of an HKP keyserver. Names are those of the plugin protocol.
 */
public enum Operation {

	/** An HKP path with an operation the gateway does not know. */
	OTHER,
	/** {@code /pks/lookup?op=get}. */
	LOOKUP_GET,
	/** {@code /pks/lookup?op=hget}. */
	LOOKUP_HGET,
	/** {@code /pks/lookup?op=index}. */
	LOOKUP_INDEX,
	/** {@code /pks/lookup?op=vindex}. */
	LOOKUP_VINDEX,
	/** {@code /pks/lookup?op=stats}. */
	LOOKUP_STATS,
	/** {@code POST /pks/add}. */
	ADD,
	/** {@code POST /pks/replace}. */
	REPLACE,
	/** {@code POST /pks/delete}. */
	DELETE,
	/** {@code POST /pks/hashquery}. */
	HASHQUERY,
	/** {@code /pks/stats}. */
	STATS,
	/** {@code /pks/health}. */
	HEALTH,
	/** {@code /pks/v2/certs/by-vfingerprint/…}. */
	V2_CERTS_BY_VFINGERPRINT,
	/** {@code /pks/v2/certs/by-identity/…}. */
	V2_CERTS_BY_IDENTITY,
	/** {@code /pks/v2/certs/by-keyid/…}. */
	V2_CERTS_BY_KEYID,
	/** {@code /pks/v2/index/…}. */
	V2_INDEX,
	/** {@code /pks/v2/prefixlog/…}. */
	V2_PREFIXLOG,
	/** {@code POST /pks/v2/certs}. */
	V2_ADD

}
