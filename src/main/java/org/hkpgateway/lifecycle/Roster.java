package org.hkpgateway.lifecycle;

import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;

import org.hkpgateway.plugin.PluginId;
import org.hkpgateway.plugin.PluginRegistry;
import org.hkpgateway.plugin.PluginSpec;

import org.jspecify.annotations.Nullable;

/**
 * All plugins of a host as of now. Immutable; replaced when a place changes hands.
 */
final class Roster {

	static final Roster EMPTY = of(List.of());

	/** In chain order. */
	private final List<PluginSlot> slots;

	private final Map<PluginId, PluginSlot> byId;

	private final List<PluginRegistry.Entry> chain;

	private Roster(List<PluginSlot> slots) {
		this.slots = slots;
		this.byId = slots.stream().collect(Collectors.toUnmodifiableMap(PluginSlot::id, Function.identity()));
		this.chain = slots.stream()
			.map(PluginSlot::occupants)
			.filter(Occupants::inChain)
			.map(Occupants::active)
			.map(PluginRegistry.Entry.class::cast)
			.toList();
	}

	static Roster of(Collection<PluginSlot> slots) {
		return new Roster(
				slots.stream().sorted(Comparator.comparing(PluginSlot::spec, PluginSpec.CHAIN_ORDER)).toList());
	}

	List<PluginRegistry.Entry> chain() {
		return this.chain;
	}

	List<PluginSlot> slots() {
		return this.slots;
	}

	@Nullable PluginSlot find(PluginId id) {
		return this.byId.get(id);
	}

	/**
	 * Finds a plugin.
	 * @param id its name
	 * @return its slot
	 * @throws IllegalArgumentException if there is no such plugin
	 */
	PluginSlot slot(PluginId id) {
		PluginSlot slot = find(id);
		if (slot == null) {
			throw new IllegalArgumentException("plugin " + id + ": expected: one of "
					+ this.slots.stream().map(PluginSlot::id).toList() + ", got: an unknown plugin");
		}
		return slot;
	}

	/** The specifications of all that are wanted. */
	List<PluginSpec> enabled() {
		return this.slots.stream().filter((slot) -> slot.occupants().enabled()).map(PluginSlot::spec).toList();
	}

	/**
	 * Those that are wanted and directly depend on a plugin.
	 * @param id the plugin
	 * @return possibly none
	 */
	List<PluginId> dependents(PluginId id) {
		return DependencyOrder.dependents(id, enabled());
	}

	/**
	 * Of some plugins, those that do not run as a dependency must.
	 * @param dependencies the plugins
	 * @return possibly none
	 */
	List<PluginId> unmet(Collection<PluginId> dependencies) {
		return dependencies.stream().filter((dependency) -> {
			PluginSlot slot = find(dependency);
			return slot == null || !slot.occupants().enabled()
					|| slot.occupants().active().supervisor().state() != PluginState.READY;
		}).toList();
	}

}
