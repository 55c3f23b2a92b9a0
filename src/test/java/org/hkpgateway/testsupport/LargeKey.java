package org.hkpgateway.testsupport;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.security.SecureRandom;
import java.time.Instant;
import java.util.Date;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;

import org.bouncycastle.bcpg.ArmoredOutputStream;
import org.bouncycastle.bcpg.HashAlgorithmTags;
import org.bouncycastle.bcpg.PublicKeyAlgorithmTags;
import org.bouncycastle.bcpg.PublicKeyPacket;
import org.bouncycastle.bcpg.sig.KeyFlags;
import org.bouncycastle.crypto.generators.Ed25519KeyPairGenerator;
import org.bouncycastle.crypto.params.Ed25519KeyGenerationParameters;
import org.bouncycastle.openpgp.PGPException;
import org.bouncycastle.openpgp.PGPKeyPair;
import org.bouncycastle.openpgp.PGPPublicKey;
import org.bouncycastle.openpgp.PGPPublicKeyRing;
import org.bouncycastle.openpgp.PGPSignature;
import org.bouncycastle.openpgp.PGPSignatureGenerator;
import org.bouncycastle.openpgp.PGPSignatureSubpacketGenerator;
import org.bouncycastle.openpgp.operator.bc.BcPGPContentSignerBuilder;
import org.bouncycastle.openpgp.operator.bc.BcPGPKeyPair;

/**
 * A valid public key of any size: an ed25519 key whose user IDs carry long notations, as
 * flooded keys do. gpg and sks accept it. Made in well under a second.
 *
 * @param fingerprint upper-case hex
 * @param packets the key, binary
 */
public record LargeKey(String fingerprint, byte[] packets) {

	/** gpg refuses signatures with more than 10 000 octets of hashed data. */
	private static final int NOTATION_BYTES = 9 * 1024;

	/**
	 * Makes a key.
	 * @param bytes its size at least, in bytes; it is at most 10 KiB larger
	 * @return the key
	 */
	public static LargeKey ofAtLeast(int bytes) {
		return ofAtLeast(bytes, "Large Lab");
	}

	/**
	 * Makes a key with a name of choice.
	 * @param bytes its size at least, in bytes; it is at most 10 KiB larger
	 * @param name start of its user IDs
	 * @return the key
	 */
	public static LargeKey ofAtLeast(int bytes, String name) {
		try {
			PGPKeyPair pair = keyPair();
			PGPPublicKey key = pair.getPublicKey();
			int certifications = bytes / NOTATION_BYTES + 1;
			for (int i = 0; i < certifications; i++) {
				String userId = name + " " + i + " <large" + i + "@lab.example>";
				key = PGPPublicKey.addCertification(key, userId, certify(pair, userId, i));
			}
			return new LargeKey(HexFormat.of().withUpperCase().formatHex(key.getFingerprint()),
					new PGPPublicKeyRing(List.of(key)).getEncoded());
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
		catch (PGPException ex) {
			throw new IllegalStateException(ex);
		}
	}

	/**
	 * The key in ASCII armor, larger by a third.
	 * @return the armor
	 */
	public String armored() {
		ByteArrayOutputStream bytes = new ByteArrayOutputStream();
		try (ArmoredOutputStream armor = ArmoredOutputStream.builder().build(bytes)) {
			armor.write(this.packets);
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
		return bytes.toString(StandardCharsets.US_ASCII);
	}

	private static PGPKeyPair keyPair() throws PGPException {
		Ed25519KeyPairGenerator generator = new Ed25519KeyPairGenerator();
		generator.init(new Ed25519KeyGenerationParameters(new SecureRandom()));
		return new BcPGPKeyPair(PublicKeyPacket.VERSION_4, PublicKeyAlgorithmTags.EDDSA_LEGACY,
				generator.generateKeyPair(), Date.from(Instant.ofEpochSecond(1_700_000_000)));
	}

	private static PGPSignature certify(PGPKeyPair pair, String userId, int seed) throws PGPException {
		PGPSignatureSubpacketGenerator subpackets = new PGPSignatureSubpacketGenerator();
		subpackets.setSignatureCreationTime(false, Date.from(Instant.ofEpochSecond(1_700_000_000)));
		subpackets.setIssuerFingerprint(false, pair.getPublicKey());
		subpackets.setKeyFlags(true, KeyFlags.CERTIFY_OTHER | KeyFlags.SIGN_DATA);
		byte[] noise = new byte[NOTATION_BYTES / 2];
		new Random(seed).nextBytes(noise);
		subpackets.addNotationData(false, true, "noise@lab.example", HexFormat.of().formatHex(noise));
		PGPSignatureGenerator generator = new PGPSignatureGenerator(
				new BcPGPContentSignerBuilder(PublicKeyAlgorithmTags.EDDSA_LEGACY, HashAlgorithmTags.SHA256),
				pair.getPublicKey());
		generator.init(PGPSignature.POSITIVE_CERTIFICATION, pair.getPrivateKey());
		generator.setHashedSubpackets(subpackets.generate());
		PGPSignatureSubpacketGenerator unhashed = new PGPSignatureSubpacketGenerator();
		unhashed.setIssuerKeyID(false, pair.getKeyID());
		generator.setUnhashedSubpackets(unhashed.generate());
		return generator.generateCertification(userId, pair.getPublicKey());
	}

}
