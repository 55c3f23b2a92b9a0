package org.hkpgateway.proxy;

import java.util.Locale;

/**
 * What octets may stand where in an HTTP/1 request: the grammar of RFC 9110 section 5 and
 * RFC 9112, without what it tolerates of old implementations. All ranges are a part of an
 * array, the end excluded.
 */
final class Octets {

	private static final String TOKEN_PUNCTUATION = "!#$%&'*+-.^_`|~";

	private static final boolean[] TOKEN = new boolean[256];

	static {
		for (int octet = 0; octet < 0x80; octet++) {
			TOKEN[octet] = isAlphanumeric(octet) || TOKEN_PUNCTUATION.indexOf(octet) >= 0;
		}
	}

	private Octets() {
	}

	private static boolean isAlphanumeric(int octet) {
		return isDigit(octet) || (octet >= 'A' && octet <= 'Z') || (octet >= 'a' && octet <= 'z');
	}

	private static boolean isDigit(int octet) {
		return octet >= '0' && octet <= '9';
	}

	static boolean isBlank(int octet) {
		return octet == ' ' || octet == '\t';
	}

	static boolean isToken(byte[] octets, int from, int to) {
		for (int i = from; i < to; i++) {
			if (!TOKEN[octets[i] & 0xff]) {
				return false;
			}
		}
		return from < to;
	}

	/**
	 * Whether none is a control character. Tabs are, in a target, and are not, in the
	 * value of a field. Octets beyond ASCII are taken as they are.
	 */
	static boolean isVisible(byte[] octets, int from, int to, boolean blanks) {
		for (int i = from; i < to; i++) {
			int octet = octets[i] & 0xff;
			if (octet == 0x7f || (octet <= ' ' && !(blanks && isBlank(octet)))) {
				return false;
			}
		}
		return true;
	}

	static boolean isNumber(byte[] octets, int from, int to) {
		for (int i = from; i < to; i++) {
			if (!isDigit(octets[i])) {
				return false;
			}
		}
		return from < to;
	}

	static int indexOf(int octet, byte[] octets, int from, int to) {
		for (int i = from; i < to; i++) {
			if (octets[i] == octet) {
				return i;
			}
		}
		return -1;
	}

	static boolean same(String text, byte[] octets, int from, int to) {
		if (text.length() != to - from) {
			return false;
		}
		for (int i = 0; i < text.length(); i++) {
			if (octets[from + i] != text.charAt(i)) {
				return false;
			}
		}
		return true;
	}

	/**
	 * Whether two names are one for a program that ignores case and, as CGI does, takes
	 * underscores for hyphens.
	 * @param name in lower case, with hyphens
	 */
	static boolean sameFolded(String name, byte[] octets, int from, int to) {
		if (name.length() != to - from) {
			return false;
		}
		for (int i = 0; i < name.length(); i++) {
			int octet = octets[from + i];
			int folded = (octet >= 'A' && octet <= 'Z') ? octet + 0x20 : (octet == '_') ? '-' : octet;
			if (folded != name.charAt(i)) {
				return false;
			}
		}
		return true;
	}

	static String hex(int octet) {
		return String.format(Locale.ROOT, "octet 0x%02x", octet & 0xff);
	}

}
