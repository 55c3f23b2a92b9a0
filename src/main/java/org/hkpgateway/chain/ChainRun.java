package org.hkpgateway.chain;

import java.util.ArrayList;
import java.util.List;

import org.hkpgateway.plugin.MatchRules;
import org.hkpgateway.plugin.PluginRegistry;
import org.hkpgateway.plugin.PluginSpec;
import org.hkpgateway.plugin.RequestBody;
import org.hkpgateway.plugin.RequestEvent;

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

	ChainRun(ChainParts parts, RequestEvent request, List<PluginRegistry.Entry> chain, CallSpans spans) {
		this.spans = spans;
		this.parts = parts;
		this.request = request;
		this.chain = chain;
		this.places = new ArrayList<>(chain.size());
		for (PluginRegistry.Entry entry : chain) {
			PluginSpec spec = entry.spec();
			MatchRules.Criterion mismatch = spec.match().mismatch(request);
			if (mismatch == null) {
				this.places.add(new Place(entry));
			}
			else {
				this.skipped.add(PluginOutcome.skipped(spec.id(), mismatch.label()));
			}
		}
	}

	/**
	 * Whether no plugin has a say. Some may still be asked in shadow mode.
	 * @return true if {@link #decide} says {@link ChainResult.Forward} at once, on the
	 * thread that subscribes
	 */
	public boolean isEmpty() {
		for (Place place : this.places) {
			if (!place.isShadow() || this.parts.shadows() == null) {
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
	 * in shadow mode
	 * @return the decision
	 */
	public Mono<ChainResult> decide(RequestBody body) {
		if (this.places.isEmpty()) {
			ChainTrace trace = this.skipped.isEmpty() ? ChainTrace.EMPTY
					: new ChainTrace(this.skipped, List.of(), this.request.annotations(), null);
			return Mono.just(new ChainResult.Forward(this.request.withBody(body), false, List.of(), List.of(), trace));
		}
		return Mono
			.defer(() -> new Passage(this.parts, this.request.withBody(body), this.places, this.skipped, this.spans)
				.run());
	}

}
