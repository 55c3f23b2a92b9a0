package org.hkpgateway.antiabuse.rule;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.stream.Collectors;

import org.hkpgateway.antiabuse.count.Limit;
import org.hkpgateway.antiabuse.ledger.Steps;
import org.hkpgateway.sdk.config.ConfigException;

/**
 * What the rules are told. README.md has the table of keys.
 *
 * @param blockList the list of addresses
 * @param userAgent the patterns of programs
 * @param rate limits of ordinary requests
 * @param hashquery the limit of peer keyservers
 * @param upload what an upload must be like
 * @param harvest limits of searches
 * @param errors limits of failures
 * @param maxClients how many clients are counted at a time
 */
public record RulesConfig(BlockList blockList, UserAgent userAgent, Rate rate, Rate hashquery, Upload upload,
		Harvest harvest, Errors errors, int maxClients) {

	private static final int MINUTES_OF_A_YEAR = 525_600;

	/**
	 * Reads it.
	 * @param reader the configuration
	 * @return the same, typed
	 * @throws ConfigException if a value is wrong
	 */
	public static RulesConfig read(ConfigReader reader) {
		Duration forgetAfter = reader.memory("forget_after", Duration.ofHours(1));
		Duration window = reader.window("window", Duration.ofSeconds(10));
		Steps steps = new Steps(blockSteps(reader), forgetAfter);
		return new RulesConfig(BlockList.read(reader), UserAgent.read(reader), Rate.read(reader, window, steps),
				Rate.readHashquery(reader, window, steps), Upload.read(reader), Harvest.read(reader, forgetAfter),
				Errors.read(reader, forgetAfter), reader.number("max_clients", 100_000, 100, 10_000_000));
	}

	private static List<Duration> blockSteps(ConfigReader reader) {
		List<Duration> steps = reader.steps("block_steps", Duration.ofSeconds(10), Duration.ofSeconds(60),
				Duration.ofMinutes(10), Duration.ofHours(1));
		int minutes = reader.number("block_duration_minutes", 1, 1, MINUTES_OF_A_YEAR);
		return reader.contains("block_duration_minutes") ? List.of(Duration.ofMinutes(minutes)) : steps;
	}

	/**
	 * Of {@link BlockListRule}.
	 *
	 * @param mode what becomes of verdicts
	 * @param addresses the list
	 */
	record BlockList(Mode mode, AddressSet addresses) {

		static BlockList read(ConfigReader reader) {
			return new BlockList(reader.mode("block_list_mode"), reader.addresses("block"));
		}

	}

	/**
	 * Of {@link UserAgentRule}.
	 *
	 * @param mode what becomes of verdicts
	 * @param patterns at most {@value #MOST}
	 */
	record UserAgent(Mode mode, List<Glob> patterns) {

		static final int MOST = 50;

		static final int LONGEST = 100;

		static UserAgent read(ConfigReader reader) {
			List<String> texts = reader.list("user_agents", List.of());
			if (texts.size() > MOST) {
				throw new ConfigException("user_agents", "at most " + MOST + " patterns", texts.size() + " patterns");
			}
			List<Glob> patterns = new ArrayList<>();
			for (String text : texts) {
				if (text.length() > LONGEST || text.replace("*", "").isBlank()) {
					throw new ConfigException("user_agents[" + patterns.size() + "]",
							"1 to " + LONGEST + " characters, not only *", "'" + text + "'");
				}
				patterns.add(new Glob(text));
			}
			return new UserAgent(reader.mode("user_agent_mode"), List.copyOf(patterns));
		}

	}

	/**
	 * Of {@link RateRule}.
	 *
	 * @param mode what becomes of verdicts
	 * @param limits all of them are in force, at least one
	 * @param steps of blocks
	 */
	record Rate(Mode mode, List<Limit> limits, Steps steps) {

		static Rate read(ConfigReader reader, Duration window, Steps steps) {
			Limit main = new Limit(reader.number("threshold", 100, 1, ConfigReader.MOST), window, Limit.What.REQUEST);
			List<Limit> limits = new ArrayList<>(List.of(main));
			addClassic(reader, "max_requests_per_minute", Duration.ofMinutes(1), limits);
			addClassic(reader, "max_requests_per_hour", Duration.ofHours(1), limits);
			return new Rate(reader.mode("rate_limit_mode"), List.copyOf(limits), steps);
		}

		static Rate readHashquery(ConfigReader reader, Duration window, Steps steps) {
			int max = reader.number("hashquery_threshold", 500, 1, ConfigReader.MOST);
			return new Rate(reader.mode("hashquery_mode"), List.of(new Limit(max, window, Limit.What.REQUEST)), steps);
		}

		private static void addClassic(ConfigReader reader, String key, Duration window, List<Limit> limits) {
			int max = reader.number(key, 1, 1, ConfigReader.MOST);
			if (!reader.contains(key)) {
				return;
			}
			Limit main = limits.get(0);
			if ((double) max * main.window().toNanos() > (double) main.max() * window.toNanos()) {
				reader.warn(key + " = " + max + " is never reached, because threshold = " + main.max() + " per "
						+ main.window().toSeconds() + " s is stricter; raise threshold if that is not meant");
			}
			limits.add(new Limit(max, window, Limit.What.REQUEST));
		}

	}

	/**
	 * Of {@link UploadRule}.
	 *
	 * @param mode what becomes of verdicts
	 * @param maxBytes of a body
	 * @param contentTypes in lower case without parameters; empty: any
	 */
	record Upload(Mode mode, long maxBytes, Set<String> contentTypes) {

		private static final long MOST = 2047L * 1024 * 1024;

		private static final List<String> TYPES = List.of("application/x-www-form-urlencoded", "multipart/form-data",
				"application/pgp", "application/pgp-keys", "application/octet-stream");

		static Upload read(ConfigReader reader) {
			Set<String> types = reader.list("upload_content_types", TYPES)
				.stream()
				.map((type) -> type.toLowerCase(Locale.ROOT))
				.collect(Collectors.toUnmodifiableSet());
			return new Upload(reader.mode("upload_mode"), reader.size("upload_max_size", "8MB", MOST), types);
		}

	}

	/**
	 * Of {@link HarvestRule}.
	 *
	 * @param mode what becomes of verdicts
	 * @param searches how many different searches
	 * @param broad how many broad ones
	 * @param shortest how many characters a search must have not to be broad
	 * @param steps of blocks
	 */
	record Harvest(Mode mode, Limit searches, Limit broad, int shortest, Steps steps) {

		/** A set is compared one by one, and is one value with the gateway. */
		private static final int MOST = 1000;

		static Harvest read(ConfigReader reader, Duration forgetAfter) {
			Duration window = reader.window("harvest_window", Duration.ofMinutes(10));
			Steps steps = new Steps(reader.steps("harvest_block_steps", Duration.ofMinutes(10), Duration.ofHours(1),
					Duration.ofDays(1)), forgetAfter);
			return new Harvest(reader.mode("harvest_mode"),
					new Limit(reader.number("harvest_searches", 100, 1, MOST), window, Limit.What.SEARCH),
					new Limit(reader.number("harvest_broad_searches", 20, 1, MOST), window, Limit.What.BROAD_SEARCH),
					reader.number("harvest_shortest", 4, 1, 100), steps);
		}

	}

	/**
	 * Of {@link ErrorsRule}.
	 *
	 * @param mode what becomes of verdicts
	 * @param searches how many searches may fail
	 * @param fetches how many keys may not be there
	 * @param statuses which answers are errors
	 * @param steps of blocks
	 */
	record Errors(Mode mode, Limit searches, Limit fetches, Statuses statuses, Steps steps) {

		static Errors read(ConfigReader reader, Duration forgetAfter) {
			Duration window = reader.window("errors_window", Duration.ofMinutes(5));
			Steps steps = new Steps(
					reader.steps("errors_block_steps", Duration.ofMinutes(5), Duration.ofHours(1), Duration.ofDays(1)),
					forgetAfter);
			return new Errors(reader.mode("errors_mode"),
					new Limit(reader.number("errors_threshold", 20, 1, ConfigReader.MOST), window,
							Limit.What.FAILED_SEARCH),
					new Limit(reader.number("errors_fetch_threshold", 1000, 1, ConfigReader.MOST), window,
							Limit.What.FAILED_FETCH),
					Statuses.parse("errors_statuses",
							reader.list("errors_statuses", List.of("400", "404", "414", "422"))),
					steps);
		}

	}

}
