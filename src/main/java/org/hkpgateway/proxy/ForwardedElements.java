package org.hkpgateway.proxy;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * Reads Forwarded (RFC 7239) from its right end. What stands there a trusted proxy wrote,
 * and so it is well-formed; what stands further left a client may have written, with
 * quotes and commas meant to change the meaning of the rest.
 */
final class ForwardedElements {

	private ForwardedElements() {
	}

	/**
	 * The elements.
	 * @param value of the header
	 * @param most how many elements to read
	 * @return the last element first
	 */
	static List<Element> fromTheRight(String value, int most) {
		List<Element> elements = new ArrayList<>();
		int end = value.length();
		while (end >= 0 && elements.size() < most) {
			int comma = lastOutsideQuotes(value, ',', end);
			elements.add(element(value.substring(comma + 1, end)));
			end = comma;
		}
		return elements;
	}

	private static Element element(String element) {
		Map<String, String> values = new HashMap<>();
		int end = element.length();
		while (end >= 0) {
			int semicolon = lastOutsideQuotes(element, ';', end);
			String pair = element.substring(semicolon + 1, end);
			int equals = pair.indexOf('=');
			if (equals >= 0) {
				values.merge(pair.substring(0, equals).trim().toLowerCase(Locale.ROOT),
						unquoted(pair.substring(equals + 1).trim()), (one, another) -> "");
			}
			end = semicolon;
		}
		return new Element(values.getOrDefault("for", ""), values.getOrDefault("proto", ""),
				values.getOrDefault("host", ""));
	}

	private static String unquoted(String value) {
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

	/**
	 * What one proxy says. Values as written but without quotes; empty where there is
	 * none, or more than one.
	 *
	 * @param address who sent it the request
	 * @param scheme in which
	 * @param host that was asked for
	 */
	record Element(String address, String scheme, String host) {

		static final Element NONE = new Element("", "", "");

	}

}
