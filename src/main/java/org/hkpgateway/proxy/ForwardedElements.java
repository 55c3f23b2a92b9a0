package org.hkpgateway.proxy;

import java.util.ArrayList;
import java.util.List;

import org.jspecify.annotations.Nullable;

/**
 * Reads Forwarded (RFC 7239) from its right end. What stands there a trusted proxy wrote,
 * and so it is well-formed; what stands further left a client may have written, with
 * quotes and commas meant to change the meaning of the rest.
 */
final class ForwardedElements {

	private ForwardedElements() {
	}

	/**
	 * The addresses of the elements.
	 * @param value of the header
	 * @param most how many elements to read
	 * @return the {@code for} of each, the last element's first, as written but without
	 * quotes; empty where there is none, or more than one
	 */
	static List<String> addressesFromTheRight(String value, int most) {
		List<String> addresses = new ArrayList<>();
		int end = value.length();
		while (end >= 0 && addresses.size() < most) {
			int comma = lastOutsideQuotes(value, ',', end);
			addresses.add(addressOf(value.substring(comma + 1, end)));
			end = comma;
		}
		return addresses;
	}

	private static String addressOf(String element) {
		String found = null;
		int end = element.length();
		while (end >= 0) {
			int semicolon = lastOutsideQuotes(element, ';', end);
			String address = valueOfFor(element.substring(semicolon + 1, end));
			if (address != null && found != null) {
				return "";
			}
			found = (address != null) ? address : found;
			end = semicolon;
		}
		return (found != null) ? found : "";
	}

	private static @Nullable String valueOfFor(String pair) {
		int equals = pair.indexOf('=');
		if (equals < 0 || !pair.substring(0, equals).trim().equalsIgnoreCase("for")) {
			return null;
		}
		String value = pair.substring(equals + 1).trim();
		boolean quoted = value.length() >= 2 && value.startsWith("\"") && value.endsWith("\"");
		return quoted ? value.substring(1, value.length() - 1) : value;
	}

	/** -1 if there is none. A quote behind an odd number of backslashes is none. */
	private static int lastOutsideQuotes(String text, char wanted, int end) {
		boolean quoted = false;
		for (int i = end - 1; i >= 0; i--) {
			char c = text.charAt(i);
			if (c == '"') {
				int backslashes = 0;
				while (i - backslashes > 0 && text.charAt(i - backslashes - 1) == '\\') {
					backslashes++;
				}
				quoted ^= backslashes % 2 == 0;
			}
			else if (c == wanted && !quoted) {
				return i;
			}
		}
		return -1;
	}

}
