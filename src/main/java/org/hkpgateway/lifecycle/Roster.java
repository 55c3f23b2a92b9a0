package org.hkpgateway.lifecycle;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.function.Function;

import org.hkpgateway.plugin.Capability;
import org.hkpgateway.plugin.PluginId;
import org.hkpgateway.plugin.PluginRegistry;
import org.hkpgateway.plugin.PluginSpec;

/**
 * All supervisors of a host and how their plugins depend on each other. Thread-safe.
 */
final class Roster {

	static final Roster EMPTY = new Roster(Map.of(), DependencyOrder.of(List.of()));

	/** In chain order. */
	private final Map<PluginId, PluginSupervisor> supervisors;

	private final DependencyOrder order;

	private final List<PluginRegistry.Entry> chain;

	private Roster(Map<PluginId, PluginSupervisor> supervisors, DependencyOrder order) {
		this.supervisors = supervisors;
		this.order = order;
		this.chain = supervisors.values()
			.stream()
			.filter((supervisor) -> supervisor.spec().granted().contains(Capability.HTTP_REQUEST))
			.map(PluginRegistry.Entry.class::cast)
			.toList();
	}

	/**
	 * Makes a supervisor for each plugin.
	 * @param plugins the plugins
	 * @param factory makes one
	 * @return the roster; nothing is started
	 * @throws IllegalArgumentException if an id occurs twice
	 */
	static Roster of(List<PluginSpec> plugins, Function<PluginSpec, PluginSupervisor> factory) {
		Map<PluginId, PluginSpec> distinct = new LinkedHashMap<>();
		plugins.stream().sorted(PluginSpec.CHAIN_ORDER).forEach((spec) -> {
			PluginSpec other = distinct.put(spec.id(), spec);
			if (other != null) {
				throw new IllegalArgumentException("plugin " + spec.id() + ": expected: one of that name, got: "
						+ other.source() + " and " + spec.source());
			}
		});
		DependencyOrder order = DependencyOrder.of(distinct.values());
		Map<PluginId, PluginSupervisor> supervisors = new LinkedHashMap<>();
		distinct.forEach((id, spec) -> supervisors.put(id, factory.apply(spec)));
		return new Roster(supervisors, order);
	}

	List<PluginRegistry.Entry> chain() {
		return this.chain;
	}

	DependencyOrder order() {
		return this.order;
	}

	List<PluginSupervisor> supervisors() {
		return List.copyOf(this.supervisors.values());
	}

	/**
	 * Finds a supervisor.
	 * @param id its plugin
	 * @return the supervisor
	 * @throws IllegalArgumentException if there is no such plugin
	 */
	PluginSupervisor supervisor(PluginId id) {
		PluginSupervisor supervisor = this.supervisors.get(id);
		if (supervisor == null) {
			throw new IllegalArgumentException(
					"plugin " + id + ": expected: one of " + this.supervisors.keySet() + ", got: an unknown plugin");
		}
		return supervisor;
	}

	/**
	 * The dependencies of a plugin that are not READY.
	 * @param id the plugin, not one that is unstartable
	 * @return possibly none
	 */
	List<PluginId> unmetDependencies(PluginId id) {
		return supervisor(id).spec()
			.dependencies()
			.stream()
			.filter((dependency) -> supervisor(dependency).state() != PluginState.READY)
			.toList();
	}

	/**
	 * Those that directly depend on a plugin and can start.
	 * @param id the plugin
	 * @return possibly none
	 */
	List<PluginId> dependents(PluginId id) {
		return DependencyOrder.dependents(id, this.order.startable());
	}

	/**
	 * Stops all for good: each as soon as those that depend on it have stopped.
	 * @param reason why, also told to the plugins
	 * @return completes when all are STOPPED
	 */
	CompletableFuture<Void> retireAll(String reason) {
		Map<PluginId, CompletableFuture<Void>> stops = new LinkedHashMap<>();
		this.order.unstartable().keySet().forEach((id) -> stops.put(id, supervisor(id).retire(reason)));
		for (PluginSpec spec : this.order.stopping()) {
			CompletableFuture<Void> dependents = all(dependents(spec.id()).stream().map(stops::get).toList());
			stops.put(spec.id(), dependents.thenCompose((done) -> supervisor(spec.id()).retire(reason)));
		}
		return all(List.copyOf(stops.values()));
	}

	private static CompletableFuture<Void> all(List<CompletableFuture<Void>> futures) {
		return CompletableFuture.allOf(futures.toArray(CompletableFuture<?>[]::new));
	}

}
