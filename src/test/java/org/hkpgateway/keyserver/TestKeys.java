package org.hkpgateway.keyserver;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.security.SecureRandom;
import java.time.Instant;
import java.util.Date;
import java.util.HexFormat;
import java.util.List;

import org.bouncycastle.bcpg.ArmoredOutputStream;
import org.bouncycastle.bcpg.HashAlgorithmTags;
import org.bouncycastle.bcpg.PublicKeyAlgorithmTags;
import org.bouncycastle.bcpg.PublicKeyPacket;
import org.bouncycastle.crypto.generators.Ed25519KeyPairGenerator;
import org.bouncycastle.crypto.params.Ed25519KeyGenerationParameters;
import org.bouncycastle.openpgp.PGPException;
import org.bouncycastle.openpgp.PGPKeyPair;
import org.bouncycastle.openpgp.PGPPublicKey;
import org.bouncycastle.openpgp.PGPPublicKeyRing;
import org.bouncycastle.openpgp.PGPSignature;
import org.bouncycastle.openpgp.PGPSignatureGenerator;
import org.bouncycastle.openpgp.PGPSignatureSubpacketGenerator;
import org.bouncycastle.openpgp.operator.bc.BcKeyFingerprintCalculator;
import org.bouncycastle.openpgp.operator.bc.BcPGPContentSignerBuilder;
import org.bouncycastle.openpgp.operator.bc.BcPGPKeyPair;

/**
 * Makes small keys whose secret stays at hand, so that tests can add to them.
 */
public final class TestKeys {

	public static final Instant CREATED = Instant.ofEpochSecond(1_700_000_000);

	private final PGPKeyPair pair;

	public TestKeys() {
		try {
			Ed25519KeyPairGenerator generator = new Ed25519KeyPairGenerator();
			generator.init(new Ed25519KeyGenerationParameters(new SecureRandom()));
			this.pair = new BcPGPKeyPair(PublicKeyPacket.VERSION_4, PublicKeyAlgorithmTags.EDDSA_LEGACY,
					generator.generateKeyPair(), Date.from(CREATED));
		}
		catch (PGPException ex) {
			throw new IllegalStateException(ex);
		}
	}

	public String fingerprint() {
		return HexFormat.of().withUpperCase().formatHex(this.pair.getPublicKey().getFingerprint());
	}

	/** The key with these user IDs, each self-signed a day after the key was made. */
	public PGPPublicKeyRing withUserIds(String... userIds) {
		PGPPublicKey key = this.pair.getPublicKey();
		for (String userId : userIds) {
			key = PGPPublicKey.addCertification(key, userId,
					certify(userId, PGPSignature.POSITIVE_CERTIFICATION, CREATED.plusSeconds(86_400)));
		}
		return ring(key);
	}

	public PGPPublicKeyRing withRevokedUserId(String userId) {
		return ring(PGPPublicKey.addCertification(this.pair.getPublicKey(), userId,
				certify(userId, PGPSignature.CERTIFICATION_REVOCATION, CREATED.plusSeconds(172_800))));
	}

	/** Parses what was made, because keys from outside are parsed, too. */
	private static PGPPublicKeyRing ring(PGPPublicKey key) {
		try {
			return new PGPPublicKeyRing(new ByteArrayInputStream(new PGPPublicKeyRing(List.of(key)).getEncoded()),
					new BcKeyFingerprintCalculator());
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
	}

	public static byte[] packets(PGPPublicKeyRing ring) {
		try {
			return ring.getEncoded();
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
	}

	public static String armor(byte[] packets) {
		ByteArrayOutputStream bytes = new ByteArrayOutputStream();
		try (ArmoredOutputStream armor = ArmoredOutputStream.builder().build(bytes)) {
			armor.write(packets);
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
		return bytes.toString(StandardCharsets.US_ASCII);
	}

	private PGPSignature certify(String userId, int type, Instant created) {
		try {
			PGPSignatureSubpacketGenerator subpackets = new PGPSignatureSubpacketGenerator();
			subpackets.setSignatureCreationTime(false, Date.from(created));
			subpackets.setIssuerKeyID(false, this.pair.getKeyID());
			PGPSignatureGenerator generator = new PGPSignatureGenerator(
					new BcPGPContentSignerBuilder(PublicKeyAlgorithmTags.EDDSA_LEGACY, HashAlgorithmTags.SHA256),
					this.pair.getPublicKey());
			generator.init(type, this.pair.getPrivateKey());
			generator.setHashedSubpackets(subpackets.generate());
			return generator.generateCertification(userId, this.pair.getPublicKey());
		}
		catch (PGPException ex) {
			throw new IllegalStateException(ex);
		}
	}

}
