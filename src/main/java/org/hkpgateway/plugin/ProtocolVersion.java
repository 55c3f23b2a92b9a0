package org.hkpgateway.plugin;

import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

import org.jspecify.annotations.Nullable;

/**
 * A version of the plugin protocol. Majors are incompatible, a minor adds, a patch is
 * informational.
 *
 * @param major 1 or more
 * @param minor 0 or more
 * @param patch 0 or more
 */
public record ProtocolVersion(int major, int minor, int patch) implements Comparable<ProtocolVersion> {

	/** The version that this gateway speaks. */
	public static final ProtocolVersion CURRENT = new ProtocolVersion(1, 0, 0);

	private static final Pattern SYNTAX = Pattern.compile("(\\d{1,6})(?:\\.(\\d{1,6}))?(?:\\.(\\d{1,6}))?");

	private static final Comparator<ProtocolVersion> ORDER = Comparator.comparingInt(ProtocolVersion::major)
		.thenComparingInt(ProtocolVersion::minor)
		.thenComparingInt(ProtocolVersion::patch);

	public ProtocolVersion {
		if (major < 1 || minor < 0 || patch < 0) {
			throw new IllegalArgumentException(
					"protocol version: expected: 1.0 or later, got: " + major + "." + minor + "." + patch);
		}
	}

	/**
	 * Reads {@code "1"}, {@code "1.0"} or {@code "1.0.0"}.
	 * @param text the text
	 * @return the version
	 * @throws IllegalArgumentException for anything else
	 */
	public static ProtocolVersion parse(String text) {
		Matcher matcher = SYNTAX.matcher(text.trim());
		if (!matcher.matches()) {
			throw new IllegalArgumentException(
					"protocol version: expected: major[.minor[.patch]], for example \"1.0\", got: \"" + text + "\"");
		}
		return new ProtocolVersion(Integer.parseInt(matcher.group(1)), number(matcher.group(2)),
				number(matcher.group(3)));
	}

	/**
	 * Agrees on a version: the highest common major, and within it the smaller minor.
	 * @param client what one side speaks, at most one per major is useful
	 * @param server what the other side speaks
	 * @return the agreed version with patch 0, or empty if no major is common
	 */
	public static Optional<ProtocolVersion> negotiate(List<ProtocolVersion> client, List<ProtocolVersion> server) {
		return client.stream()
			.flatMap((ours) -> server.stream()
				.filter((theirs) -> theirs.major() == ours.major())
				.map((theirs) -> new ProtocolVersion(ours.major(), Math.min(ours.minor(), theirs.minor()), 0)))
			.max(ORDER);
	}

	/**
	 * Whether a side that speaks this version is enough for one that needs another.
	 * @param needed the lowest that will do
	 * @return true for the same major and no smaller minor; the patch does not matter
	 */
	public boolean covers(ProtocolVersion needed) {
		return this.major == needed.major && this.minor >= needed.minor;
	}

	private static int number(@Nullable String digits) {
		return (digits != null) ? Integer.parseInt(digits) : 0;
	}

	@Override
	public int compareTo(ProtocolVersion other) {
		return ORDER.compare(this, other);
	}

	@Override
	public String toString() {
		return this.major + "." + this.minor + ((this.patch != 0) ? "." + this.patch : "");
	}

}
