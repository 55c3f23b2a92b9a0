package org.hkpgateway.hkp;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.regex.Pattern;

import org.bouncycastle.bcpg.ArmoredInputStream;
import org.bouncycastle.bcpg.PacketTags;
import org.jspecify.annotations.Nullable;

/**
 * Which keys an upload has, as far as its beginning shows: of a key, the first packet
 * says which it is, so that of gpg's uploads, a key each, the beginning is enough.
 * Signatures are not checked: that is the keyserver's part.
 */
public final class UploadedKeys {

	private static final String HEADER = "-----BEGIN PGP PUBLIC KEY BLOCK-----";

	private static final Pattern KEYS = Pattern.compile("\\s*application/pgp(-keys)?\\s*(;|$)",
			Pattern.CASE_INSENSITIVE);

	private final ByteBuffer packets;

	private final List<UploadedKey> keys = new ArrayList<>();

	private UploadedKeys(byte[] packets) {
		this.packets = ByteBuffer.wrap(packets);
	}

	/**
	 * Reads the keys of an upload, in order. Never fails: whatever is damaged, and all
	 * behind it, is no key. Takes CPU time and memory in proportion to the bytes.
	 * @param contentType of the upload; a form unless it is {@code application/pgp},
	 * which keyservers take, or {@code application/pgp-keys} of RFC 3156, each with any
	 * parameters
	 * @param body the upload, or its beginning
	 * @return keys of version 4 and up, of whose change nothing is known
	 */
	public static List<UploadedKey> read(String contentType, byte[] body) {
		byte[] keytext = KEYS.matcher(contentType).lookingAt() ? null : FormField.find(body, "keytext");
		byte[] text = (keytext != null) ? keytext : body;
		boolean binary = text.length > 0 && (text[0] & 0x80) != 0;
		return new UploadedKeys(binary ? text : dearmor(text)).read();
	}

	/** The first block, or as much of it as there is: keyservers read no other. */
	private static byte[] dearmor(byte[] text) {
		ByteArrayOutputStream packets = new ByteArrayOutputStream(text.length);
		try (ArmoredInputStream armor = ArmoredInputStream.builder().build(new ByteArrayInputStream(text))) {
			if (HEADER.equals(armor.getArmorHeaderLine())) {
				for (int octet = armor.read(); octet >= 0; octet = armor.read()) {
					packets.write(octet);
				}
			}
		}
		// The library throws many unchecked exceptions for what is damaged.
		catch (IOException | RuntimeException ex) {
			return packets.toByteArray();
		}
		return packets.toByteArray();
	}

	private List<UploadedKey> read() {
		try {
			while (this.packets.hasRemaining()) {
				packet();
			}
		}
		catch (BufferUnderflowException | IllegalArgumentException ex) {
			return List.copyOf(this.keys);
		}
		return List.copyOf(this.keys);
	}

	/**
	 * RFC 9580, section 4.2. Not with the library, which believes lengths and gives up
	 * with the first packet that it does not know.
	 */
	private void packet() {
		int header = octet();
		boolean current = (header & 0x40) != 0;
		int tag = current ? header & 0x3f : (header & 0x3f) >> 2;
		int length = current ? length() : legacyLength(header & 3);
		if ((header & 0x80) == 0 || length < 0) {
			throw new IllegalArgumentException("expected: a packet of a certain length, got: something else");
		}
		if (length > this.packets.remaining()) {
			throw new BufferUnderflowException();
		}
		ByteBuffer body = this.packets.slice(this.packets.position(), length);
		this.packets.position(this.packets.position() + length);
		if (tag == PacketTags.PUBLIC_KEY && length > 0) {
			key(body);
		}
	}

	private int length() {
		int first = octet();
		if (first < 192) {
			return first;
		}
		if (first < 224) {
			return ((first - 192) << 8) + octet() + 192;
		}
		return (first == 255) ? this.packets.getInt() : -1;
	}

	private int legacyLength(int type) {
		return switch (type) {
			case 0 -> octet();
			case 1 -> this.packets.getShort() & 0xffff;
			case 2 -> this.packets.getInt();
			default -> -1;
		};
	}

	private int octet() {
		return this.packets.get() & 0xff;
	}

	private void key(ByteBuffer body) {
		int version = body.get(0) & 0xff;
		byte[] fingerprint = fingerprint(version, body);
		if (fingerprint != null) {
			this.keys.add(new UploadedKey(HexFormat.of().formatHex(fingerprint), version, null));
		}
	}

	/** RFC 9580, section 5.5.4. Version 5 is that of LibrePGP. */
	private static byte @Nullable [] fingerprint(int version, ByteBuffer body) {
		if (version == 4 && body.remaining() <= 0xffff) {
			return digest("SHA-1", ByteBuffer.allocate(3).put((byte) 0x99).putShort((short) body.remaining()).flip(),
					body);
		}
		if (version == 5 || version == 6) {
			return digest("SHA-256",
					ByteBuffer.allocate(5).put((byte) ((version == 5) ? 0x9a : 0x9b)).putInt(body.remaining()).flip(),
					body);
		}
		return null;
	}

	private static byte[] digest(String algorithm, ByteBuffer... parts) {
		try {
			MessageDigest digest = MessageDigest.getInstance(algorithm);
			for (ByteBuffer part : parts) {
				digest.update(part);
			}
			return digest.digest();
		}
		catch (NoSuchAlgorithmException ex) {
			throw new IllegalStateException("every Java has it", ex);
		}
	}

}
