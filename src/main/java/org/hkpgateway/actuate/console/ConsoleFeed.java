package org.hkpgateway.actuate.console;

import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Supplier;

import org.hkpgateway.actuate.PluginView;
import org.hkpgateway.actuate.PluginsEndpoint;
import org.hkpgateway.proxy.RequestDecision;
import org.hkpgateway.proxy.UpstreamStatus;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Sinks;
import reactor.core.scheduler.Scheduler;
import reactor.core.scheduler.Schedulers;
import tools.jackson.databind.json.JsonMapper;

import org.springframework.context.SmartLifecycle;

/**
 * What the page shows, each second. One look at the plugins serves all who watch, and
 * while nobody does there is none. Works on a thread of its own, {@code hkp-console}, so
 * that none on which requests wait has to make JSON; the thread ends when nobody has
 * watched for a minute.
 */
public final class ConsoleFeed implements SmartLifecycle, AutoCloseable {

	/**
	 * When the gateway stops, after its pre-stop and before a server waits for its last
	 * requests: a viewer would be one that never ends.
	 */
	private static final int PHASE = DEFAULT_PHASE - 256;

	private static final Duration PERIOD = Duration.ofSeconds(1);

	private static final int IDLE_SECONDS = 60;

	private final JsonMapper json = new JsonMapper();

	private final Instant started = Instant.now();

	private final Sources sources;

	private final Scheduler scheduler;

	private final Flux<Look> looks;

	private final Sinks.Empty<Void> end = Sinks.empty();

	private volatile boolean ended;

	/**
	 * Makes the feed; nothing happens yet.
	 * @param sources where it looks
	 */
	public ConsoleFeed(Sources sources) {
		this(sources, Schedulers.newBoundedElastic(1, 100, "hkp-console", IDLE_SECONDS, true));
	}

	ConsoleFeed(Sources sources, Scheduler scheduler) {
		this.sources = sources;
		this.scheduler = scheduler;
		this.looks = Flux.defer(() -> {
			sources.calls().watch(true);
			return Flux.interval(Duration.ZERO, PERIOD, scheduler)
				.onBackpressureDrop()
				.map((tick) -> look())
				.doFinally((signal) -> sources.calls().watch(false));
		}).publish().refCount();
	}

	/**
	 * What one viewer is told: first all that is there, then each second what is new. Who
	 * is slow misses looks, and of decisions and lines the oldest.
	 * @return JSON objects, each on one line; ends when the gateway stops
	 */
	Flux<String> updates() {
		Flux<String> all = Flux.defer(() -> {
			AtomicLong decision = new AtomicLong();
			AtomicLong line = new AtomicLong();
			return this.looks.onBackpressureLatest().publishOn(this.scheduler, 1).map((look) -> {
				Ring.Later<RequestDecision> decisions = this.sources.decisions().after(decision.get());
				Ring.Later<PluginLines.Line> lines = this.sources.lines().after(line.get());
				decision.set(decisions.last());
				line.set(lines.last());
				return this.json.writeValueAsString(new Update(look, decisions.items(), lines.items()));
			});
		});
		return all.takeUntilOther(this.end.asMono());
	}

	private Look look() {
		PluginsEndpoint.Listing plugins = this.sources.plugins().get();
		Map<String, CallTimes.Calls> calls = this.sources.calls()
			.look(plugins.plugins().stream().map(PluginView::name).toList());
		return new Look(Instant.now(), this.started, this.sources.version(), plugins.plugins(), plugins.findings(),
				calls, this.sources.upstreams().get().stream().map(Keyserver::of).toList());
	}

	@Override
	public void start() {
		// It is ready as it was made.
	}

	/** Ends what viewers are told, those to come included. */
	@Override
	public void stop() {
		this.ended = true;
		this.end.tryEmitEmpty();
	}

	@Override
	public boolean isRunning() {
		return !this.ended;
	}

	@Override
	public int getPhase() {
		return PHASE;
	}

	/** Ends the thread. */
	@Override
	public void close() {
		this.scheduler.dispose();
	}

	/**
	 * Where the feed looks.
	 *
	 * @param version of the gateway
	 * @param plugins all of them, in order
	 * @param upstreams the keyservers
	 * @param calls counts calls of plugins
	 * @param decisions the latest
	 * @param lines the latest
	 */
	public record Sources(String version, Supplier<PluginsEndpoint.Listing> plugins,
			Supplier<List<UpstreamStatus>> upstreams, CallTimes calls, RecentDecisions decisions, PluginLines lines) {
	}

	/**
	 * What a viewer is told at a time.
	 *
	 * @param now how it is now
	 * @param decisions new ones, oldest first
	 * @param lines new ones, oldest first
	 */
	record Update(Look now, List<RequestDecision> decisions, List<PluginLines.Line> lines) {
	}

	/**
	 * How it is.
	 *
	 * @param at when
	 * @param started since when the gateway runs
	 * @param version of the gateway
	 * @param plugins as in {@code /actuator/plugins}
	 * @param findings as in {@code /actuator/plugins}
	 * @param calls by plugin, of those that were asked since somebody watches
	 * @param keyservers the upstream
	 */
	record Look(Instant at, Instant started, String version, List<PluginView> plugins,
			List<PluginsEndpoint.FindingView> findings, Map<String, CallTimes.Calls> calls,
			List<Keyserver> keyservers) {
	}

	/**
	 * A keyserver.
	 *
	 * @param url where it is
	 * @param up whether it is taken to be up
	 * @param error why it is not, if that is known
	 */
	record Keyserver(String url, boolean up, String error) {

		static Keyserver of(UpstreamStatus status) {
			return new Keyserver(status.url().toString(), status.up(), status.error());
		}

	}

}
