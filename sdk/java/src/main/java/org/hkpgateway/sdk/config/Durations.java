package org.hkpgateway.sdk.config;

import java.time.Duration;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

import org.jspecify.annotations.Nullable;

/**
 * Durations as operators write them: {@code 500ms}, {@code 10s}, {@code 5m}, {@code 1h},
 * {@code 7d}, parts joined as in {@code 1h30m}, or ISO 8601 as in {@code PT10S}. Capitals
 * make no difference.
 */
final class Durations {

	static final String EXPECTED = "a duration such as \"500ms\", \"10s\", \"5m\", \"1h\" or \"7d\"";

	/** What is longer than a hundred years is a mistake. */
	private static final Duration LONGEST = Duration.ofDays(36_500);

	private static final Pattern WHOLE = Pattern.compile("(\\d{1,9}(ms|s|m|h|d))+");

	private static final Pattern PART = Pattern.compile("(\\d{1,9})(ms|s|m|h|d)");

	private static final Pattern ISO = Pattern
		.compile("p(\\d{1,9}d)?(t(\\d{1,9}h)?(\\d{1,9}m)?(\\d{1,9}(\\.\\d{1,3})?s)?)?(?<![pt])");

	private Durations() {
	}

	static @Nullable Duration parse(String text) {
		String lower = text.strip().toLowerCase(Locale.ROOT);
		Duration duration = ISO.matcher(lower).matches() ? Duration.parse(lower)
				: WHOLE.matcher(lower).matches() ? sum(lower) : null;
		return (duration != null && duration.compareTo(LONGEST) <= 0) ? duration : null;
	}

	private static Duration sum(String text) {
		Duration sum = Duration.ZERO;
		Matcher part = PART.matcher(text);
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

}
