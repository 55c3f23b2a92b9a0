package org.hkpgateway.sdk;

import java.util.Locale;

import org.jspecify.annotations.Nullable;

/**
 * Another target for a request, valid as far as that can be seen without the request.
 *
 * @param path percent-encoded, from the first slash; null: unchanged
 * @param query percent-encoded, without its question mark; empty: none; null: unchanged
 */
record Rewrite(@Nullable String path, @Nullable String query) {

	static final Rewrite NONE = new Rewrite(null, null);

	private static final int MAX_BYTES = 8 * 1024;

	Rewrite {
		check("path", path);
		check("query", query);
		if (path != null && (!path.startsWith("/") || path.indexOf('?') >= 0)) {
			throw new IllegalArgumentException("path: expected: one that starts with / and has no question mark, got: '"
					+ path + "'; the query is set by rewriteQuery");
		}
		int length = length(path) + length(query);
		if (length > MAX_BYTES) {
			throw new IllegalArgumentException(
					"path and query: expected: at most " + MAX_BYTES + " bytes, got: " + length);
		}
	}

	private static int length(@Nullable String text) {
		return (text != null) ? text.length() : 0;
	}

	private static void check(String what, @Nullable String text) {
		for (int i = 0; text != null && i < text.length(); i++) {
			char c = text.charAt(i);
			if (c <= ' ' || c > '~' || c == '#') {
				throw new IllegalArgumentException(String.format(Locale.ROOT,
						"%s: expected: percent-encoded ASCII without blanks and fragment, got: U+%04X at index %d of "
								+ "'%s'",
						what, (int) c, i, text));
			}
		}
	}

}
