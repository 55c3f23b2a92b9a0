package org.hkpgateway.lifecycle;

import java.util.Collection;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;

import org.hkpgateway.plugin.PluginId;
import org.hkpgateway.plugin.PluginSpec;

/**
 * Remembers of each required plugin whether it was READY once, and whether it is known to
 * have failed before that. Thread-safe; both answers only ever change once.
 */
final class Settlement {

	private final Set<PluginId> undecided = ConcurrentHashMap.newKeySet();

	private final Set<PluginId> neverReady = ConcurrentHashMap.newKeySet();

	private final CompletableFuture<Void> settled = new CompletableFuture<>();

	private volatile boolean begun;

	/**
	 * Says whom to wait for. Called once, before any of the others.
	 * @param plugins all plugins
	 */
	void begin(Collection<PluginSpec> plugins) {
		plugins.stream().filter(PluginSpec::required).map(PluginSpec::id).forEach((id) -> {
			this.undecided.add(id);
			this.neverReady.add(id);
		});
		this.begun = true;
		check();
	}

	void ready(PluginId plugin) {
		this.neverReady.remove(plugin);
		this.undecided.remove(plugin);
		check();
	}

	void failed(PluginId plugin) {
		this.undecided.remove(plugin);
		check();
	}

	/** It is not required any more: taken away, or required no longer. */
	void forget(PluginId plugin) {
		this.neverReady.remove(plugin);
		this.undecided.remove(plugin);
		check();
	}

	/** Nothing more will happen: whoever still waits gets a CancellationException. */
	void cancel() {
		this.settled.cancel(false);
	}

	boolean requiredReady() {
		return this.begun && this.neverReady.isEmpty();
	}

	CompletableFuture<Void> settled() {
		return this.settled.copy();
	}

	private void check() {
		if (this.begun && this.undecided.isEmpty()) {
			this.settled.complete(null);
		}
	}

}
