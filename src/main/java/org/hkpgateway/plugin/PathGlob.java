package org.hkpgateway.plugin;

import java.util.List;
import java.util.regex.Pattern;

import org.jspecify.annotations.Nullable;

/**
 * A pattern of paths. {@code *} stands for any characters within a segment, or none; a
 * segment {@code **} for any segments, or none; all else for itself. Matching takes no
 * more steps than the product of the lengths of pattern and path, whatever they are.
 */
public final class PathGlob {

	/** Longest pattern, in characters. */
	static final int LONGEST = 256;

	private static final String ANY_SEGMENTS = "**";

	/**
	 * What belongs to a query, to an escape, or to other languages of patterns: taken for
	 * itself it would never match, and nobody would notice.
	 */
	private static final Pattern RESERVED = Pattern.compile("[?#%{}\\[\\]\\\\\\p{Cntrl}]");

	private final String text;

	private final List<String> segments;

	private PathGlob(String text, List<String> segments) {
		this.text = text;
		this.segments = segments;
	}

	/**
	 * Reads a pattern.
	 * @param text for example {@code /pks/v2/**}
	 * @return the pattern
	 * @throws IllegalArgumentException if it is none
	 */
	public static PathGlob parse(String text) {
		if (!text.startsWith("/") || text.length() > LONGEST || RESERVED.matcher(text).find()) {
			throw invalid(text);
		}
		List<String> segments = List.of(text.substring(1).split("/", -1));
		for (String segment : segments) {
			if (segment.contains(ANY_SEGMENTS) && !segment.equals(ANY_SEGMENTS)) {
				throw invalid(text);
			}
		}
		return new PathGlob(text, segments);
	}

	private static IllegalArgumentException invalid(String text) {
		return new IllegalArgumentException("expected: a path of at most " + LONGEST
				+ " characters, for example /pks/v2/**, with * for any text within a segment and ** for any segments,"
				+ " without query, escapes and brackets, got: " + text);
	}

	/**
	 * Compares with a path. Letters must agree in case.
	 * @param path decoded
	 * @return true if all of it matches
	 */
	public boolean matches(String path) {
		if (!path.startsWith("/")) {
			return false;
		}
		int next = 0;
		int at = 1;
		int afterAny = -1;
		int anyTo = 0;
		while (at <= path.length()) {
			int end = segmentEnd(path, at);
			if (next < this.segments.size() && this.segments.get(next).equals(ANY_SEGMENTS)) {
				afterAny = ++next;
				anyTo = at;
			}
			else if (next < this.segments.size() && matches(this.segments.get(next), path, at, end)) {
				next++;
				at = end + 1;
			}
			else if (afterAny >= 0) {
				// The last ** takes one segment more. Those before it need not: what
				// stands between found its first place, which leaves the most room.
				anyTo = segmentEnd(path, anyTo) + 1;
				at = anyTo;
				next = afterAny;
			}
			else {
				return false;
			}
		}
		return this.segments.subList(next, this.segments.size()).stream().allMatch(ANY_SEGMENTS::equals);
	}

	/**
	 * Whether there may be a path that matches.
	 * @param place a path; if it ends with a slash, all that are below it
	 * @return false only if none matches
	 */
	boolean meets(String place) {
		if (!place.endsWith("/")) {
			return matches(place);
		}
		List<String> above = List.of(place.substring(1, place.length() - 1).split("/", -1));
		for (int i = 0; i < above.size(); i++) {
			if (i == this.segments.size()) {
				return false;
			}
			if (this.segments.get(i).equals(ANY_SEGMENTS)) {
				return true;
			}
			if (!matches(this.segments.get(i), above.get(i), 0, above.get(i).length())) {
				return false;
			}
		}
		return this.segments.size() > above.size();
	}

	private static int segmentEnd(String path, int start) {
		int slash = path.indexOf('/', start);
		return (slash < 0) ? path.length() : slash;
	}

	/** The same, a level below: characters in place of segments. */
	private static boolean matches(String glob, String path, int from, int to) {
		int next = 0;
		int at = from;
		int afterAny = -1;
		int anyTo = 0;
		while (at < to) {
			if (next < glob.length() && glob.charAt(next) == '*') {
				afterAny = ++next;
				anyTo = at;
			}
			else if (next < glob.length() && glob.charAt(next) == path.charAt(at)) {
				next++;
				at++;
			}
			else if (afterAny >= 0) {
				at = ++anyTo;
				next = afterAny;
			}
			else {
				return false;
			}
		}
		return glob.substring(next).chars().allMatch((character) -> character == '*');
	}

	@Override
	public boolean equals(@Nullable Object other) {
		return other instanceof PathGlob glob && this.text.equals(glob.text);
	}

	@Override
	public int hashCode() {
		return this.text.hashCode();
	}

	/** As it was written. */
	@Override
	public String toString() {
		return this.text;
	}

}
