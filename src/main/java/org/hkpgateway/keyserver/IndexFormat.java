package org.hkpgateway.keyserver;

import java.nio.charset.StandardCharsets;
import java.util.List;

import org.jspecify.annotations.Nullable;

/**
 * Writes lists of keys: the machine-readable index of draft-shaw-openpgp-hkp-00 section
 * 5.2, and a page for people.
 */
final class IndexFormat {

	private IndexFormat() {
	}

	/**
	 * Writes {@code info:}, {@code pub:} and {@code uid:} lines.
	 * @param keys what was found
	 * @return ASCII text
	 */
	static String machineReadable(List<StoredKey> keys) {
		StringBuilder index = new StringBuilder("info:1:").append(keys.size()).append('\n');
		for (StoredKey key : keys) {
			index.append("pub:")
				.append(key.fingerprint())
				.append(':')
				.append(key.algorithm())
				.append(':')
				.append(key.bits())
				.append(':')
				.append(key.created())
				.append(':')
				.append(seconds(key.expires()))
				.append(':')
				.append(key.revoked() ? "r" : "")
				.append('\n');
			for (UserId userId : key.userIds()) {
				index.append("uid:")
					.append(percentEscape(userId.text()))
					.append(':')
					.append(seconds(userId.created()))
					.append(':')
					.append(seconds(userId.expires()))
					.append(':')
					.append(userId.revoked() ? "r" : "")
					.append('\n');
			}
		}
		return index.toString();
	}

	/**
	 * Writes a page with a link to each key.
	 * @param keys what was found
	 * @return HTML
	 */
	static String html(List<StoredKey> keys) {
		StringBuilder page = new StringBuilder("<!DOCTYPE html>\n<html><head><meta charset=\"utf-8\">"
				+ "<title>Keys</title></head><body>\n<h1>Keys</h1>\n<ul>\n");
		for (StoredKey key : keys) {
			page.append("<li><a href=\"/pks/lookup?op=get&amp;search=0x")
				.append(key.fingerprint())
				.append("\"><code>")
				.append(key.fingerprint())
				.append("</code></a>")
				.append(key.revoked() ? " revoked" : "")
				.append("<ul>\n");
			for (UserId userId : key.userIds()) {
				page.append("<li>").append(htmlEscape(userId.text())).append("</li>\n");
			}
			page.append("</ul></li>\n");
		}
		return page.append("</ul>\n</body></html>\n").toString();
	}

	private static String seconds(@Nullable Long seconds) {
		return (seconds != null) ? seconds.toString() : "";
	}

	private static String percentEscape(String text) {
		StringBuilder escaped = new StringBuilder();
		for (byte octet : text.getBytes(StandardCharsets.UTF_8)) {
			if (octet < 0x20 || octet == 0x7f || octet == '%' || octet == ':') {
				escaped.append('%')
					.append(Character.toUpperCase(Character.forDigit((octet >> 4) & 0xf, 16)))
					.append(Character.toUpperCase(Character.forDigit(octet & 0xf, 16)));
			}
			else {
				escaped.append((char) octet);
			}
		}
		return escaped.toString();
	}

	private static String htmlEscape(String text) {
		return text.replace("&", "&amp;")
			.replace("<", "&lt;")
			.replace(">", "&gt;")
			.replace("\"", "&quot;")
			.replace("'", "&#39;");
	}

}
