package org.hkpgateway.keyserver;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.Iterator;
import java.util.List;

import org.bouncycastle.openpgp.PGPPublicKey;
import org.bouncycastle.openpgp.PGPPublicKeyRing;
import org.bouncycastle.openpgp.PGPSignature;
import org.jspecify.annotations.Nullable;

/**
 * A public key as it is stored: its packets, and what searches and indexes need of them.
 * Immutable. The parsed packets are not kept, because they take several times the memory.
 */
final class StoredKey {

	private static final HexFormat HEX = HexFormat.of().withUpperCase();

	private final byte[] packets;

	private final String fingerprint;

	private final int version;

	private final int algorithm;

	private final int bits;

	private final long created;

	private final @Nullable Long expires;

	private final boolean revoked;

	private final List<String> names;

	private final List<UserId> userIds;

	/**
	 * Takes what is needed from a parsed key.
	 * @param ring the key with its subkeys
	 * @throws IOException if it cannot be written as packets
	 */
	StoredKey(PGPPublicKeyRing ring) throws IOException {
		PGPPublicKey primary = ring.getPublicKey();
		this.packets = ring.getEncoded();
		this.fingerprint = HEX.formatHex(primary.getFingerprint());
		this.version = primary.getVersion();
		this.algorithm = primary.getAlgorithm();
		this.bits = Math.max(primary.getBitStrength(), 0);
		this.created = primary.getCreationTime().toInstant().getEpochSecond();
		this.expires = (primary.getValidSeconds() > 0) ? Long.valueOf(this.created + primary.getValidSeconds()) : null;
		this.revoked = primary.hasRevocation();
		List<String> names = new ArrayList<>();
		for (PGPPublicKey key : ring) {
			names.add(HEX.formatHex(key.getFingerprint()));
			names.add(HEX.toHexDigits(key.getKeyID()));
		}
		this.names = List.copyOf(names);
		this.userIds = userIds(primary);
	}

	private static List<UserId> userIds(PGPPublicKey primary) {
		List<UserId> userIds = new ArrayList<>();
		Iterator<byte[]> raw = primary.getRawUserIDs();
		while (raw.hasNext()) {
			byte[] octets = raw.next();
			userIds.add(userId(primary, octets));
		}
		return List.copyOf(userIds);
	}

	private static UserId userId(PGPPublicKey primary, byte[] octets) {
		PGPSignature newest = null;
		Iterator<PGPSignature> signatures = primary.getSignaturesForID(octets);
		while (signatures != null && signatures.hasNext()) {
			PGPSignature signature = signatures.next();
			if (signature.getKeyID() == primary.getKeyID()
					&& (newest == null || created(signature) > created(newest))) {
				newest = signature;
			}
		}
		String text = new String(octets, StandardCharsets.UTF_8);
		if (newest == null) {
			return new UserId(text, null, null, false);
		}
		long created = created(newest);
		long valid = (newest.getHashedSubPackets() != null) ? newest.getHashedSubPackets().getSignatureExpirationTime()
				: 0;
		return new UserId(text, created, (valid > 0) ? Long.valueOf(created + valid) : null,
				newest.getSignatureType() == PGPSignature.CERTIFICATION_REVOCATION);
	}

	private static long created(PGPSignature signature) {
		return signature.getCreationTime().toInstant().getEpochSecond();
	}

	/**
	 * The key as OpenPGP packets. Not a copy: not to be written to.
	 * @return binary packets
	 */
	byte[] packets() {
		return this.packets;
	}

	/**
	 * The fingerprint of the primary key.
	 * @return upper-case hex
	 */
	String fingerprint() {
		return this.fingerprint;
	}

	int version() {
		return this.version;
	}

	int algorithm() {
		return this.algorithm;
	}

	int bits() {
		return this.bits;
	}

	/**
	 * When the key was made.
	 * @return Unix seconds
	 */
	long created() {
		return this.created;
	}

	/**
	 * When the key ends.
	 * @return Unix seconds, or null if it does not
	 */
	@Nullable Long expires() {
		return this.expires;
	}

	boolean revoked() {
		return this.revoked;
	}

	List<UserId> userIds() {
		return this.userIds;
	}

	/**
	 * Whether a fingerprint or key ID names this key or a subkey of it.
	 * @param hex upper-case hex of 8, 16, 32, 40 or 64 digits
	 * @return true if it does
	 */
	boolean isNamed(String hex) {
		return this.names.stream()
			.anyMatch((candidate) -> candidate.equals(hex)
					|| (hex.length() == 8 && candidate.length() == 16 && candidate.endsWith(hex)));
	}

}
