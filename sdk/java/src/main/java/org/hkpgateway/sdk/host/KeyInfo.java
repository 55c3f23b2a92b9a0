package org.hkpgateway.sdk.host;

import java.nio.ByteBuffer;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

/**
 * What is said of a key, which nobody has verified. Immutable.
 *
 * @param fingerprint upper-case hex of 32, 40 or 64 digits
 * @param userIds all it has, revoked ones included
 * @param created empty if the keyserver does not say
 * @param expires empty: never
 * @param revoked what the keyserver says, or what stands in the key
 * @param data binary OpenPGP packets, read-only; empty unless the key was fetched. Each
 * call returns a view with a position of its own
 */
public record KeyInfo(String fingerprint, List<String> userIds, Optional<Instant> created, Optional<Instant> expires,
		boolean revoked, ByteBuffer data) {

	public KeyInfo {
		userIds = List.copyOf(userIds);
		data = data.asReadOnlyBuffer();
	}

	/**
	 * A key of which nothing else is known, for tests and for plugins that provide keys.
	 * @param fingerprint upper-case hex
	 * @param userIds its user ids
	 * @return the key, neither revoked nor expiring
	 */
	public static KeyInfo of(String fingerprint, String... userIds) {
		return new KeyInfo(fingerprint, List.of(userIds), Optional.empty(), Optional.empty(), false,
				ByteBuffer.allocate(0));
	}

	/**
	 * The same with its packets.
	 * @param bytes binary OpenPGP packets, copied
	 * @return a copy
	 */
	public KeyInfo withData(byte[] bytes) {
		return new KeyInfo(this.fingerprint, this.userIds, this.created, this.expires, this.revoked,
				ByteBuffer.wrap(bytes.clone()));
	}

	@Override
	public ByteBuffer data() {
		return this.data.asReadOnlyBuffer();
	}

}
