package org.hkpgateway.lifecycle;

import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Predicate;

import org.hkpgateway.plugin.PluginId;
import org.hkpgateway.plugin.PluginSpec;

import org.jspecify.annotations.Nullable;

/**
 * Plugins that wait for others to become READY, for a start or for a swap. Reading is
 * thread-safe, changing is for the control thread.
 */
final class Waiting {

	private final Map<PluginId, Waiter> waiters = new ConcurrentHashMap<>();

	/**
	 * Lets a plugin wait, for nothing else any more.
	 * @param spec what it waits to become
	 * @param then what to do when all its dependencies are READY
	 */
	void add(PluginSpec spec, Runnable then) {
		this.waiters.put(spec.id(), new Waiter(spec, then));
	}

	void remove(PluginId id) {
		this.waiters.remove(id);
	}

	boolean contains(PluginId id) {
		return this.waiters.containsKey(id);
	}

	/**
	 * What a plugin waits to become.
	 * @param id the plugin
	 * @return null if it does not wait
	 */
	@Nullable PluginSpec target(PluginId id) {
		Waiter waiter = this.waiters.get(id);
		return (waiter != null) ? waiter.spec() : null;
	}

	/**
	 * Those that wait for a plugin.
	 * @param id the plugin
	 * @return possibly none
	 */
	List<PluginId> waitingFor(PluginId id) {
		return DependencyOrder.dependents(id, this.waiters.values().stream().map(Waiter::spec).toList());
	}

	/**
	 * Lets go those that need wait no longer.
	 * @param met whether these dependencies are READY
	 */
	void release(Predicate<Collection<PluginId>> met) {
		for (Waiter waiter : List.copyOf(this.waiters.values())) {
			if (met.test(waiter.spec().dependencies()) && this.waiters.remove(waiter.spec().id(), waiter)) {
				waiter.then().run();
			}
		}
	}

	private record Waiter(PluginSpec spec, Runnable then) {
	}

}
