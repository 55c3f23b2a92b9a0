package org.hkpgateway.chain;

import java.time.Duration;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

import org.hkpgateway.plugin.Decision;
import org.hkpgateway.plugin.PluginClient;
import org.hkpgateway.plugin.PluginId;
import org.hkpgateway.plugin.PluginRegistry;
import org.hkpgateway.plugin.RequestEvent;

import reactor.core.publisher.Mono;

/**
 * Asks running plugins about one request that is not real, past the guards that remember
 * how calls went. A plugin that does not declare {@code dry_run} would change its state:
 * it is not asked, or, if somebody insists, asked as about a real request, for which it
 * would take it anyhow. Used for one request; safe for any thread.
 */
public final class DryAsker implements Asker {

	/** Why a plugin is not asked. */
	public static final String NOT_DECLARED = "does not declare dry_run";

	private final boolean force;

	private final Set<PluginId> forced = ConcurrentHashMap.newKeySet();

	private final Set<PluginId> notCalled = ConcurrentHashMap.newKeySet();

	/**
	 * Makes an asker.
	 * @param force whether plugins are asked that may change their state
	 */
	public DryAsker(boolean force) {
		this.force = force;
	}

	@Override
	public Mono<Reply<Decision>> ask(PluginRegistry.Entry entry, RequestEvent shown, Duration left) {
		PluginClient client = entry.rehearsal();
		if (client != null && !client.declaresDryRun()) {
			PluginId id = entry.spec().id();
			if (!this.force) {
				this.notCalled.add(id);
				return Mono.just(new Reply.NotAsked<>(NOT_DECLARED));
			}
			this.forced.add(id);
		}
		return LiveAsker.ask(shown.id(), entry, client,
				(asked) -> asked.decide(asked.declaresDryRun() ? shown.asDryRun() : shown, left));
	}

	/**
	 * Who was asked although it may have changed its state.
	 * @return possibly also a plugin whose answer was not used
	 */
	public Set<PluginId> forced() {
		return Set.copyOf(this.forced);
	}

	/**
	 * Who was not asked because it would have changed its state.
	 * @return those that do not declare the feature
	 */
	public Set<PluginId> notCalled() {
		return Set.copyOf(this.notCalled);
	}

}
