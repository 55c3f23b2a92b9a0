package org.hkpgateway.hkp;

import java.util.List;

import org.jspecify.annotations.Nullable;

/**
 * A request to a keyserver, understood once for gateway and plugins alike.
 *
 * @param operation what is asked
 * @param search the decoded search term as sent, for example {@code 0xA1B2…} or
 * {@code alice@lab.example}; null when there is none
 * @param fingerprint upper-case hex of 32, 40 or 64 digits when the search is one
 * @param keyId upper-case hex of 8 or 16 digits when the search is one
 * @param options items of {@code options}, in order, for example {@code mr}
 * @param exact {@code exact=on}
 * @param showHash {@code hash=on}
 * @param showFingerprint {@code fingerprint=on}
 */
public record HkpRequest(Operation operation, @Nullable String search, @Nullable String fingerprint,
		@Nullable String keyId, List<String> options, boolean exact, boolean showHash, boolean showFingerprint) {

	public HkpRequest {
		options = List.copyOf(options);
	}

	/**
	 * A request that has an operation and nothing else.
	 * @param operation what is asked
	 * @return the request
	 */
	public static HkpRequest of(Operation operation) {
		return new HkpRequest(operation, null, null, null, List.of(), false, false, false);
	}

	/**
	 * Whether {@code options=mr} was given.
	 * @return true for a machine-readable answer
	 */
	public boolean machineReadable() {
		return this.options.contains("mr");
	}

}
