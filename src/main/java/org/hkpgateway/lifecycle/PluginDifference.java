package org.hkpgateway.lifecycle;

import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

import org.hkpgateway.plugin.PluginId;
import org.hkpgateway.plugin.PluginSpec;

/**
 * What would become of the plugins if they were to be others. Holds no values of
 * configuration, environment or tokens, which may be secret.
 *
 * @param added new ones
 * @param removed those that are no more
 * @param changed the others that differ, with what differs, for example
 * {@code order 100 -> 50}, {@code grants +storage.query} or just {@code config}; never
 * empty lists
 * @param unchanged the rest
 */
public record PluginDifference(List<PluginId> added, List<PluginId> removed, Map<PluginId, List<String>> changed,
		List<PluginId> unchanged) {

	public PluginDifference {
		added = List.copyOf(added);
		removed = List.copyOf(removed);
		changed = Map.copyOf(changed);
		unchanged = List.copyOf(unchanged);
	}

	/**
	 * Whether nothing would happen.
	 * @return true if all are unchanged
	 */
	public boolean isEmpty() {
		return this.added.isEmpty() && this.removed.isEmpty() && this.changed.isEmpty();
	}

	static PluginDifference between(Collection<PluginSpec> present, Collection<PluginSpec> next) {
		Map<PluginId, PluginSpec> before = new LinkedHashMap<>();
		present.forEach((spec) -> before.put(spec.id(), spec));
		List<PluginId> added = new ArrayList<>();
		Map<PluginId, List<String>> changed = new LinkedHashMap<>();
		List<PluginId> unchanged = new ArrayList<>();
		for (PluginSpec after : distinct(next)) {
			PluginSpec old = before.remove(after.id());
			List<String> changes = (old != null) ? SpecChanges.between(old, after) : List.of();
			if (old == null) {
				added.add(after.id());
			}
			else if (changes.isEmpty()) {
				unchanged.add(after.id());
			}
			else {
				changed.put(after.id(), changes);
			}
		}
		return new PluginDifference(added, List.copyOf(before.keySet()), changed, unchanged);
	}

	/**
	 * Checks that names are distinct.
	 * @param plugins the plugins
	 * @return the same in chain order
	 * @throws IllegalArgumentException if an id occurs twice
	 */
	static List<PluginSpec> distinct(Collection<PluginSpec> plugins) {
		Map<PluginId, PluginSpec> distinct = new LinkedHashMap<>();
		plugins.stream().sorted(PluginSpec.CHAIN_ORDER).forEach((spec) -> {
			PluginSpec other = distinct.put(spec.id(), spec);
			if (other != null) {
				throw new IllegalArgumentException("plugin " + spec.id() + ": expected: one of that name, got: "
						+ other.source() + " and " + spec.source());
			}
		});
		return List.copyOf(distinct.values());
	}

}
