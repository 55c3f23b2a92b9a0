package org.hkpgateway.actuate;

import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Supplier;

import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import org.hkpgateway.chain.ChainListener;
import org.hkpgateway.chain.PluginOutcome;
import org.hkpgateway.lifecycle.PluginStatus;
import org.hkpgateway.plugin.Capability;
import org.hkpgateway.plugin.Phase;
import org.hkpgateway.plugin.PluginId;
import org.hkpgateway.plugin.PluginMode;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Finds plugins that protect nothing although everything looks well: it was their turn,
 * and no call got to them, for want of time, of room, of a closed breaker or of a running
 * process; or requests came and they were not in the chain at all. One such request is a
 * failure like any other, and counted as such; it is reported when they go on for the
 * whole period without a single call in between, until there is one.
 * <p>
 * Not reported, but told: that match rules fit no request, and that others have answered
 * before it was a plugin's turn.
 * <p>
 * Requests only count; {@link #look} compares, called every now and then. Thread-safe.
 */
public final class ProofOfCall implements ChainListener {

	private static final Logger logger = LoggerFactory.getLogger(ProofOfCall.class);

	private static final String UNPROVEN = "hkp.plugin.unproven";

	private final Duration period;

	private final Supplier<List<PluginStatus>> plugins;

	private final Supplier<Set<PluginId>> inChain;

	private final MeterRegistry registry;

	private final Clock clock;

	private final LongAdder requests = new LongAdder();

	private final Map<PluginId, Tally> tallies = new ConcurrentHashMap<>();

	private final Map<PluginId, Case> cases = new ConcurrentHashMap<>();

	/**
	 * Nothing has come yet.
	 * @param period how long a plugin may be passed over
	 * @param plugins all plugins
	 * @param inChain those that are in the chain
	 * @param registry for {@code hkp.plugin.unproven}, by plugin: 1 if it is reported
	 * @param clock tells the time
	 */
	public ProofOfCall(Duration period, Supplier<List<PluginStatus>> plugins, Supplier<Set<PluginId>> inChain,
			MeterRegistry registry, Clock clock) {
		this.period = period;
		this.plugins = plugins;
		this.inChain = inChain;
		this.registry = registry;
		this.clock = clock;
	}

	@Override
	public void requestCame() {
		this.requests.increment();
	}

	@Override
	public void matched(PluginId plugin) {
		tally(plugin).matched.increment();
	}

	@Override
	public void pluginAsked(String requestId, PluginOutcome outcome) {
		if (outcome.kind().phase() != Phase.REQUEST) {
			// Who sees answers has not decided about their requests.
			return;
		}
		Tally tally = tally(outcome.plugin());
		(outcome.neverSent() ? tally.passedOver : tally.called).increment();
	}

	private Tally tally(PluginId plugin) {
		Tally known = this.tallies.get(plugin);
		return (known != null) ? known : this.tallies.computeIfAbsent(plugin, (id) -> new Tally());
	}

	/**
	 * Compares with the last look. To be called several times in a period, by one thread
	 * at a time.
	 */
	public void look() {
		Instant now = this.clock.instant();
		long came = this.requests.sum();
		Set<PluginId> present = this.inChain.get();
		Set<PluginId> known = new HashSet<>();
		for (PluginStatus status : this.plugins.get()) {
			if (decides(status, present.isEmpty())) {
				known.add(status.id());
				look(status.id(), now, tally(status.id()).count(came), present.contains(status.id()));
			}
		}
		this.cases.keySet().retainAll(known);
		this.tallies.keySet().retainAll(known);
	}

	/**
	 * Whether it should be called. One that was granted too little is not, as its
	 * operator wants it; unless nobody is left who would be.
	 */
	private static boolean decides(PluginStatus status, boolean chainIsEmpty) {
		Set<Capability> capabilities = chainIsEmpty ? status.requested() : status.granted();
		return status.enabled() && status.mode() == PluginMode.ENFORCE
				&& capabilities.contains(Capability.HTTP_REQUEST);
	}

	private void look(PluginId id, Instant now, Count count, boolean present) {
		register(id);
		Case before = this.cases.get(id);
		if (before == null) {
			this.cases.put(id, Case.first(now, count));
			return;
		}
		Case after = before.next(now, count, present, this.period);
		this.cases.put(id, after);
		if (after.reported() && !before.reported()) {
			logger.warn("Plugin {} protects nothing: {}", id, after.words());
		}
		else if (before.reported() && !after.reported()) {
			logger.info("Plugin {} is called again", id);
		}
	}

	private void register(PluginId id) {
		// At each look: it goes with the plugin, which may have come back since the last.
		// Micrometer warns of a second.
		if (this.registry.find(UNPROVEN).tag(GatewayMetrics.PLUGIN, id.name()).gauge() == null) {
			Gauge.builder(UNPROVEN, () -> (report(id) != null) ? 1 : 0)
				.description("1 while requests are decided without a plugin that should decide about them")
				.tag(GatewayMetrics.PLUGIN, id.name())
				.register(this.registry);
		}
	}

	/**
	 * What is wrong with a plugin.
	 * @param plugin which
	 * @return what is known and what to do; null if nothing is wrong
	 */
	public @Nullable String report(PluginId plugin) {
		Case found = this.cases.get(plugin);
		return (found != null && found.reported()) ? found.words() : null;
	}

	/**
	 * What is to be known of a plugin that is no reason for an alarm.
	 * @param plugin which
	 * @return in words; null if it is called as usual, or nothing came
	 */
	public @Nullable String remark(PluginId plugin) {
		Case found = this.cases.get(plugin);
		return (found != null) ? found.remark(this.clock.instant(), this.period) : null;
	}

	/** What has come about with one plugin since the start. */
	private static final class Tally {

		private final LongAdder matched = new LongAdder();

		private final LongAdder called = new LongAdder();

		private final LongAdder passedOver = new LongAdder();

		Count count(long requests) {
			return new Count(requests, this.matched.sum(), this.called.sum(), this.passedOver.sum());
		}

	}

	/**
	 * One plugin at one look.
	 *
	 * @param count what had come about by then
	 * @param called when it was called last; first seen, if it never was
	 * @param then what had come about by then
	 * @param matched when a request matched last; first seen, if none did
	 * @param requestsThen that had come by then
	 * @param firstMiss when a request passed without it, for the first time since the
	 * last call; null if none did
	 * @param misses how many did since then
	 * @param absent whether it was out of the chain when one did last
	 * @param reported whether that has gone on for too long
	 */
	private record Case(Count count, Instant called, Count then, Instant matched, long requestsThen,
			@Nullable Instant firstMiss, long misses, boolean absent, boolean reported) {

		static Case first(Instant now, Count count) {
			return new Case(count, now, count, now, count.requests(), null, 0, false, false);
		}

		Case next(Instant now, Count next, boolean present, Duration period) {
			boolean match = next.matched() != this.count.matched();
			Instant lastMatch = match ? now : this.matched;
			long requestsAtMatch = match ? next.requests() : this.requestsThen;
			if (next.called() != this.count.called()) {
				return new Case(next, now, next, lastMatch, requestsAtMatch, null, 0, false, false);
			}
			long missed = next.passedOver() - this.count.passedOver()
					+ (present ? 0 : next.requests() - this.count.requests());
			if (missed == 0) {
				return new Case(next, this.called, this.then, lastMatch, requestsAtMatch, this.firstMiss, this.misses,
						this.absent, this.reported);
			}
			Instant first = (this.firstMiss != null) ? this.firstMiss : now;
			boolean tooLong = Duration.between(first, now).compareTo(period) >= 0;
			return new Case(next, this.called, this.then, lastMatch, requestsAtMatch, first, this.misses + missed,
					!present, this.reported || tooLong);
		}

		String words() {
			return this.misses + " requests since " + this.firstMiss + " came to its place, and no call got to it, "
					+ (this.absent ? "because it is not in the chain: see its state, reason, waitingFor and granted"
							: "because it does not run, its breaker is open, or no time or room was left for it: see "
									+ "its state, breaker and failures")
					+ " in /actuator/plugins";
		}

		@Nullable String remark(Instant now, Duration period) {
			if (this.firstMiss != null) {
				return null;
			}
			long others = this.count.requests() - this.requestsThen;
			if (others > 0 && Duration.between(this.matched, now).compareTo(period) >= 0) {
				return "its match rules hold for none of " + others + " requests since " + this.matched;
			}
			long answered = this.count.matched() - this.then.matched();
			if (answered > 0 && Duration.between(this.called, now).compareTo(period) >= 0) {
				return "others have answered all " + answered + " requests that it matches since " + this.called;
			}
			return null;
		}

	}

	/**
	 * What had come about at some time.
	 *
	 * @param requests to the chain
	 * @param matched those of them that the plugin's match rules hold for
	 * @param called calls that it got
	 * @param passedOver its turns without a call
	 */
	private record Count(long requests, long matched, long called, long passedOver) {
	}

}
