package org.hkpgateway.lifecycle;

import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.function.Function;
import java.util.stream.Collectors;

import org.hkpgateway.plugin.PluginId;
import org.hkpgateway.plugin.PluginSpec;

/**
 * The end of plugins in the order of their dependencies.
 */
final class Retirement {

	private Retirement() {
	}

	/**
	 * Ends plugins for good: each as soon as those of them that depend on it have ended.
	 * @param plugins which
	 * @param reason why, also told to them
	 * @return completes for each when none of its processes is left
	 */
	static Map<PluginId, CompletableFuture<Void>> of(Collection<PluginSlot> plugins, String reason) {
		Map<PluginId, PluginSlot> slots = plugins.stream()
			.collect(Collectors.toMap(PluginSlot::id, Function.identity()));
		List<PluginSpec> specs = plugins.stream().map(PluginSlot::spec).toList();
		Map<PluginId, CompletableFuture<Void>> ends = new LinkedHashMap<>();
		for (PluginSpec spec : DependencyOrder.stopping(specs)) {
			List<CompletableFuture<Void>> dependents = DependencyOrder.dependents(spec.id(), specs)
				.stream()
				.filter(ends::containsKey)
				.map(ends::get)
				.toList();
			PluginSlot slot = slots.get(spec.id());
			if (slot != null) {
				ends.put(spec.id(), all(dependents).thenCompose((done) -> slot.retire(reason)));
			}
		}
		return ends;
	}

	static CompletableFuture<Void> all(Collection<CompletableFuture<Void>> futures) {
		return CompletableFuture.allOf(futures.toArray(CompletableFuture<?>[]::new));
	}

}
