package org.hkpgateway.lifecycle;

import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;

import org.hkpgateway.plugin.PluginId;
import org.hkpgateway.plugin.PluginSource;
import org.hkpgateway.plugin.PluginSpec;

/**
 * In which order plugins start and stop.
 *
 * @param startable every plugin that can start: in chain order, but dependencies before
 * what depends on them
 * @param stopping the same plugins: in reverse chain order, but what depends before its
 * dependencies
 * @param unstartable why the others cannot start: there is no such plugin, or a
 * dependency is missing, unstartable itself, or leads back in a circle
 */
record DependencyOrder(List<PluginSpec> startable, List<PluginSpec> stopping, Map<PluginId, String> unstartable) {

	/**
	 * Sorts plugins.
	 * @param plugins all that are enabled, each id once
	 * @return their order
	 */
	static DependencyOrder of(Collection<PluginSpec> plugins) {
		Map<PluginId, PluginSpec> remaining = new LinkedHashMap<>();
		plugins.stream().sorted(PluginSpec.CHAIN_ORDER).forEach((spec) -> remaining.put(spec.id(), spec));
		List<PluginSpec> startable = sort(remaining.values().stream().filter(DependencyOrder::exists).toList(),
				PluginSpec::dependencies);
		Set<PluginId> known = Set.copyOf(remaining.keySet());
		startable.forEach((spec) -> remaining.remove(spec.id()));
		Map<PluginId, String> unstartable = new LinkedHashMap<>();
		remaining.values().forEach((spec) -> unstartable.put(spec.id(), explain(spec, remaining, known)));
		return new DependencyOrder(List.copyOf(startable), stopping(startable), Map.copyOf(unstartable));
	}

	/**
	 * In which order plugins stop, whether or not they could start: in reverse chain
	 * order, but what depends before its dependencies. Those in a circle come first.
	 * @param plugins which, each id once
	 * @return all of them
	 */
	static List<PluginSpec> stopping(Collection<PluginSpec> plugins) {
		List<PluginSpec> reversed = plugins.stream().sorted(PluginSpec.CHAIN_ORDER.reversed()).toList();
		List<PluginSpec> sorted = sort(reversed, (spec) -> dependents(spec.id(), plugins));
		return Stream.concat(reversed.stream().filter((spec) -> !sorted.contains(spec)), sorted.stream()).toList();
	}

	/**
	 * Those that directly depend on a plugin.
	 * @param plugin the plugin
	 * @param among where to look
	 * @return possibly none
	 */
	static List<PluginId> dependents(PluginId plugin, Collection<PluginSpec> among) {
		return among.stream().filter((other) -> other.dependencies().contains(plugin)).map(PluginSpec::id).toList();
	}

	/** Takes, again and again, the first of which all predecessors have been taken. */
	private static List<PluginSpec> sort(Collection<PluginSpec> preferred,
			Function<PluginSpec, List<PluginId>> predecessors) {
		List<PluginSpec> left = new ArrayList<>(preferred);
		List<PluginSpec> sorted = new ArrayList<>();
		Set<PluginId> taken = new HashSet<>();
		boolean progress = true;
		while (progress) {
			progress = false;
			for (PluginSpec candidate : left) {
				if (taken.containsAll(predecessors.apply(candidate))) {
					left.remove(candidate);
					sorted.add(candidate);
					taken.add(candidate.id());
					progress = true;
					break;
				}
			}
		}
		return sorted;
	}

	private static boolean exists(PluginSpec spec) {
		return !(spec.source() instanceof PluginSource.Missing);
	}

	private static String explain(PluginSpec spec, Map<PluginId, PluginSpec> stuck, Set<PluginId> known) {
		if (spec.source() instanceof PluginSource.Missing nowhere) {
			return nowhere.reason();
		}
		List<PluginId> missing = spec.dependencies()
			.stream()
			.filter((dependency) -> !known.contains(dependency))
			.sorted(Comparator.naturalOrder())
			.toList();
		if (!missing.isEmpty()) {
			return "depends on " + names(missing, ", ")
					+ ", expected: installed and enabled, got: no such plugin; install it, enable it or remove it from dependencies";
		}
		Set<PluginId> path = new LinkedHashSet<>();
		Optional<PluginId> next = Optional.of(spec.id());
		while (next.isPresent() && path.add(next.get())) {
			next = blocker(next.get(), stuck);
		}
		if (next.isPresent() && next.get().equals(spec.id())) {
			return "dependencies form a circle: " + names(path, " -> ") + " -> " + spec.id() + "; remove one of them";
		}
		return "depends on " + names(spec.dependencies(), ", ") + ", of which "
				+ blocker(spec.id(), stuck).map(PluginId::name).orElse("none") + " cannot start";
	}

	private static Optional<PluginId> blocker(PluginId plugin, Map<PluginId, PluginSpec> stuck) {
		PluginSpec spec = stuck.get(plugin);
		return (spec != null) ? spec.dependencies().stream().filter(stuck::containsKey).findFirst() : Optional.empty();
	}

	private static String names(Collection<PluginId> plugins, String separator) {
		return plugins.stream().map(PluginId::name).collect(Collectors.joining(separator));
	}

}
