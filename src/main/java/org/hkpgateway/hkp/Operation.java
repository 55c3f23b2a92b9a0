package org.hkpgateway.hkp;

import java.util.Arrays;
import java.util.List;

/**
 * The operations of an HKP keyserver. Names are those of the plugin protocol.
 */
public enum Operation {

	/** An HKP path with an operation the gateway does not know. */
	OTHER("other"),
	/** {@code /pks/lookup?op=get}. */
	LOOKUP_GET("get"),
	/** {@code /pks/lookup?op=hget}. */
	LOOKUP_HGET("hget"),
	/** {@code /pks/lookup?op=index}. */
	LOOKUP_INDEX("index"),
	/** {@code /pks/lookup?op=vindex}. */
	LOOKUP_VINDEX("vindex"),
	/** {@code /pks/lookup?op=stats}. */
	LOOKUP_STATS("stats"),
	/** {@code POST /pks/add}. */
	ADD("add"),
	/** {@code POST /pks/replace}. */
	REPLACE("replace"),
	/** {@code POST /pks/delete}. */
	DELETE("delete"),
	/** {@code POST /pks/hashquery}. */
	HASHQUERY("hashquery"),
	/** {@code /pks/stats}. */
	STATS("stats"),
	/** {@code /pks/health}. */
	HEALTH("health"),
	/** {@code /pks/v2/certs/by-vfingerprint/…}. */
	V2_CERTS_BY_VFINGERPRINT("v2-certs-by-vfingerprint"),
	/** {@code /pks/v2/certs/by-identity/…}. */
	V2_CERTS_BY_IDENTITY("v2-certs-by-identity"),
	/** {@code /pks/v2/certs/by-keyid/…}. */
	V2_CERTS_BY_KEYID("v2-certs-by-keyid"),
	/** {@code /pks/v2/index/…}. */
	V2_INDEX("v2-index"),
	/** {@code /pks/v2/prefixlog/…}. */
	V2_PREFIXLOG("v2-prefixlog"),
	/** {@code POST /pks/v2/certs}. */
	V2_ADD("v2-add");

	private static final List<String> WORDS = Arrays.stream(values()).map(Operation::word).distinct().toList();

	private final String word;

	Operation(String word) {
		this.word = word;
	}

	/**
	 * What operators call it: the value of {@code op}, or the end of the path. Both ways
	 * to ask for statistics have the same word.
	 * @return for example {@code index} or {@code v2-add}
	 */
	public String word() {
		return this.word;
	}

	/**
	 * Whether a request with a method can mean this operation. Any method can mean
	 * {@link #OTHER}.
	 * @param method case-sensitive
	 * @return false if no request with it does
	 */
	public boolean isAskedBy(String method) {
		return this == OTHER || Endpoint.all(this).anyMatch((endpoint) -> endpoint.answersTo(method));
	}

	/**
	 * Whether it gives keys to the keyserver, for whatever purpose.
	 * @return true for those with a body of keys
	 */
	public boolean isUpload() {
		return this == ADD || this == REPLACE || this == DELETE || this == V2_ADD;
	}

	/**
	 * Where it is asked for.
	 * @return decoded paths; one that ends with a slash stands for all below it
	 */
	public List<String> paths() {
		return (this == OTHER) ? List.of("/pks", "/pks/") : Endpoint.all(this).map(Endpoint::path).distinct().toList();
	}

	/**
	 * All words there are.
	 * @return an unmodifiable list in the order of the operations, each once
	 */
	public static List<String> words() {
		return WORDS;
	}

}
