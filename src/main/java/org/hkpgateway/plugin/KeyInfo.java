package org.hkpgateway.plugin;

import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.regex.Pattern;

/**
 * What a keyserver knows of a key. Nobody has verified signatures: it is what the
 * keyserver says, or what stands in the key. Immutable.
 */
public final class KeyInfo {

	private static final Pattern FINGERPRINT = Pattern.compile("[0-9A-F]{32}|[0-9A-F]{40}|[0-9A-F]{64}");

	private final String fingerprint;

	private final List<String> userIds;

	private final long created;

	private final long expires;

	private final boolean revoked;

	private final byte[] data;

	/**
	 * Makes it.
	 * @param fingerprint 32, 40 or 64 upper-case hex digits
	 * @param userIds all that it has, revoked ones included
	 * @param created Unix seconds; 0: not known
	 * @param expires Unix seconds; 0: never
	 * @param revoked whether it was
	 * @param data binary OpenPGP packets, empty if they are not wanted; not copied, so
	 * nobody may change it
	 * @throws IllegalArgumentException if the fingerprint is none, or a time is negative
	 */
	public KeyInfo(String fingerprint, List<String> userIds, long created, long expires, boolean revoked, byte[] data) {
		if (!FINGERPRINT.matcher(fingerprint).matches()) {
			throw new IllegalArgumentException("fingerprint: expected: 32, 40 or 64 upper-case hex digits, got: '"
					+ fingerprint.substring(0, Math.min(fingerprint.length(), 80)) + "'");
		}
		if (created < 0 || expires < 0) {
			throw new IllegalArgumentException(
					"times of " + fingerprint + ": expected: from 0, got: " + created + " and " + expires);
		}
		this.fingerprint = fingerprint;
		this.userIds = List.copyOf(userIds);
		this.created = created;
		this.expires = expires;
		this.revoked = revoked;
		this.data = data;
	}

	public String fingerprint() {
		return this.fingerprint;
	}

	/**
	 * The key id: the end of a fingerprint of version 4, the beginning of one of version
	 * 6.
	 * @return 16 upper-case hex digits; empty for version 3, where it is not part of the
	 * fingerprint
	 */
	public String keyId() {
		return switch (this.fingerprint.length()) {
			case 40 -> this.fingerprint.substring(24);
			case 64 -> this.fingerprint.substring(0, 16);
			default -> "";
		};
	}

	public List<String> userIds() {
		return this.userIds;
	}

	/** When it was made, in Unix seconds; 0: not known. */
	public long created() {
		return this.created;
	}

	/** When it ends, in Unix seconds; 0: never. */
	public long expires() {
		return this.expires;
	}

	public boolean revoked() {
		return this.revoked;
	}

	/** Binary OpenPGP packets, or nothing; not a copy, so not to be changed. */
	public byte[] data() {
		return this.data;
	}

	/**
	 * The same without the packets.
	 * @return facts only
	 */
	public KeyInfo withoutData() {
		return new KeyInfo(this.fingerprint, this.userIds, this.created, this.expires, this.revoked, new byte[0]);
	}

	/**
	 * About how much memory it takes, for caches.
	 * @return bytes
	 */
	public int weight() {
		return 200 + this.data.length + this.userIds.stream().mapToInt((text) -> 60 + 2 * text.length()).sum();
	}

	@Override
	public boolean equals(Object other) {
		return other instanceof KeyInfo that && this.fingerprint.equals(that.fingerprint)
				&& this.userIds.equals(that.userIds) && this.created == that.created && this.expires == that.expires
				&& this.revoked == that.revoked && Arrays.equals(this.data, that.data);
	}

	@Override
	public int hashCode() {
		return Objects.hash(this.fingerprint, this.created, this.expires, this.revoked);
	}

	@Override
	public String toString() {
		return this.fingerprint + " " + this.userIds + " created " + this.created + ", expires " + this.expires
				+ (this.revoked ? ", revoked, " : ", ") + this.data.length + " bytes";
	}

}
