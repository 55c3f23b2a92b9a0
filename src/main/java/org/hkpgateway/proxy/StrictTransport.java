package org.hkpgateway.proxy;

import java.time.Duration;
import java.util.Locale;

import io.netty.handler.codec.http.HttpHeaders;
import io.netty.util.AsciiString;
import org.jspecify.annotations.Nullable;

import org.springframework.boot.convert.DurationStyle;

/**
 * Strict-Transport-Security (RFC 6797, {@code hkp.edge.hsts}): tells browsers to use this
 * host over TLS only.
 *
 * @param value of the header; null if the gateway leaves the header to the keyserver
 */
record StrictTransport(@Nullable String value) {

	private static final AsciiString NAME = AsciiString.cached("strict-transport-security");

	private static final String KEY = "hkp.edge.hsts";

	private static final Duration LONGEST = Duration.ofDays(3650);

	/**
	 * Reads the setting.
	 * @param text {@code off}, or a duration, perhaps followed by
	 * {@code include-subdomains}
	 * @return what it means
	 * @throws IllegalArgumentException if it is neither; the message names the key
	 */
	static StrictTransport parse(String text) {
		// YAML reads a bare off as false.
		if (text.equals("off") || text.equals("false")) {
			return new StrictTransport(null);
		}
		String[] words = text.trim().toLowerCase(Locale.ROOT).split("\\s+", -1);
		Duration age = duration(words[0]);
		boolean subdomains = words.length == 2 && words[1].equals("include-subdomains");
		boolean valid = age != null && !age.isNegative() && age.compareTo(LONGEST) <= 0
				&& (words.length == 1 || subdomains);
		Checks.that(valid, KEY, "off, or a duration of 0s to 3650d and perhaps include-subdomains, "
				+ "for example 365d or \"365d include-subdomains\"", text);
		long seconds = (age != null) ? age.toSeconds() : 0;
		return new StrictTransport("max-age=" + seconds + (subdomains ? "; includeSubDomains" : ""));
	}

	private static @Nullable Duration duration(String text) {
		// Who knows the header takes a bare number for seconds, Spring for milliseconds.
		if (text.isEmpty() || !Character.isLetter(text.charAt(text.length() - 1))) {
			return null;
		}
		try {
			return DurationStyle.SIMPLE.parse(text);
		}
		catch (IllegalArgumentException ex) {
			return null;
		}
	}

	/**
	 * Completes the head of an answer. What the keyserver or a plugin says stays, but
	 * nothing is said on a connection in the clear, where anybody could have written it.
	 * @param answer the headers
	 * @param tls whether the client speaks TLS
	 */
	void complete(HttpHeaders answer, boolean tls) {
		if (this.value == null) {
			return;
		}
		if (!tls) {
			answer.remove(NAME);
		}
		else if (!answer.contains(NAME)) {
			answer.set(NAME, this.value);
		}
	}

}
