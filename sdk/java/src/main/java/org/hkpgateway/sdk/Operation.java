package org.hkpgateway.sdk;

/**
 * What is asked of a keyserver.
 */
public enum Operation {

	/** A path of HKP with an operation that this version does not know. */
	OTHER,

	/** {@code /pks/lookup?op=get}: a key. */
	LOOKUP_GET,

	/** {@code /pks/lookup?op=hget}: a key by MD5. */
	LOOKUP_HGET,

	/** {@code /pks/lookup?op=index}: a list of keys. */
	LOOKUP_INDEX,

	/** {@code /pks/lookup?op=vindex}: a list of keys with signatures. */
	LOOKUP_VINDEX,

	/** {@code /pks/lookup?op=stats}. */
	LOOKUP_STATS,

	/** {@code POST /pks/add}: an upload. */
	ADD,

	/** {@code POST /pks/replace}. */
	REPLACE,

	/** {@code POST /pks/delete}. */
	DELETE,

	/** {@code POST /pks/hashquery}: a peer keyserver fetches keys. */
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

	/** {@code POST /pks/v2/certs}: an upload. */
	V2_ADD

}
