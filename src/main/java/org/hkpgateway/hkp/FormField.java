package org.hkpgateway.hkp;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;

import org.jspecify.annotations.Nullable;

/**
 * Reads one field of an {@code application/x-www-form-urlencoded} body without making
 * text of it: a key of 1 MiB is a field of 1.5 MiB.
 */
public final class FormField {

	private FormField() {
	}

	/**
	 * Finds the first field of a name and decodes it.
	 * @param body the form
	 * @param name an ASCII name without characters that need an escape
	 * @return the decoded octets; broken escapes stay as they are; null if there is no
	 * such field
	 */
	public static byte @Nullable [] find(byte[] body, String name) {
		byte[] prefix = (name + "=").getBytes(StandardCharsets.US_ASCII);
		int start = 0;
		while (start < body.length) {
			int end = start;
			while (end < body.length && body[end] != '&') {
				end++;
			}
			if (startsWith(body, start, end, prefix)) {
				return decode(body, start + prefix.length, end);
			}
			start = end + 1;
		}
		return null;
	}

	private static boolean startsWith(byte[] body, int start, int end, byte[] prefix) {
		if (end - start < prefix.length) {
			return false;
		}
		for (int i = 0; i < prefix.length; i++) {
			if (body[start + i] != prefix[i]) {
				return false;
			}
		}
		return true;
	}

	private static byte[] decode(byte[] body, int start, int end) {
		ByteArrayOutputStream decoded = new ByteArrayOutputStream(end - start);
		for (int i = start; i < end; i++) {
			int high = (body[i] == '%' && i + 2 < end) ? Character.digit(body[i + 1], 16) : -1;
			int low = (high >= 0) ? Character.digit(body[i + 2], 16) : -1;
			if (low >= 0) {
				decoded.write(high * 16 + low);
				i += 2;
			}
			else {
				decoded.write((body[i] == '+') ? ' ' : body[i]);
			}
		}
		return decoded.toByteArray();
	}

}
