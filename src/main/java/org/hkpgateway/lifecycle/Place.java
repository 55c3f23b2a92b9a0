package org.hkpgateway.lifecycle;

import java.util.Comparator;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Function;

import org.hkpgateway.plugin.BreakerState;
import org.hkpgateway.plugin.Phase;
import org.hkpgateway.plugin.PluginClient;
import org.hkpgateway.plugin.PluginFailure;
import org.hkpgateway.plugin.PluginRegistry;
import org.hkpgateway.plugin.PluginSpec;

import org.jspecify.annotations.Nullable;

/**
 * A plugin's place in the chain as one generation fills it. Thread-safe but for
 * {@link #seen()}.
 */
final class Place implements PluginRegistry.Entry {

	private final PluginSlot slot;

	private final PluginSupervisor supervisor;

	private PluginState seen = PluginState.STOPPED;

	/** Phases whose circuit breaker has opened, and not closed since. */
	private final Set<Phase> shut = ConcurrentHashMap.newKeySet();

	/** Set when a call broke on trial; a generation gets no second trial. */
	private volatile boolean broken;

	/**
	 * Makes a place.
	 * @param slot whose it is
	 * @param factory makes the supervisor that fills it
	 */
	Place(PluginSlot slot, Function<Place, PluginSupervisor> factory) {
		this.slot = slot;
		this.supervisor = factory.apply(this);
	}

	@Override
	public PluginSpec spec() {
		return this.supervisor.spec();
	}

	@Override
	public @Nullable PluginClient client() {
		PluginClient client = this.supervisor.client();
		boolean onTrial = this.slot.occupants().onTrial(this);
		// What is not the gateway's own may be the same process as before: it would be
		// asked twice.
		return (client != null && onTrial && spec().source().owned()) ? new TrialClient(client, this::breakOnTrial)
				: client;
	}

	@Override
	public @Nullable PluginClient rehearsal() {
		return this.supervisor.rehearsal();
	}

	/** Returns whether another generation is asked from now on. */
	private boolean breakOnTrial(PluginFailure failure) {
		if (!this.broken && this.slot.occupants().onTrial(this)) {
			this.broken = true;
			this.slot.brokeOnTrial(this, failure);
		}
		return this.slot.occupants().inPlaceOf(this) != this;
	}

	/** Whether it has a process that can be asked. */
	boolean running() {
		return this.supervisor.client() != null;
	}

	void breakerMoved(Phase phase, BreakerState to) {
		if (to == BreakerState.OPEN) {
			this.shut.add(phase);
		}
		else if (to == BreakerState.CLOSED) {
			this.shut.remove(phase);
		}
	}

	/**
	 * One whose circuit breaker has opened, and not closed since; null if there is none.
	 */
	@Nullable Phase shut() {
		return this.shut.stream().min(Comparator.naturalOrder()).orElse(null);
	}

	/** Whether a call broke while it was on trial. */
	boolean broken() {
		return this.broken;
	}

	@Override
	public @Nullable Place current() {
		return this.slot.occupants().inPlaceOf(this);
	}

	PluginSupervisor supervisor() {
		return this.supervisor;
	}

	/**
	 * The state according to the moves that the control thread has heard of. Only for
	 * that thread.
	 */
	PluginState seen() {
		return this.seen;
	}

	void see(PluginState state) {
		this.seen = state;
	}

}
