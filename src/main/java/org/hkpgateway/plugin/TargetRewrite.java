package org.hkpgateway.plugin;

import java.util.Locale;

import org.jspecify.annotations.Nullable;

/**
 * Another target for a request, as a plugin asks for it. Whether it may be used at all is
 * found out by {@link RequestEvent#withTarget}.
 *
 * @param path percent-encoded, from the first slash; null to leave it as it is
 * @param query percent-encoded, without its question mark; empty for none; null to leave
 * it as it is
 */
public record TargetRewrite(@Nullable String path, @Nullable String query) {

	/** Keyservers and proxies refuse longer ones; hexadecimal searches are short. */
	public static final int MAX_TARGET_BYTES = 8 * 1024;

	public TargetRewrite {
		if (path == null && query == null) {
			throw new IllegalArgumentException("rewrite: expected: a path, a query or both, got: neither");
		}
		check("path", path);
		check("query", query);
		if (path != null && (!path.startsWith("/") || path.indexOf('?') >= 0)) {
			throw new IllegalArgumentException("rewrite of the path: expected: one that starts with / and has no "
					+ "question mark, got: another; the query is a field of its own");
		}
	}

	private static void check(String what, @Nullable String text) {
		for (int i = 0; text != null && i < text.length(); i++) {
			char c = text.charAt(i);
			if (c <= ' ' || c > '~' || c == '#') {
				throw new IllegalArgumentException(String.format(Locale.ROOT,
						"rewrite of the %s: expected: percent-encoded ASCII without blanks and fragment, got 0x%02x at "
								+ "position %d",
						what, (int) c, i));
			}
		}
	}

	/**
	 * The new target.
	 * @param target the target to rewrite
	 * @return path and query
	 */
	public String of(String target) {
		int question = target.indexOf('?');
		String oldPath = (question < 0) ? target : target.substring(0, question);
		String oldQuery = (question < 0) ? "" : target.substring(question + 1);
		String newPath = (this.path != null) ? this.path : oldPath;
		String newQuery = (this.query != null) ? this.query : oldQuery;
		return newQuery.isEmpty() ? newPath : newPath + "?" + newQuery;
	}

}
