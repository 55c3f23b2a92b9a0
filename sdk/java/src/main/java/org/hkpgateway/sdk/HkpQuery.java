package org.hkpgateway.sdk;

import java.util.List;

/**
 * A request to a keyserver as the gateway understood it, so that no plugin has to parse
 * and none disagrees with the keyserver.
 *
 * @param operation what is asked
 * @param search the decoded search term as sent, such as {@code 0xA1B2…} or
 * {@code alice@lab.example}; empty when there is none
 * @param fingerprint upper-case hex of 32, 40 or 64 digits when the search is a
 * fingerprint; else empty
 * @param keyId upper-case hex of 8 or 16 digits when the search is a key id; else empty
 * @param options items of {@code options} in order, such as {@code mr}
 * @param machineReadable {@code options=mr}
 * @param exact {@code exact=on}
 * @param showHash {@code hash=on}
 * @param showFingerprint {@code fingerprint=on}
 */
public record HkpQuery(Operation operation, String search, String fingerprint, String keyId, List<String> options,
		boolean machineReadable, boolean exact, boolean showHash, boolean showFingerprint) {

	public HkpQuery {
		options = List.copyOf(options);
	}

	/**
	 * A query with nothing but an operation and a search term, for tests.
	 * @param operation what is asked
	 * @param search the term, may be empty
	 * @return the query
	 */
	public static HkpQuery of(Operation operation, String search) {
		return new HkpQuery(operation, search, "", "", List.of(), false, false, false, false);
	}

}
