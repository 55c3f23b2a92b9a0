package org.hkpgateway.storage;

import java.util.List;

import org.hkpgateway.plugin.KeyInfo;

/**
 * A key as a machine-readable index has it.
 *
 * @param name upper-case hex: the fingerprint, or, of some keyservers, the key id only
 * @param userIds decoded
 * @param created Unix seconds; 0: not known
 * @param expires Unix seconds; 0: never
 * @param revoked whether it is flagged so
 */
record IndexedKey(String name, List<String> userIds, long created, long expires, boolean revoked) {

	private static final int KEY_ID = 16;

	/** Whether the keyserver gives no more than a key id. */
	boolean lacksFingerprint() {
		return this.name.length() <= KEY_ID;
	}

	KeyInfo info() {
		return new KeyInfo(this.name, this.userIds, this.created, this.expires, this.revoked, new byte[0]);
	}

}
