package org.hkpgateway.keyserver;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

import org.bouncycastle.bcpg.ArmoredInputStream;
import org.bouncycastle.openpgp.PGPMarker;
import org.bouncycastle.openpgp.PGPPublicKeyRing;
import org.bouncycastle.openpgp.bc.BcPGPObjectFactory;

/**
 * Reads public keys. Takes CPU time in proportion to their size.
 */
final class KeyParser {

	private static final String HEADER = "-----BEGIN PGP PUBLIC KEY BLOCK-----";

	private KeyParser() {
	}

	/**
	 * Removes ASCII armor.
	 * @param text what a client sent as keytext
	 * @return the packets inside the first block
	 * @throws RefusedException with 400 if it is no armored public key
	 */
	static byte[] dearmor(byte[] text) throws RefusedException {
		try (ArmoredInputStream armor = ArmoredInputStream.builder().build(new ByteArrayInputStream(text))) {
			if (!HEADER.equals(armor.getArmorHeaderLine())) {
				throw new RefusedException(400, "expected: a block that begins with " + HEADER + ", got: "
						+ ((armor.getArmorHeaderLine() != null) ? "another block" : "none"));
			}
			return armor.readAllBytes();
		}
		catch (IOException | RuntimeException ex) {
			throw new RefusedException(400, "expected: an undamaged ASCII armor, got: " + ex.getMessage());
		}
	}

	/**
	 * Parses packets.
	 * @param packets binary
	 * @return at least one key
	 * @throws RefusedException with 422 if these are not public keys only
	 */
	static List<PGPPublicKeyRing> parse(byte[] packets) throws RefusedException {
		List<PGPPublicKeyRing> rings = new ArrayList<>();
		try {
			BcPGPObjectFactory objects = new BcPGPObjectFactory(packets);
			for (Object object = objects.nextObject(); object != null; object = objects.nextObject()) {
				if (object instanceof PGPPublicKeyRing ring) {
					rings.add(ring);
				}
				else if (!(object instanceof PGPMarker)) {
					throw new RefusedException(422,
							"expected: OpenPGP public keys only, got: " + object.getClass().getSimpleName());
				}
			}
		}
		// The library throws many unchecked exceptions for damaged packets.
		catch (IOException | RuntimeException ex) {
			throw new RefusedException(422, "expected: OpenPGP public keys, got: packets that cannot be parsed");
		}
		if (rings.isEmpty()) {
			throw new RefusedException(422, "expected: at least one OpenPGP public key, got: none");
		}
		return rings;
	}

}
