package org.hkpgateway.chain;

import java.util.ArrayList;
import java.util.List;

import org.hkpgateway.plugin.MatchRules;
import org.hkpgateway.plugin.PluginRegistry;
import org.hkpgateway.plugin.PluginSpec;
import org.hkpgateway.plugin.RequestBody;
import org.hkpgateway.plugin.RequestEvent;

import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;

/**
 * One request and the plugins whose match rules hold for it.
 */
public final class ChainRun {

	private final ChainParts parts;

	private final RequestEvent request;

	/** Those that match. */
	private final List<Place> places;

	private final List<PluginOutcome> skipped = new ArrayList<>();

	private final List<PluginRegistry.Entry> chain;

	private final CallSpans spans;

	/** Null without shadows. */
	private final @Nullable BodyTap tap;

	private volatile @Nullable Passage passage;

	ChainRun(ChainParts parts, RequestEvent request, List<PluginRegistry.Entry> chain, CallSpans spans) {
		this.parts = parts;
		this.request = request;
		this.chain = chain;
		this.spans = spans;
		this.places = new ArrayList<>(chain.size());
		parts.listener().requestCame();
		for (PluginRegistry.Entry entry : chain) {
			PluginSpec spec = entry.spec();
			MatchRules.Criterion mismatch = spec.match().mismatch(request);
			if (mismatch == null) {
				this.places.add(new Place(entry));
				parts.listener().matched(spec.id());
			}
			else {
				this.skipped.add(PluginOutcome.skipped(spec.id(), mismatch.label()));
			}
		}
		this.tap = (parts.shadows() != null && Place.anyShadowAsked(this.places)) ? new BodyTap() : null;
	}

	/**
	 * Whether no plugin has a say. Some may still be asked in shadow mode.
	 * @return true if {@link #decide} says {@link ChainResult.Forward} at once, on the
	 * thread that subscribes
	 */
	public boolean isEmpty() {
		for (Place place : this.places) {
			if (place.decides() || (place.isShadow() && this.parts.shadows() == null)) {
				return false;
			}
		}
		return true;
	}

	/**
	 * How much of the body {@link #decide} needs.
	 * @return the demand of the most demanding plugin
	 */
	public BodyDemand bodyDemand() {
		return BodyDemand.of(this.places);
	}

	/**
	 * Where plugins in shadow mode see the body as it goes by. Whoever has one closes it
	 * when the request ends, however it ends.
	 * @return null if there are none
	 */
	public @Nullable BodyTap bodyTap() {
		return this.tap;
	}

	/**
	 * All plugins of the chain, also those that have no part in this request.
	 * @return in order
	 */
	public List<Seat> seats() {
		return Seat.all(this.chain, this.places);
	}

	/**
	 * Asks the plugins. A plugin's failure is part of the result, never an error of it.
	 * Subscribe once; the result may come on any thread. Cancelling cancels every call.
	 * @param body as much of the body as {@link #bodyDemand()} asks for; each plugin gets
	 * its own view. Its bytes must stay valid even after the result is there, for plugins
	 * in shadow mode. In a rehearsal all of it, for nothing goes by
	 * @return the decision
	 */
	public Mono<ChainResult> decide(RequestBody body) {
		return decide(body, body.bytes().remaining());
	}

	/**
	 * The same for a request of whose body more is in memory than is shown.
	 * @param body see above
	 * @param heldBytes how much memory the body takes until there is a result, with the
	 * copy that is shown
	 * @return the decision
	 */
	public Mono<ChainResult> decide(RequestBody body, long heldBytes) {
		if (this.places.isEmpty()) {
			return Mono.just(new ChainResult.Forward(this.request, this.request.withBody(body), false, List.of(),
					List.of(), untouched()));
		}
		return Mono.defer(() -> {
			Passage begun = new Passage(this.parts, this.request, body, heldBytes, this.places, this.skipped,
					this.spans, this.tap);
			this.passage = begun;
			return begun.run();
		});
	}

	/**
	 * What has come about until now: for a request whose client has left, and which will
	 * have no result. Safe for any thread; does not block.
	 * @return the outcomes so far, the plugin that is waited for, and how long the
	 * request has been held
	 */
	public ChainTrace soFar() {
		Passage begun = this.passage;
		return (begun != null) ? begun.soFar() : untouched();
	}

	private ChainTrace untouched() {
		return this.skipped.isEmpty() ? ChainTrace.EMPTY
				: new ChainTrace(this.skipped, List.of(), this.request.annotations(), null, -1);
	}

}
