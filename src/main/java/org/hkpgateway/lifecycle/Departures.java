package org.hkpgateway.lifecycle;

import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;

/**
 * The generations of one plugin that are on their way out. Thread-safe.
 */
final class Departures {

	private final Control control;

	private final Map<PluginSupervisor, CompletableFuture<Void>> leaving = new ConcurrentHashMap<>();

	Departures(Control control) {
		this.control = control;
	}

	/**
	 * Ends a generation for good, and its thread once it has ended.
	 * @param place what it fills; nobody may find it there any longer
	 * @param reason why, also told to the plugin
	 * @return completes when no process of it is left
	 */
	CompletableFuture<Void> add(Place place, String reason) {
		PluginSupervisor supervisor = place.supervisor();
		CompletableFuture<Void> gone = supervisor.retire(reason);
		this.leaving.put(supervisor, gone);
		var unused = gone.thenRun(() -> this.control.execute(() -> {
			supervisor.close();
			this.leaving.remove(supervisor);
		}));
		return gone;
	}

	/**
	 * Those that are leaving now.
	 * @return completes when no process of them is left
	 */
	CompletableFuture<Void> all() {
		return CompletableFuture.allOf(this.leaving.values().toArray(CompletableFuture<?>[]::new));
	}

	/** Ends their threads, interrupting what they do. Does not block. */
	void close() {
		List.copyOf(this.leaving.keySet()).forEach(PluginSupervisor::close);
	}

}
