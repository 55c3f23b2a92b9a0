package org.hkpgateway.antiabuse;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

import org.hkpgateway.sdk.config.ConfigException;
import org.hkpgateway.sdk.config.PluginConfig;

/**
 * The plugin's configuration. README.md has the table of keys.
 *
 * @param limits of ordinary requests, at least one
 * @param hashqueryLimit of peer keyservers
 * @param blockSteps lengths of blocks, at least one
 * @param forgetAfter how long a block counts after its end
 * @param allow never counted, never blocked
 * @param block always refused
 * @param maxClients how many clients are counted at a time
 * @param logAddresses whether the log names clients
 * @param warnings what an operator should know, one sentence each
 */
record AntiabuseConfig(List<ClientLimiter.Limit> limits, ClientLimiter.Limit hashqueryLimit, List<Duration> blockSteps,
		Duration forgetAfter, AddressSet allow, AddressSet block, int maxClients, boolean logAddresses,
		List<String> warnings) {

	/** Every key there is. */
	static final Set<String> KEYS = Set.of("threshold", "window", "hashquery_threshold", "max_requests_per_minute",
			"max_requests_per_hour", "block_steps", "block_duration_minutes", "forget_after", "allow", "block",
			"max_clients", "log_addresses");

	private static final int MOST = 1_000_000;

	private static final int MINUTES_OF_A_YEAR = 525_600;

	private static final Duration LONGEST = Duration.ofDays(1);

	private static final Duration LONGEST_BLOCK = Duration.ofDays(365);

	private static final List<Duration> STEPS = List.of(Duration.ofSeconds(10), Duration.ofSeconds(60),
			Duration.ofMinutes(10), Duration.ofHours(1));

	AntiabuseConfig {
		limits = List.copyOf(limits);
		blockSteps = List.copyOf(blockSteps);
		warnings = List.copyOf(warnings);
	}

	/**
	 * Reads the configuration.
	 * @param config the configuration
	 * @return the same, typed
	 * @throws ConfigException if a value is wrong
	 */
	static AntiabuseConfig parse(PluginConfig config) {
		List<String> warnings = new ArrayList<>();
		for (String key : config.unknownKeys(KEYS)) {
			warnings.add("configuration key '" + key + "' is unknown and ignored; known are "
					+ KEYS.stream().sorted().toList());
		}
		Duration window = duration(config, "window", Duration.ofSeconds(10), Duration.ofSeconds(1), LONGEST);
		ClientLimiter.Limit main = new ClientLimiter.Limit(config.getInt("threshold", 100, 1, MOST), window);
		List<ClientLimiter.Limit> limits = new ArrayList<>(List.of(main));
		addClassic(config, "max_requests_per_minute", Duration.ofMinutes(1), limits, warnings);
		addClassic(config, "max_requests_per_hour", Duration.ofHours(1), limits, warnings);
		int hashqueries = config.getInt("hashquery_threshold", 500, 1, MOST);
		return new AntiabuseConfig(limits, new ClientLimiter.Limit(hashqueries, window), steps(config),
				duration(config, "forget_after", Duration.ofHours(1), Duration.ZERO, LONGEST_BLOCK),
				AddressSet.parse("allow", config.getStringList("allow", List.of())),
				AddressSet.parse("block", config.getStringList("block", List.of())),
				config.getInt("max_clients", 100_000, 100, 10_000_000), config.getBoolean("log_addresses", true),
				warnings);
	}

	private static void addClassic(PluginConfig config, String key, Duration window, List<ClientLimiter.Limit> limits,
			List<String> warnings) {
		if (!config.contains(key)) {
			return;
		}
		int max = config.getInt(key, 1, 1, MOST);
		ClientLimiter.Limit main = limits.get(0);
		if ((double) max * main.window().toNanos() > (double) main.max() * window.toNanos()) {
			warnings.add(key + " = " + max + " is never reached, because threshold = " + main.max() + " per "
					+ main.window().toSeconds() + " s is stricter; raise threshold if that is not meant");
		}
		limits.add(new ClientLimiter.Limit(max, window));
	}

	private static List<Duration> steps(PluginConfig config) {
		if (config.contains("block_duration_minutes")) {
			return List.of(Duration.ofMinutes(config.getInt("block_duration_minutes", 1, 1, MINUTES_OF_A_YEAR)));
		}
		List<Duration> steps = config.getDurationList("block_steps", STEPS);
		if (steps.isEmpty() || steps.size() > 20) {
			throw new ConfigException("block_steps", "1 to 20 durations", steps.size() + " durations");
		}
		for (int i = 0; i < steps.size(); i++) {
			check("block_steps[" + i + "]", steps.get(i), Duration.ofSeconds(1), LONGEST_BLOCK);
		}
		return steps;
	}

	private static Duration duration(PluginConfig config, String key, Duration fallback, Duration least,
			Duration most) {
		Duration value = config.getDuration(key, fallback);
		check(key, value, least, most);
		return value;
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
