package org.hkpgateway.lifecycle;

import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicLong;

import org.hkpgateway.plugin.BreakerState;
import org.hkpgateway.plugin.Phase;
import org.hkpgateway.plugin.PluginFailure;
import org.hkpgateway.plugin.PluginId;
import org.hkpgateway.plugin.PluginMode;
import org.hkpgateway.plugin.PluginSpec;

import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One plugin, of whatever specification: holds the supervisor of the generation that
 * decides and, during a swap, the other one.
 *
 * <pre>
 * active              -- reload --&gt;               active + candidate
 * active + candidate  -- candidate READY --&gt;      the candidate is active, the former stands by
 *                     -- candidate fails --&gt;      active, as if nothing had been
 * active + standby    -- trial over --&gt;           active
 *                     -- the standby died --&gt;     active, with nothing to roll back to
 *                     -- active died, or its
 *                        breaker opened, the
 *                        second time where
 *                        clients do without --&gt;   the standby is active
 * </pre>
 *
 * Whatever is asked for ends what was going on before. Only the control thread may call
 * what changes something; it goes by the moves that it has heard of, not by states that
 * may have changed since.
 */
final class PluginSlot {

	private static final Logger logger = LoggerFactory.getLogger(PluginSlot.class);

	private static final Duration LAST_WORDS = Duration.ofSeconds(1);

	private final PluginId id;

	private final SlotTools tools;

	private final SlotListener listener;

	private final AtomicLong generations = new AtomicLong();

	private final Departures departures;

	private final Request start = new Request();

	private final SwapProgress swap;

	private volatile Occupants occupants;

	private boolean held;

	/** Whether the moves of the active one are about the start that was asked for. */
	private boolean starting;

	/** What the active one is told when it starts again after a stop. */
	private String why = "gateway starts";

	/**
	 * Makes a slot; nothing is started.
	 * @param spec the plugin
	 * @param joined whether requests wait for its first start
	 * @param tools what it works with
	 * @param listener is told what concerns others
	 */
	PluginSlot(PluginSpec spec, boolean joined, SlotTools tools, SlotListener listener) {
		this.id = spec.id();
		this.tools = tools;
		this.listener = listener;
		this.departures = new Departures(tools.control());
		this.swap = new SwapProgress(tools.control());
		this.occupants = new Occupants(place(spec), null, null, spec.enabled(), joined);
	}

	private Place place(PluginSpec spec) {
		return new Place(this,
				(place) -> this.tools.supervisor(spec, this.generations::incrementAndGet,
						(move) -> this.tools.control().execute(() -> hear(place, move)),
						(phase, from, to) -> breakerChanged(place, phase, from, to)));
	}

	PluginId id() {
		return this.id;
	}

	/** Who fills the place. Thread-safe. */
	Occupants occupants() {
		return this.occupants;
	}

	PluginStatus.@Nullable Swap lastSwap() {
		return this.swap.last();
	}

	/** The active generation's. Thread-safe. */
	PluginSpec spec() {
		return this.occupants.active().spec();
	}

	/** Sees to it that it does not start yet. */
	void hold() {
		this.held = true;
	}

	boolean held() {
		return this.held;
	}

	/** Puts a plugin that cannot start into FAILED. */
	void refuse(String reason) {
		this.occupants.active().supervisor().refuse(reason);
	}

	/** Starts it, or as soon as it has stopped if it is about to. */
	CompletableFuture<ActionResult> begin(String reason) {
		CompletableFuture<ActionResult> result = this.start.begin();
		this.held = false;
		this.starting = false;
		this.why = reason;
		startIfStopped();
		return result;
	}

	private void startIfStopped() {
		Occupants now = this.occupants;
		if (now.enabled() && !this.held && now.active().seen() == PluginState.STOPPED) {
			this.starting = true;
			now.active().supervisor().start(this.why);
		}
	}

	CompletableFuture<ActionResult> restart(String reason) {
		settle(reason);
		CompletableFuture<ActionResult> result = begin(reason);
		if (this.occupants.active().seen() != PluginState.STOPPED) {
			var unused = this.occupants.active().supervisor().stop(reason);
		}
		return result;
	}

	/**
	 * Swaps it, or starts it afresh if it is not READY.
	 * @param spec its specification from now on, if all goes well
	 * @param reason why
	 * @return completes when the new generation has become READY or has failed
	 */
	CompletableFuture<ActionResult> reload(PluginSpec spec, String reason) {
		settle(reason);
		if (this.occupants.active().seen() == PluginState.READY) {
			Place candidate = place(spec);
			this.occupants = this.occupants.preparing(candidate);
			candidate.supervisor().startOnProbation(reason);
			return this.swap.begin();
		}
		hold();
		CompletableFuture<Void> gone = adopt(spec, reason);
		CompletableFuture<ActionResult> result = this.start.begin();
		this.starting = false;
		Place fresh = this.occupants.active();
		var unused = gone.thenRun(() -> this.tools.control().execute(() -> {
			if (this.occupants.active() == fresh && this.held) {
				this.held = false;
				this.why = reason;
				startIfStopped();
			}
		}));
		return result;
	}

	/**
	 * Takes another specification without starting it.
	 * @param spec the specification
	 * @param reason why
	 * @return completes when what ran before has ended
	 */
	CompletableFuture<Void> adopt(PluginSpec spec, String reason) {
		settle(reason);
		Place before = this.occupants.active();
		this.occupants = this.occupants.only(place(spec));
		this.listener.chainChanged();
		return this.departures.add(before, reason);
	}

	/**
	 * It is to run from now on.
	 * @param joined whether requests wait for its start
	 */
	void enable(boolean joined) {
		this.occupants = this.occupants.wanted(true, joined);
		this.listener.chainChanged();
	}

	/**
	 * Stops it and takes it out of the chain.
	 * @param reason why
	 * @return completes when none of its processes is left
	 */
	CompletableFuture<Void> disable(String reason) {
		settle(reason);
		this.occupants = this.occupants.wanted(false, false);
		this.listener.chainChanged();
		CompletableFuture<Void> stopped = this.occupants.active().supervisor().stop(reason);
		return CompletableFuture.allOf(stopped, this.departures.all());
	}

	/** Whether the active one is READY. */
	boolean serving() {
		return this.occupants.active().seen() == PluginState.READY;
	}

	/** Gives up a swap that has not switched. */
	void abandonSwap(String reason) {
		if (this.occupants.candidate() != null) {
			settle(reason);
		}
	}

	/** Takes it out of the chain; its end must follow. */
	void leave(String reason) {
		settle(reason);
		this.occupants = this.occupants.wanted(false, false);
	}

	/** Gives up a swap that has not switched, and ends the trial of one that has. */
	private void settle(String reason) {
		this.start.giveUp(reason);
		this.swap.giveUp(reason);
		Occupants now = this.occupants;
		this.occupants = now.only(now.active());
		now.active().supervisor().establish();
		if (now.candidate() != null) {
			this.swap.end(PluginStatus.Swap.Outcome.FAILED, "given up: " + reason);
			var unused = this.departures.add(now.candidate(), reason);
		}
		if (now.standby() != null) {
			this.swap.end(PluginStatus.Swap.Outcome.DONE, "trial cut short: " + reason);
			var unused = this.departures.add(now.standby(), reason);
		}
	}

	private void hear(Place place, Transition move) {
		place.see(move.to());
		Occupants now = this.occupants;
		if (place == now.candidate()) {
			candidateMoved(place, move);
		}
		else if (place == now.standby()) {
			standbyMoved(move);
		}
		else if (place == now.active()) {
			activeMoved(now, move);
		}
	}

	private void candidateMoved(Place candidate, Transition move) {
		switch (move.to()) {
			case READY -> switchTo(candidate);
			case FAILED -> {
				this.occupants = this.occupants.only(this.occupants.active());
				this.swap.end(PluginStatus.Swap.Outcome.FAILED, move.reason());
				this.swap.answer(ActionResult.failed("the new generation did not start: " + move.reason()));
				var unused = this.departures.add(candidate, "its start failed");
			}
			case STOPPED, STARTING, STANDBY, BACKOFF, DRAINING -> {
			}
		}
	}

	private void switchTo(Place next) {
		Place former = this.occupants.active();
		Duration limit = this.tools.tools().settings().trial();
		if (former.seen() == PluginState.READY) {
			this.occupants = this.occupants.onTrial(next, former);
			former.supervisor().standBy("a new generation decides, on trial for " + limit.toSeconds() + " s");
			this.swap.tryOut(limit, () -> judge(next, limit));
		}
		else {
			this.occupants = this.occupants.only(next);
			next.supervisor().establish();
			this.swap.end(PluginStatus.Swap.Outcome.DONE, "no trial: the former generation was not READY");
			var unused = this.departures.add(former, "replaced by a new generation");
		}
		// It may be the first of this slot to be READY since the plugin was enabled.
		this.occupants = this.occupants.wanted(this.occupants.enabled(), true);
		this.listener.chainChanged();
		this.swap.answer(ActionResult.done("the new generation decides"));
		this.listener.ready(this);
	}

	/** A breaker that has not closed has not had its second look. */
	private void judge(Place tried, Duration limit) {
		Phase shut = tried.shut();
		if (shut != null) {
			rollBack(tried, "its circuit breaker had not closed at the end of the trial of " + limit.toSeconds()
					+ " s (" + shut.label() + " phase)");
			return;
		}
		endTrial("the new generation passed its trial of " + limit.toSeconds() + " s");
	}

	private void standbyMoved(Transition move) {
		switch (move.to()) {
			// READY: it was started again before it heard that it should stand by.
			case DRAINING, BACKOFF, FAILED, STOPPED ->
				endTrial("nothing to roll back to: the former generation ended: " + move.reason());
			case STARTING, READY, STANDBY -> {
			}
		}
	}

	private void endTrial(String reason) {
		Occupants now = this.occupants;
		if (now.standby() != null) {
			this.occupants = now.only(now.active());
			now.active().supervisor().establish();
			this.swap.end(PluginStatus.Swap.Outcome.DONE, reason);
			var unused = this.departures.add(now.standby(), reason);
		}
	}

	private void activeMoved(Occupants now, Transition move) {
		switch (move.to()) {
			case READY -> {
				join();
				endStart(ActionResult.done(move.reason()));
				this.listener.ready(this);
			}
			case BACKOFF, FAILED -> {
				if (now.standby() != null) {
					rollBack(now.active(), now.active().supervisor().lastFailure().orElse(move.reason()));
					return;
				}
				join();
				endStart(ActionResult.failed(move.reason()));
				// One that is not ours is tried for ever and never FAILED.
				if (move.to() == PluginState.FAILED || !spec().source().owned()) {
					this.listener.failed(this);
				}
			}
			case STOPPED -> startIfStopped();
			case STARTING, STANDBY, DRAINING -> {
			}
		}
	}

	private void endStart(ActionResult result) {
		if (this.starting) {
			this.starting = false;
			this.start.end(result);
		}
	}

	/** From now on its fail policy answers when it does not. */
	void join() {
		Occupants now = this.occupants;
		if (now.enabled() && !now.joined()) {
			this.occupants = now.wanted(true, true);
			this.listener.chainChanged();
		}
	}

	private void rollBack(Place failed, String reason) {
		Place former = this.occupants.standby();
		if (former == null || this.occupants.active() != failed) {
			return;
		}
		this.occupants = this.occupants.only(former);
		// If it has died unheard, it is started again when its end is heard of.
		this.why = "rolled back: " + reason;
		former.supervisor().resume(this.why);
		this.swap.end(PluginStatus.Swap.Outcome.ROLLED_BACK, reason);
		logger.warn("plugin {}: swap rolled back, the former generation decides again: {}", this.id, reason);
		this.listener.chainChanged();
		var unused = this.departures.add(failed, "rolled back: " + reason);
	}

	/** Called on any thread. An exit that follows explains more, so it gets a moment. */
	void brokeOnTrial(Place place, PluginFailure failure) {
		var unused = this.tools.control()
			.schedule(LAST_WORDS, () -> rollBack(place, "its connection broke: " + failure.getMessage()));
	}

	/** Called on any thread. */
	private void breakerChanged(Place place, Phase phase, BreakerState from, BreakerState to) {
		Occupants now = this.occupants;
		if (place != now.active()) {
			return;
		}
		place.breakerMoved(phase, to);
		if (to == BreakerState.OPEN) {
			String meanwhile = switch (phase) {
				case REQUEST ->
					(place.spec().mode() == PluginMode.SHADOW) ? "nothing is compared" : "its fail policy applies";
				case RESPONSE -> "answers pass without it";
				case STORAGE -> "the keyserver is asked for keys";
			};
			logger.warn("Circuit breaker of plugin {}, {} phase: {} -> {}; {} until it recovers", this.id,
					phase.label(), from, to, meanwhile);
			if (now.standby() != null && isVerdict(place, phase, from)) {
				String again = (from == BreakerState.HALF_OPEN) ? "again " : "";
				this.tools.control()
					.execute(() -> rollBack(place,
							"its circuit breaker opened " + again + "(" + phase.label() + " phase)"));
			}
		}
		else {
			logger.info("Circuit breaker of plugin {}, {} phase: {} -> {}", this.id, phase.label(), from, to);
		}
		this.tools.breakers().stateChanged(this.id, phase, from, to);
	}

	/**
	 * Whether a breaker that opens on trial says that the new generation is the worse
	 * one. A new process is slow at first, all the more on a busy machine: where clients
	 * do without it meanwhile, the breaker has to open again after a look at some more
	 * calls.
	 */
	private static boolean isVerdict(Place place, Phase phase, BreakerState from) {
		boolean clientsNotice = phase == Phase.REQUEST && place.spec().mode() == PluginMode.ENFORCE;
		return clientsNotice || from == BreakerState.HALF_OPEN;
	}

	/**
	 * Ends it for good; it must be out of the chain, or the gateway at its end.
	 * Thread-safe.
	 * @param reason why
	 * @return completes when none of its processes is left
	 */
	CompletableFuture<Void> retire(String reason) {
		for (Place place : this.occupants.all()) {
			var unused = this.departures.add(place, reason);
		}
		return this.departures.all();
	}

	/** Ends its threads, interrupting what they do. Does not block. Thread-safe. */
	void close() {
		this.occupants.all().forEach((place) -> place.supervisor().close());
		this.departures.close();
	}

}
