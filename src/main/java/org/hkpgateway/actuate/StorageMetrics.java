package org.hkpgateway.actuate;

import java.util.concurrent.TimeUnit;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.Meter.MeterProvider;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import org.hkpgateway.plugin.KeyQuery;
import org.hkpgateway.plugin.PluginId;
import org.hkpgateway.storage.KeyStorage;
import org.hkpgateway.storage.StorageListener;

/**
 * Metrics of plugins' queries for keys:
 * <ul>
 * <li>{@code hkp.storage.queries}, by type and result: how long they took</li>
 * <li>{@code hkp.storage.cache.lookups}, by result: {@code hit}, {@code miss}, or
 * {@code shared} with an equal query that was under way</li>
 * <li>{@code hkp.storage.cache.dropped}: answers that were dropped because a key has
 * changed</li>
 * <li>{@code hkp.storage.cache.answers} and {@code hkp.storage.cache.bytes}: how many are
 * kept, and about how much memory they take</li>
 * <li>{@code hkp.plugin.storage.queries}, by plugin and outcome: what came of asking a
 * plugin in the keyserver's place</li>
 * </ul>
 */
public class StorageMetrics implements StorageListener {

	private final MeterProvider<Timer> queries;

	private final MeterProvider<Counter> lookups;

	private final MeterProvider<Counter> provided;

	private final Counter dropped;

	/**
	 * Makes the metrics.
	 * @param registry where they go
	 */
	public StorageMetrics(MeterRegistry registry) {
		this.queries = Timer.builder("hkp.storage.queries")
			.description("Queries of plugins for keys, and how long they took")
			.withRegistry(registry);
		this.lookups = Counter.builder("hkp.storage.cache.lookups")
			.description("Looks for an answer that is kept")
			.withRegistry(registry);
		this.provided = Counter.builder("hkp.plugin.storage.queries")
			.description("What came of asking the plugin for keys in the keyserver's place")
			.withRegistry(registry);
		this.dropped = Counter.builder("hkp.storage.cache.dropped")
			.description("Answers that were dropped because a key has changed")
			.register(registry);
	}

	/**
	 * Shows the size of the cache.
	 * @param registry where it goes
	 * @param storage whose
	 */
	public static void bindSize(MeterRegistry registry, KeyStorage storage) {
		Gauge.builder("hkp.storage.cache.answers", storage, KeyStorage::cachedAnswers)
			.description("Answers to plugins' queries for keys that are kept or on their way")
			.register(registry);
		Gauge.builder("hkp.storage.cache.bytes", storage, KeyStorage::cachedBytes)
			.description("About how much memory they take")
			.baseUnit("bytes")
			.register(registry);
	}

	@Override
	public void answered(KeyQuery.Type type, Result result, long nanos) {
		this.queries.withTags("type", type.label(), "result", result.label()).record(nanos, TimeUnit.NANOSECONDS);
	}

	@Override
	public void looked(Looked found) {
		this.lookups.withTag("result", found.label()).increment();
	}

	@Override
	public void provided(PluginId plugin, Provided provided) {
		this.provided.withTags(GatewayMetrics.PLUGIN, plugin.name(), "outcome", provided.label()).increment();
	}

	@Override
	public void dropped(int answers) {
		this.dropped.increment(answers);
	}

}
