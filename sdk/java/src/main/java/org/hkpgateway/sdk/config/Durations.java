package org.hkpgateway.sdk.config;

import java.time.Duration;
import java.time.format.DateTimeParseException;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

import org.jspecify.annotations.Nullable;

/**
 * Durations as operators write them: {@code 500ms}, {@code 10s}, {@code 5m}, {@code 1h},
 * {@code 7d}, parts joined as in {@code 1h30m}, or ISO 8601 as in {@code PT10S}.
 */
final class Durations {

	static final String EXPECTED = "a duration such as \"500ms\", \"10s\", \"5m\", \"1h\" or \"7d\"";

	private static final Pattern WHOLE = Pattern.compile("(\\d{1,9}(ms|s|m|h|d))+");

	private static final Pattern PART = Pattern.compile("(\\d{1,9})(ms|s|m|h|d)");

	private Durations() {
	}

	static @Nullable Duration parse(String text) {
		String trimmed = text.strip();
		if (!WHOLE.matcher(trimmed).matches()) {
			return iso(trimmed);
		}
		Duration sum = Duration.ZERO;
		Matcher part = PART.matcher(trimmed);
		while (part.find()) {
			long count = Long.parseLong(part.group(1));
			sum = sum.plus(switch (part.group(2)) {
				case "ms" -> Duration.ofMillis(count);
				case "s" -> Duration.ofSeconds(count);
				case "m" -> Duration.ofMinutes(count);
				case "h" -> Duration.ofHours(count);
				default -> Duration.ofDays(count);
			});
		}
		return sum;
	}

	private static @Nullable Duration iso(String text) {
		try {
			return (text.startsWith("P") || text.startsWith("p")) ? Duration.parse(text) : null;
		}
		catch (DateTimeParseException ex) {
			return null;
		}
	}

}
