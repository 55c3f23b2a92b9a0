package org.hkpgateway.actuate;

import java.util.function.LongSupplier;
import java.util.function.ToLongFunction;

import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tags;
import org.hkpgateway.lifecycle.StateListener;
import org.hkpgateway.lifecycle.Transition;
import org.hkpgateway.plugin.PluginId;
import org.hkpgateway.state.StateQuota;
import org.hkpgateway.state.StateStore;
import org.hkpgateway.state.StateStore.Size;
import org.jspecify.annotations.Nullable;

/**
 * Shows how much each plugin keeps with the gateway, as {@code hkp.plugin.kept.keys} and
 * {@code .bytes}, of what it may, {@code hkp.state.max.keys} and {@code .bytes}.
 * {@link GatewayMetrics} removes the gauges with the plugin.
 * <p>
 * The store is asked when somebody asks for the gauges, once a second at most, and nobody
 * waits for it: with a store elsewhere they show what it has answered the time before.
 * While that is not known they have no value.
 */
public final class StateGauges implements StateListener {

	static final String KEYS = "hkp.plugin.kept.keys";

	static final String BYTES = "hkp.plugin.kept.bytes";

	private static final long FRESH_NANOS = 1_000_000_000;

	private final MeterRegistry registry;

	private final StateStore store;

	private final LongSupplier nanos;

	/**
	 * Makes the gauges.
	 * @param registry where they go
	 * @param store what plugins keep
	 */
	public StateGauges(MeterRegistry registry, StateStore store) {
		this(registry, store, System::nanoTime);
	}

	StateGauges(MeterRegistry registry, StateStore store, LongSupplier nanos) {
		this.registry = registry;
		this.store = store;
		this.nanos = nanos;
	}

	/**
	 * Shows what each plugin may keep.
	 * @param registry where it goes
	 * @param quota of each
	 */
	public static void bindQuota(MeterRegistry registry, StateQuota quota) {
		Gauge.builder("hkp.state.max.keys", quota, StateQuota::keys)
			.description("How many values, counters and buckets each plugin may keep")
			.strongReference(true)
			.register(registry);
		Gauge.builder("hkp.state.max.bytes", quota, StateQuota::bytes)
			.description("How much each plugin may keep")
			.baseUnit("bytes")
			.strongReference(true)
			.register(registry);
	}

	@Override
	public void onAdded(PluginId plugin) {
		Tags tags = Tags.of(GatewayMetrics.PLUGIN, plugin.name());
		if (this.registry.find(KEYS).tags(tags).gauge() != null) {
			// It comes back before it has quite gone.
			return;
		}
		Kept kept = new Kept(plugin);
		Gauge.builder(KEYS, () -> kept.value(Size::keys))
			.description("Values, counters and buckets of tokens that the plugin keeps with the gateway")
			.tags(tags)
			.register(this.registry);
		Gauge.builder(BYTES, () -> kept.value(Size::bytes))
			.description("What their names and contents take")
			.baseUnit("bytes")
			.tags(tags)
			.register(this.registry);
	}

	@Override
	public void onTransition(Transition transition) {
		// What is kept outlives processes.
	}

	/** What was known last of one plugin. */
	private final class Kept {

		private final PluginId plugin;

		private volatile long asked = StateGauges.this.nanos.getAsLong() - FRESH_NANOS;

		private volatile @Nullable Size last;

		Kept(PluginId plugin) {
			this.plugin = plugin;
		}

		double value(ToLongFunction<Size> part) {
			long now = StateGauges.this.nanos.getAsLong();
			if (now - this.asked >= FRESH_NANOS) {
				this.asked = now;
				StateGauges.this.store.size(this.plugin)
					// Of failures of the shared store others tell.
					.subscribe((size) -> this.last = size, (failure) -> this.last = null);
			}
			Size known = this.last;
			return (known != null) ? (double) part.applyAsLong(known) : Double.NaN;
		}

	}

}
