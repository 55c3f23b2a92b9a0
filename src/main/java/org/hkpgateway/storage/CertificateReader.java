package org.hkpgateway.storage;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;

import org.bouncycastle.bcpg.PacketTags;
import org.jspecify.annotations.Nullable;

/**
 * Takes a sequence of OpenPGP packets apart into keys, by their headers alone: one that
 * no library understands does not hide the others. Blocks where the stream does.
 */
final class CertificateReader {

	private static final int NOTHING = -1;

	private final InputStream packets;

	private final int longest;

	/** The first octet of a packet that was not read yet. */
	private int ahead = NOTHING;

	/**
	 * Begins to read.
	 * @param packets binary
	 * @param longest most bytes of a key
	 */
	CertificateReader(InputStream packets, int longest) {
		this.packets = packets;
		this.longest = longest;
	}

	/**
	 * The next key, octet by octet as it came.
	 * @return a public key packet and what belongs to it; null after the last
	 * @throws IOException if these are no packets, if a key is too long, or if the stream
	 * breaks
	 */
	byte @Nullable [] next() throws IOException {
		ByteArrayOutputStream certificate = new ByteArrayOutputStream();
		int first = (this.ahead != NOTHING) ? this.ahead : this.packets.read();
		this.ahead = NOTHING;
		while (first != NOTHING) {
			boolean begins = tag(first) == PacketTags.PUBLIC_KEY;
			if (begins && certificate.size() > 0) {
				this.ahead = first;
				break;
			}
			if (begins || certificate.size() > 0) {
				copyPacket(first, certificate);
			}
			else {
				// A marker, or what stands before the first key.
				copyPacket(first, new ByteArrayOutputStream());
			}
			first = this.packets.read();
		}
		return (certificate.size() > 0) ? certificate.toByteArray() : null;
	}

	private static int tag(int first) throws IOException {
		if ((first & 0x80) == 0) {
			throw new IOException("expected: OpenPGP packets, got: something else");
		}
		return ((first & 0x40) != 0) ? first & 0x3f : (first >> 2) & 0xf;
	}

	/** RFC 9580, 4.2. Keys have no packets of partial or indeterminate length. */
	private void copyPacket(int first, ByteArrayOutputStream to) throws IOException {
		to.write(first);
		long length;
		if ((first & 0x40) == 0) {
			int type = first & 0x3;
			length = (type < 3) ? number(1 << type, to) : NOTHING;
		}
		else {
			long octet = number(1, to);
			length = (octet < 192) ? octet : (octet < 224) ? ((octet - 192) << 8) + number(1, to) + 192
					: (octet == 255) ? number(4, to) : NOTHING;
		}
		if (length < 0 || length > this.longest - to.size()) {
			throw new IOException("expected: keys of at most " + this.longest + " bytes, got: a longer one");
		}
		byte[] body = this.packets.readNBytes((int) length);
		if (body.length < length) {
			throw cut();
		}
		to.write(body, 0, body.length);
	}

	private long number(int octets, ByteArrayOutputStream to) throws IOException {
		long number = 0;
		for (int i = 0; i < octets; i++) {
			int octet = this.packets.read();
			if (octet < 0) {
				throw cut();
			}
			to.write(octet);
			number = (number << 8) | octet;
		}
		return number;
	}

	private static IOException cut() {
		return new IOException("expected: whole OpenPGP packets, got: one that breaks off");
	}

}
