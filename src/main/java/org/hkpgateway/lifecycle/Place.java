package org.hkpgateway.lifecycle;

import java.util.function.Function;

import org.hkpgateway.plugin.PluginClient;
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
		return this.supervisor.client();
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
