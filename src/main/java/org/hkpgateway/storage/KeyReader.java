package org.hkpgateway.storage;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.Iterator;
import java.util.List;

import org.bouncycastle.bcpg.ArmoredInputStream;
import org.bouncycastle.openpgp.PGPPublicKey;
import org.bouncycastle.openpgp.PGPPublicKeyRing;
import org.bouncycastle.openpgp.operator.bc.BcKeyFingerprintCalculator;
import org.hkpgateway.plugin.KeyInfo;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Reads what a keyserver answers to {@code op=get}: an armored block of public keys, one
 * at a time. Signatures are read, not verified. A key that Bouncy Castle cannot read is
 * left out. Blocks where the stream does.
 */
final class KeyReader {

	private static final String HEADER = "-----BEGIN PGP PUBLIC KEY BLOCK-----";

	private static final HexFormat HEX = HexFormat.of().withUpperCase();

	private static final Logger logger = LoggerFactory.getLogger(KeyReader.class);

	private final CertificateReader certificates;

	/**
	 * Reads up to the beginning of the block.
	 * @param answer the keyserver's
	 * @param longest most bytes of a key
	 * @throws IOException if there is no such block, or the stream breaks
	 */
	KeyReader(InputStream answer, int longest) throws IOException {
		ArmoredInputStream armor = ArmoredInputStream.builder().build(answer);
		if (!HEADER.equals(armor.getArmorHeaderLine())) {
			throw new IOException("expected: " + HEADER + ", got: "
					+ ((armor.getArmorHeaderLine() != null) ? "another block" : "none"));
		}
		this.certificates = new CertificateReader(armor, longest);
	}

	/**
	 * The next key.
	 * @return null after the last
	 * @throws IOException if the block is damaged or breaks off, or a key is too long
	 */
	@Nullable KeyInfo next() throws IOException {
		try {
			byte[] data = this.certificates.next();
			while (data != null) {
				KeyInfo key = read(data);
				if (key != null) {
					return key;
				}
				data = this.certificates.next();
			}
			return null;
		}
		catch (StorageException ex) {
			throw ex;
		}
		// The armor's parser throws unchecked exceptions for some damages.
		catch (RuntimeException ex) {
			throw new IOException("expected: an undamaged block, got: " + ex.getMessage(), ex);
		}
	}

	private static @Nullable KeyInfo read(byte[] data) {
		try {
			PGPPublicKeyRing ring = new PGPPublicKeyRing(new ByteArrayInputStream(data),
					new BcKeyFingerprintCalculator());
			PGPPublicKey primary = ring.getPublicKey();
			long created = primary.getCreationTime().toInstant().getEpochSecond();
			long valid = primary.getValidSeconds();
			return new KeyInfo(HEX.formatHex(primary.getFingerprint()), userIds(primary), created,
					(valid > 0) ? created + valid : 0, primary.hasRevocation(), data);
		}
		// The library throws many unchecked exceptions for damaged packets.
		catch (IOException | RuntimeException ex) {
			logger.debug("A key of {} bytes from the keyserver is left out: it cannot be parsed", data.length, ex);
			return null;
		}
	}

	private static List<String> userIds(PGPPublicKey primary) {
		List<String> userIds = new ArrayList<>();
		Iterator<byte[]> raw = primary.getRawUserIDs();
		while (raw.hasNext() && userIds.size() < IndexReader.MOST_USER_IDS) {
			userIds.add(new String(raw.next(), StandardCharsets.UTF_8));
		}
		return userIds;
	}

}
