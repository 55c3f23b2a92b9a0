package org.hkpgateway.chain;

import java.time.Duration;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Function;

import org.hkpgateway.log.LogFields;
import org.hkpgateway.plugin.PluginId;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.spi.LoggingEventBuilder;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Scheduler;

/**
 * Holds results back for plugins that ask for it. A held request costs a timer and what
 * it has in memory, but no thread. Thread-safe, never blocks.
 */
final class Tarpit {

	private static final Logger logger = LoggerFactory.getLogger(Tarpit.class);

	/** Bytes of bodies that are no more than what heads of requests take anyhow. */
	static final int NEXT_TO_NOTHING = 4096;

	private final Duration longest;

	private final int most;

	private final long mostBytes;

	private final Scheduler timers;

	private final ChainListener listener;

	private final Occasionally refusals;

	private final AtomicInteger held = new AtomicInteger();

	private final AtomicLong heldBytes = new AtomicLong();

	private final Set<PluginId> warned = ConcurrentHashMap.newKeySet();

	/**
	 * Makes a tarpit.
	 * @param longest the longest that a result is held
	 * @param most how many are held at a time
	 * @param mostBytes how many bytes of bodies they may keep in memory together: what
	 * plugins want held must not keep others from uploading
	 * @param timers where time is measured
	 * @param listener told of each
	 * @param refusals bounds the log
	 */
	Tarpit(Duration longest, int most, long mostBytes, Scheduler timers, ChainListener listener,
			Occasionally refusals) {
		this.longest = longest;
		this.most = most;
		this.mostBytes = mostBytes;
		this.timers = timers;
		this.listener = listener;
		this.refusals = refusals;
	}

	/**
	 * Holds a result. Cancelling ends it.
	 * @param request the id of the request
	 * @param plugin who asks for it
	 * @param wanted for how long
	 * @param bytes how many bytes of bodies stay in memory for it meanwhile: the
	 * client's, copies of it, and those that plugins have made
	 * @param result makes the result, given how long it is held
	 * @return the result, later
	 */
	Mono<ChainResult> hold(String request, PluginId plugin, Duration wanted, long bytes,
			Function<Delay, ChainResult> result) {
		if (this.longest.isZero()) {
			return Mono.just(result.apply(new Delay(plugin, wanted, Duration.ZERO)));
		}
		return Mono.using(() -> take(bytes), (taken) -> {
			this.listener.delayed(plugin, taken);
			if (!taken) {
				this.refusals.run(plugin, (more) -> line(request, plugin).log(
						"Plugin {} asked for a delay of {} ms, but expected: at most {} requests held "
								+ "(hkp.plugins.max-delayed) with {} bytes of bodies (a quarter of "
								+ "hkp.edge.max-buffered-bytes), got: one more, with {} bytes: its decision takes "
								+ "effect at once [request {}] ({} more since the last such line)",
						plugin, wanted.toMillis(), this.most, this.mostBytes, bytes, request, more));
				return Mono.just(result.apply(new Delay(plugin, wanted, Duration.ZERO)));
			}
			Duration time = cut(request, plugin, wanted);
			ChainResult later = result.apply(new Delay(plugin, wanted, time));
			return time.isZero() ? Mono.just(later) : Mono.delay(time, this.timers).map((tick) -> later);
		}, (taken) -> {
			if (taken) {
				giveBack(bytes);
			}
		});
	}

	private boolean take(long bytes) {
		int requests = this.held.incrementAndGet();
		long memory = this.heldBytes.addAndGet(bytes);
		// Who has next to nothing in memory is in nobody's way, however much others have.
		if (requests <= this.most && (memory <= this.mostBytes || bytes <= NEXT_TO_NOTHING)) {
			return true;
		}
		giveBack(bytes);
		return false;
	}

	private void giveBack(long bytes) {
		this.held.decrementAndGet();
		this.heldBytes.addAndGet(-bytes);
	}

	private Duration cut(String request, PluginId plugin, Duration wanted) {
		if (wanted.compareTo(this.longest) <= 0) {
			return wanted;
		}
		if (this.warned.add(plugin)) {
			line(request, plugin).log(
					"Plugin {} asked for a delay of {} ms; longer ones than {} ms, which is hkp.plugins.max-delay, "
							+ "are cut to it [request {}]",
					plugin, wanted.toMillis(), this.longest.toMillis(), request);
		}
		return this.longest;
	}

	private static LoggingEventBuilder line(String request, PluginId plugin) {
		return logger.atWarn().addKeyValue(LogFields.REQUEST, request).addKeyValue(LogFields.PLUGIN, plugin.name());
	}

	/** How many are held now. */
	int held() {
		return this.held.get();
	}

}
