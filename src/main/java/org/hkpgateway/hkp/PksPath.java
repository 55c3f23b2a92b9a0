package org.hkpgateway.hkp;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * Decides whether a path means {@code /pks/…} for any program that might see it, and
 * whether it is written in the one way that all programs read alike.
 *
 * <p>
 * SKS compares the octets of the path. Hockeypuck compares the decoded path and redirects
 * doubled slashes, dot segments, a trailing slash and wrong case to the real endpoint;
 * other servers and the proxies in front of them fold backslashes and drop {@code ;}
 * parameters. What only some of them understand is refused.
 */
final class PksPath {

	private static final String PREFIX = "/pks/";

	/** No chain of proxies decodes more often; a bound on work for nested escapes. */
	private static final int DECODING_ROUNDS = 4;

	private PksPath() {
	}

	/**
	 * Whether some program could take the path for one under {@code /pks/}.
	 * @param path as sent, octets as ISO-8859-1 characters
	 * @return false only if none does
	 */
	static boolean meant(String path) {
		return path.regionMatches(true, 0, PREFIX, 0, PREFIX.length()) || underPks(simplify(decodeFully(path)));
	}

	/**
	 * Checks that a path under {@code /pks/} is canonical.
	 * @param path a path that {@link #meant(String)} is true for
	 * @throws AmbiguousTargetException if programs could read it differently
	 */
	static void requireCanonical(String path) throws AmbiguousTargetException {
		if (path.equals("/pks") || path.equals(PREFIX)) {
			return;
		}
		if (!path.startsWith(PREFIX)) {
			throw new AmbiguousTargetException(
					"expected: a path that starts with /pks/ literally, got: another spelling"
							+ " of it; write the path without escapes, dot segments or doubled slashes");
		}
		Endpoint endpoint = Endpoint.of(path);
		if (endpoint != null && endpoint.argument() == Endpoint.Argument.NONE) {
			// All of it is as it should be written.
			return;
		}
		for (String segment : path.substring(PREFIX.length()).split("/", -1)) {
			if (segment.isEmpty() || segment.equals(".") || segment.equals("..")) {
				throw new AmbiguousTargetException("expected: path segments with text between the slashes,"
						+ " got: an empty or dot segment; write the path in its short form");
			}
		}
		String correct = Endpoint.misspelt(path);
		if (correct != null) {
			throw new AmbiguousTargetException("expected: " + correct + ", got: the same in another case");
		}
		if (endpoint != null && endpoint.argument() == Endpoint.Argument.ENCODED) {
			requirePlain(path.substring(0, path.lastIndexOf('/')));
			requireOneReading(endpoint.argumentOf(path));
		}
		else {
			requirePlain(path);
		}
	}

	private static void requirePlain(String path) throws AmbiguousTargetException {
		for (int i = 0; i < path.length(); i++) {
			char octet = path.charAt(i);
			if (octet == '%' || octet == ';' || octet == '\\' || octet >= 0x7f) {
				throw new AmbiguousTargetException("expected: a path under /pks/ in plain ASCII without escapes,"
						+ " semicolons or backslashes, got: octet 0x" + Integer.toHexString(octet) + " in it");
			}
		}
	}

	/**
	 * Hockeypuck decodes an identity twice, so its decoded form must not be an escape.
	 */
	private static void requireOneReading(String segment) throws AmbiguousTargetException {
		String decoded = Percent.strict(segment, false);
		if (decoded == null) {
			throw new AmbiguousTargetException(
					"expected: an identity in percent-encoded UTF-8, got: a broken escape or other octets");
		}
		if (segment.indexOf(';') >= 0 || segment.indexOf('\\') >= 0 || decoded.equals(".") || decoded.equals("..")
				|| decoded.chars()
					.anyMatch((character) -> character == '/' || character == '%' || isControl(character))) {
			throw new AmbiguousTargetException(
					"expected: an identity of plain or percent-encoded characters, got: one that"
							+ " contains a slash, a backslash, a semicolon, an escaped percent sign or a control character");
		}
	}

	/**
	 * Decodes until nothing is left to decode, at most four times.
	 * @param path as sent
	 * @return decoded octets
	 */
	static String decodeFully(String path) {
		String decoded = path;
		for (int round = 0; round < DECODING_ROUNDS && decoded.indexOf('%') >= 0; round++) {
			decoded = Percent.octets(decoded);
		}
		return decoded;
	}

	static boolean isControl(int character) {
		return character < 0x20 || character == 0x7f;
	}

	static boolean hasControl(String text) {
		for (int i = 0; i < text.length(); i++) {
			if (isControl(text.charAt(i))) {
				return true;
			}
		}
		return false;
	}

	private static List<String> simplify(String decoded) {
		List<String> segments = new ArrayList<>();
		for (String segment : decoded.replace('\\', '/').split("/", -1)) {
			int parameters = segment.indexOf(';');
			String name = (parameters < 0) ? segment : segment.substring(0, parameters);
			if (name.equals("..")) {
				if (!segments.isEmpty()) {
					segments.remove(segments.size() - 1);
				}
			}
			else if (!name.isEmpty() && !name.equals(".")) {
				segments.add(name.toLowerCase(Locale.ROOT));
			}
		}
		return segments;
	}

	private static boolean underPks(List<String> segments) {
		return !segments.isEmpty() && segments.get(0).equals("pks");
	}

}
