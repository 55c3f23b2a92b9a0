package org.hkpgateway.hkp;

import java.io.ByteArrayOutputStream;

import org.jspecify.annotations.Nullable;

/**
 * Reads one field of an {@code application/x-www-form-urlencoded} body without making
 * text of it: a key of 1 MiB is a field of 1.5 MiB.
 */
public final class FormField {

	private FormField() {
	}

	/**
	 * Finds the first field of a name and decodes it. The name in the form may be
	 * percent-encoded, as keyservers decode names, too.
	 * @param body the form
	 * @param name an ASCII name
	 * @return the decoded octets; broken escapes stay as they are; null if there is no
	 * such field
	 */
	public static byte @Nullable [] find(byte[] body, String name) {
		int start = 0;
		while (start < body.length) {
			int end = start;
			while (end < body.length && body[end] != '&') {
				end++;
			}
			int value = value(body, start, end, name);
			if (value >= 0) {
				return decode(body, value, end);
			}
			start = end + 1;
		}
		return null;
	}

	/** Where the value begins, or -1 if the field has another name. */
	private static int value(byte[] body, int start, int end, String name) {
		int at = start;
		for (int i = 0; i < name.length(); i++) {
			if (at >= end || octet(body, at, end) != name.charAt(i)) {
				return -1;
			}
			at += isEscape(body, at, end) ? 3 : 1;
		}
		return (at < end && body[at] == '=') ? at + 1 : -1;
	}

	private static byte[] decode(byte[] body, int start, int end) {
		ByteArrayOutputStream decoded = new ByteArrayOutputStream(end - start);
		for (int i = start; i < end; i += isEscape(body, i, end) ? 3 : 1) {
			decoded.write(octet(body, i, end));
		}
		return decoded.toByteArray();
	}

	private static int octet(byte[] body, int at, int end) {
		if (isEscape(body, at, end)) {
			return Character.digit(body[at + 1], 16) * 16 + Character.digit(body[at + 2], 16);
		}
		return (body[at] == '+') ? ' ' : body[at] & 0xff;
	}

	private static boolean isEscape(byte[] body, int at, int end) {
		return body[at] == '%' && at + 2 < end && Character.digit(body[at + 1], 16) >= 0
				&& Character.digit(body[at + 2], 16) >= 0;
	}

}
