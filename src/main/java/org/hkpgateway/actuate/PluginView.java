package org.hkpgateway.actuate;

import java.time.Duration;
import java.time.Instant;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;

import org.hkpgateway.lifecycle.PluginState;
import org.hkpgateway.lifecycle.PluginStatus;
import org.hkpgateway.plugin.BreakerStatus;
import org.hkpgateway.plugin.Capability;
import org.hkpgateway.plugin.GuardStatus;
import org.hkpgateway.plugin.HealthReport;
import org.hkpgateway.plugin.IsolationReport;
import org.hkpgateway.plugin.LatencyStatus;
import org.hkpgateway.plugin.MatchRules;
import org.hkpgateway.plugin.PluginId;
import org.hkpgateway.plugin.PluginIntroduction;
import org.jspecify.annotations.Nullable;

/**
 * One plugin as {@code /actuator/plugins} shows it.
 *
 * @param name its name
 * @param version as its manifest says
 * @param source where its process comes from
 * @param enabled whether it is wanted
 * @param state where it is in its life
 * @param since when it got there
 * @param reason why
 * @param pid its process; null while there is none
 * @param generation which incarnation this is
 * @param restarts how often it was started again after a death
 * @param order place in the chain
 * @param mode {@code enforce} or {@code shadow}
 * @param speculative whether it may be asked ahead of its turn
 * @param match which requests it is shown
 * @param required whether readiness waits for it
 * @param fail what its failure means
 * @param transport how gateway and plugin know each other; null while it is not connected
 * @param isolation what its process is kept from; null while there is none
 * @param protocol the version that both sides speak; null before it was initialized
 * @param features optional parts of the protocol that it speaks
 * @param requested capabilities its manifest asked for
 * @param granted capabilities in force
 * @param reduced whether it got less than it asked for
 * @param waitingFor dependencies that keep it from starting
 * @param health its own word; null before it was asked
 * @param healthMessage its own sentence
 * @param healthDetails what it has said beside that
 * @param notCalled what is wrong if requests pass without it, see {@link ProofOfCall};
 * null if nothing is
 * @param remark what is to be known of its calls and is no reason for an alarm; null if
 * nothing is
 * @param breaker its circuit breaker of the request phase; null before it was READY
 * @param latency its calls of the request phase, of about the last minute; null before it
 * was READY
 * @param callsInFlight its calls of the request phase at this moment
 * @param responsePhase the same of the response phase; null before it was READY and if it
 * takes no part in it
 * @param other the other generation of a swap: STARTING to take over, or in STANDBY while
 * the new one is on trial; null if there is none
 * @param lastSwap how the latest swap went; null if there was none
 * @param failures its latest deaths, oldest first
 */
public record PluginView(String name, String version, String source, boolean enabled, PluginState state, Instant since,
		String reason, @Nullable Long pid, long generation, long restarts, int order, String mode, boolean speculative,
		Match match, boolean required, String fail, @Nullable String transport, @Nullable Isolation isolation,
		@Nullable String protocol, List<String> features, List<String> requested, List<String> granted, boolean reduced,
		List<String> waitingFor, @Nullable String health, @Nullable String healthMessage,
		Map<String, String> healthDetails, @Nullable String notCalled, @Nullable String remark,
		@Nullable BreakerStatus breaker, @Nullable Latency latency, int callsInFlight,
		@Nullable ResponsePhase responsePhase, PluginStatus.@Nullable OtherGeneration other,
		PluginStatus.@Nullable Swap lastSwap, List<PluginStatus.Failure> failures) {

	static PluginView of(PluginStatus status, ProofOfCall calls) {
		HealthReport health = status.health();
		PluginIntroduction introduction = status.introduction();
		GuardStatus requests = status.requests();
		return new PluginView(status.id().name(), status.version(), status.source(), status.enabled(), status.state(),
				status.since(), status.reason(), status.pid().isPresent() ? status.pid().getAsLong() : null,
				status.generation(), status.restarts(), status.order(), lower(status.mode()), status.speculative(),
				Match.of(status.match()), status.required(), lower(status.fail()), status.security(),
				Isolation.of(status.isolation()),
				(introduction != null) ? introduction.protocolVersion().toString() : null,
				(introduction != null) ? introduction.features() : List.of(), labels(status.requested()),
				labels(status.granted()), status.reduced(), status.waitingFor().stream().map(PluginId::name).toList(),
				(health != null) ? health.status().name() : null, (health != null) ? health.message() : null,
				(health != null) ? new TreeMap<>(health.details()) : Map.of(),
				status.enabled() ? calls.report(status.id()) : null,
				status.enabled() ? calls.remark(status.id()) : null, (requests != null) ? requests.breaker() : null,
				(requests != null) ? Latency.of(requests.latency()) : null,
				(requests != null) ? requests.callsInFlight() : 0, ResponsePhase.of(status.responses()), status.other(),
				status.lastSwap(), status.failures());
	}

	private static String lower(Enum<?> value) {
		return value.name().toLowerCase(Locale.ROOT);
	}

	private static List<String> labels(Collection<Capability> capabilities) {
		return capabilities.stream().map(Capability::label).sorted().toList();
	}

	/**
	 * Which requests it is shown: of a list that is not empty one entry must fit, and all
	 * lists must.
	 *
	 * @param methods HTTP methods
	 * @param operations HKP operations, as the configuration names them
	 * @param paths patterns of the decoded path
	 * @param clients address ranges
	 */
	public record Match(List<String> methods, List<String> operations, List<String> paths, List<String> clients) {

		static Match of(MatchRules rules) {
			return new Match(texts(rules.methods()), texts(rules.operations()), texts(rules.paths()),
					texts(rules.clients()));
		}

		private static List<String> texts(Collection<?> entries) {
			return entries.stream().map(Object::toString).toList();
		}

	}

	/**
	 * What was applied to a process.
	 *
	 * @param level {@code none}, {@code basic} or {@code strict}
	 * @param boundary whether it keeps a hostile plugin from the gateway and from others
	 * @param measures the single measures
	 * @param remark what an operator should know of it
	 */
	public record Isolation(String level, boolean boundary, List<String> measures, String remark) {

		static @Nullable Isolation of(@Nullable IsolationReport report) {
			return (report != null)
					? new Isolation(lower(report.level()), report.boundary(), report.measures(), report.remark())
					: null;
		}

	}

	/**
	 * How it does with the keyserver's answers.
	 *
	 * @param breaker its circuit breaker
	 * @param latency its calls of about the last minute
	 * @param callsInFlight its calls at this moment
	 */
	public record ResponsePhase(BreakerStatus breaker, Latency latency, int callsInFlight) {

		static @Nullable ResponsePhase of(@Nullable GuardStatus status) {
			return (status != null)
					? new ResponsePhase(status.breaker(), Latency.of(status.latency()), status.callsInFlight()) : null;
		}

	}

	/**
	 * How long calls took.
	 *
	 * @param calls how many there were
	 * @param meanMillis in milliseconds
	 * @param maxMillis in milliseconds
	 */
	public record Latency(int calls, double meanMillis, double maxMillis) {

		static Latency of(LatencyStatus latency) {
			return new Latency(latency.calls(), millis(latency.mean()), millis(latency.max()));
		}

		private static double millis(Duration duration) {
			return duration.toNanos() / (double) TimeUnit.MILLISECONDS.toNanos(1);
		}

	}

}
