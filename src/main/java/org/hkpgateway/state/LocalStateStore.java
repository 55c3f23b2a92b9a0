package org.hkpgateway.state;

import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

import com.github.benmanes.caffeine.cache.Ticker;
import org.hkpgateway.plugin.PluginId;
import reactor.core.publisher.Mono;

/**
 * Keeps everything in this process: it survives a plugin's, but not the gateway's.
 */
public final class LocalStateStore implements StateStore {

	/** One for each plugin that ever kept or looked for something itself. */
	private final Map<PluginId, LocalNamespace> namespaces = new ConcurrentHashMap<>();

	private final StateQuota quota;

	private final Ticker ticker;

	private final Clock clock;

	/**
	 * An empty store.
	 * @param quota of each plugin
	 */
	public LocalStateStore(StateQuota quota) {
		this(quota, Ticker.systemTicker(), Clock.systemUTC());
	}

	LocalStateStore(StateQuota quota, Ticker ticker, Clock clock) {
		this.quota = quota;
		this.ticker = ticker;
		this.clock = clock;
	}

	@Override
	public Mono<StateValue> get(StateKey key) {
		return Mono.fromSupplier(() -> of(key.plugin()).get(key.name()));
	}

	@Override
	public Mono<StateValue> put(StateKey key, byte[] value, Duration ttl) {
		return Mono.fromSupplier(() -> of(key.plugin()).put(key.name(), value, ttl));
	}

	@Override
	public Mono<Swap> compareAndSet(StateKey key, long expectedVersion, byte[] value, Duration ttl) {
		return Mono.fromSupplier(() -> of(key.plugin()).compareAndSet(key.name(), expectedVersion, value, ttl));
	}

	@Override
	public Mono<Integer> delete(StateKey key) {
		return Mono.fromSupplier(() -> {
			LocalNamespace namespace = this.namespaces.get(key.plugin());
			return (namespace != null) ? namespace.delete(key.name()) : 0;
		});
	}

	@Override
	public Mono<Count> increment(StateKey key, long delta, Duration window) {
		return Mono.fromSupplier(() -> of(key.plugin()).increment(key.name(), delta, window));
	}

	@Override
	public Mono<Acquired> acquire(StateKey key, long tokens, TokenBucket bucket) {
		return Mono.fromSupplier(() -> of(key.plugin()).acquire(key.name(), tokens, bucket));
	}

	@Override
	public Mono<Size> size(PluginId plugin) {
		return Mono.fromSupplier(() -> {
			LocalNamespace namespace = this.namespaces.get(plugin);
			return (namespace != null) ? namespace.size() : new Size(0, 0);
		});
	}

	@Override
	public Mono<Overview> overview(PluginId plugin, int most) {
		return Mono.fromSupplier(() -> {
			LocalNamespace namespace = this.namespaces.get(plugin);
			return (namespace != null) ? namespace.overview(most) : new Overview(0, 0, List.of());
		});
	}

	/**
	 * Versions of an earlier gateway, which a plugin elsewhere may still know, are lower.
	 */
	private LocalNamespace of(PluginId plugin) {
		return this.namespaces.computeIfAbsent(plugin,
				(id) -> new LocalNamespace(this.quota, this.ticker, this.clock.millis() << 20));
	}

}
