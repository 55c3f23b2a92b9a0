package org.hkpgateway.hkp;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;

import org.jspecify.annotations.Nullable;

/**
 * Percent-decoding. Text that goes in is octets as ISO-8859-1 characters; text that comes
 * out is either the same or decoded as UTF-8.
 */
public final class Percent {

	private Percent() {
	}

	/**
	 * Decodes once and reads the octets as UTF-8.
	 * @param octets encoded text
	 * @param plusIsSpace true in queries and forms, false in paths
	 * @return the text, or null if an escape is broken or the octets are not UTF-8
	 */
	static @Nullable String strict(String octets, boolean plusIsSpace) {
		if (isPlain(octets)) {
			return octets;
		}
		if (!wellFormed(octets)) {
			return null;
		}
		try {
			ByteBuffer bytes = ByteBuffer.wrap(bytes(octets, plusIsSpace));
			return StandardCharsets.UTF_8.newDecoder().decode(bytes).toString();
		}
		catch (CharacterCodingException ex) {
			return null;
		}
	}

	/**
	 * Decodes once. Broken escapes stay as they are, octets that are not UTF-8 become
	 * U+FFFD.
	 * @param octets encoded text
	 * @param plusIsSpace true in queries and forms, false in paths
	 * @return the text
	 */
	public static String lenient(String octets, boolean plusIsSpace) {
		if (isPlain(octets)) {
			return octets;
		}
		return new String(bytes(octets, plusIsSpace), StandardCharsets.UTF_8);
	}

	/**
	 * Decodes once and keeps octets as ISO-8859-1 characters. Broken escapes stay as they
	 * are.
	 * @param octets encoded text
	 * @return decoded octets
	 */
	static String octets(String octets) {
		return new String(bytes(octets, false), StandardCharsets.ISO_8859_1);
	}

	/**
	 * Whether every percent sign starts an escape of two hexadecimal digits.
	 * @param octets encoded text
	 * @return false if one does not
	 */
	static boolean wellFormed(String octets) {
		for (int i = octets.indexOf('%'); i >= 0; i = octets.indexOf('%', i + 1)) {
			if (!escapeAt(octets, i)) {
				return false;
			}
		}
		return true;
	}

	/** Whether decoding would change nothing, as is the case with most requests. */
	private static boolean isPlain(String octets) {
		for (int i = 0; i < octets.length(); i++) {
			char octet = octets.charAt(i);
			if (octet >= 0x80 || octet == '%' || octet == '+') {
				return false;
			}
		}
		return true;
	}

	private static byte[] bytes(String octets, boolean plusIsSpace) {
		if (octets.indexOf('%') < 0 && !(plusIsSpace && octets.indexOf('+') >= 0)) {
			return octets.getBytes(StandardCharsets.ISO_8859_1);
		}
		ByteArrayOutputStream decoded = new ByteArrayOutputStream(octets.length());
		for (int i = 0; i < octets.length(); i++) {
			char octet = octets.charAt(i);
			if (octet == '%' && escapeAt(octets, i)) {
				decoded.write(hex(octets.charAt(i + 1)) * 16 + hex(octets.charAt(i + 2)));
				i += 2;
			}
			else {
				decoded.write((octet == '+' && plusIsSpace) ? ' ' : octet);
			}
		}
		return decoded.toByteArray();
	}

	private static boolean escapeAt(String octets, int index) {
		return index + 2 < octets.length() && hex(octets.charAt(index + 1)) >= 0 && hex(octets.charAt(index + 2)) >= 0;
	}

	/** ASCII only: {@link Character#digit} would also take digits of other scripts. */
	private static int hex(char character) {
		return (character < 0x80) ? Character.digit(character, 16) : -1;
	}

}
