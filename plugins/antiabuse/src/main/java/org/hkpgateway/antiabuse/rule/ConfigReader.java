package org.hkpgateway.antiabuse.rule;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

import org.hkpgateway.sdk.config.ConfigException;
import org.hkpgateway.sdk.config.PluginConfig;

/**
 * Reads a configuration within bounds, and remembers which keys it was asked for and what
 * an operator should be warned of. For one thread.
 */
public final class ConfigReader {

	/** Most of anything that is counted. */
	static final int MOST = 1_000_000;

	static final Duration LONGEST_WINDOW = Duration.ofDays(1);

	private static final Duration LONGEST_BLOCK = Duration.ofDays(365);

	/**
	 * No {@code hkp.plugins.max-delay} is longer, and the protocol has room for 49 days.
	 */
	private static final Duration LONGEST_DELAY = Duration.ofHours(1);

	private static final Pattern SIZE = Pattern.compile("(\\d{1,9})(B|KB|MB)?");

	private final PluginConfig config;

	private final Set<String> keys = new TreeSet<>();

	private final List<String> warnings = new ArrayList<>();

	/**
	 * Makes a reader.
	 * @param config what is read
	 */
	public ConfigReader(PluginConfig config) {
		this.config = config;
	}

	/**
	 * Every key that was asked for, whether it is there or not.
	 * @return sorted
	 */
	public Set<String> keys() {
		return new TreeSet<>(this.keys);
	}

	/**
	 * What an operator should know.
	 * @return one sentence each, with those about keys that nobody asked for
	 */
	public List<String> warnings() {
		List<String> all = new ArrayList<>();
		for (String key : this.config.unknownKeys(this.keys)) {
			all.add("configuration key '" + key + "' is unknown and ignored; known are " + this.keys);
		}
		all.addAll(this.warnings);
		return all;
	}

	void warn(String warning) {
		this.warnings.add(warning);
	}

	boolean contains(String key) {
		return asked(key).contains(key);
	}

	/**
	 * Reads yes or no.
	 * @param key the key
	 * @param fallback used when absent
	 * @return the value
	 */
	public boolean flag(String key, boolean fallback) {
		return asked(key).getBoolean(key, fallback);
	}

	/**
	 * Reads addresses and networks.
	 * @param key the key
	 * @return none when absent
	 */
	public AddressSet addresses(String key) {
		return AddressSet.parse(key, list(key, List.of()));
	}

	int number(String key, int fallback, int least, int most) {
		return asked(key).getInt(key, fallback, least, most);
	}

	List<String> list(String key, List<String> fallback) {
		return asked(key).getStringList(key, fallback);
	}

	Mode mode(String key) {
		String text = asked(key).getString(key, "enforce").strip().toLowerCase(Locale.ROOT);
		return switch (text) {
			case "off" -> Mode.OFF;
			case "observe" -> Mode.OBSERVE;
			case "enforce" -> Mode.ENFORCE;
			default -> throw new ConfigException(key, "off, observe or enforce", "'" + text + "'");
		};
	}

	Duration window(String key, Duration fallback) {
		return duration(key, fallback, Duration.ofSeconds(1), LONGEST_WINDOW);
	}

	/**
	 * Reads how long the gateway is to hold an answer.
	 * @param key the key
	 * @return zero, also when absent, to an hour
	 */
	public Duration delay(String key) {
		return duration(key, Duration.ZERO, Duration.ZERO, LONGEST_DELAY);
	}

	/** A time that may be none. */
	Duration memory(String key, Duration fallback) {
		return duration(key, fallback, Duration.ZERO, LONGEST_BLOCK);
	}

	private Duration duration(String key, Duration fallback, Duration least, Duration most) {
		Duration value = asked(key).getDuration(key, fallback);
		check(key, value, least, most);
		return value;
	}

	List<Duration> steps(String key, Duration... fallback) {
		List<Duration> steps = asked(key).getDurationList(key, List.of(fallback));
		if (steps.isEmpty() || steps.size() > 20) {
			throw new ConfigException(key, "1 to 20 durations", steps.size() + " durations");
		}
		for (int i = 0; i < steps.size(); i++) {
			check(key + "[" + i + "]", steps.get(i), Duration.ofSeconds(1), LONGEST_BLOCK);
		}
		return steps;
	}

	/** Bytes; KB and MB are of 1024, as everywhere in the gateway. */
	long size(String key, String fallback, long most) {
		String text = asked(key).getString(key, fallback).strip();
		Matcher size = SIZE.matcher(text.toUpperCase(Locale.ROOT));
		if (size.matches()) {
			String unit = (size.group(2) != null) ? size.group(2) : "B";
			long bytes = Long.parseLong(size.group(1)) * switch (unit) {
				case "KB" -> 1024;
				case "MB" -> 1024 * 1024;
				default -> 1;
			};
			if (bytes >= 1 && bytes <= most) {
				return bytes;
			}
		}
		throw new ConfigException(key, "a size such as \"512KB\" or \"8MB\", up to " + most + " bytes",
				"'" + text + "'");
	}

	private PluginConfig asked(String key) {
		this.keys.add(key);
		return this.config;
	}

	private static void check(String key, Duration value, Duration least, Duration most) {
		if (value.compareTo(least) < 0 || value.compareTo(most) > 0) {
			throw new ConfigException(key, "a duration from " + text(least) + " to " + text(most), text(value));
		}
	}

	private static String text(Duration duration) {
		if (duration.toNanosPart() != 0) {
			return duration.toMillis() + "ms";
		}
		return (duration.toDays() > 0 && duration.toSeconds() % 86_400 == 0) ? duration.toDays() + "d"
				: duration.toSeconds() + "s";
	}

}
