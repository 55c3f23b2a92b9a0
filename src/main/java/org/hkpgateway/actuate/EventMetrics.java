package org.hkpgateway.actuate;

import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import org.hkpgateway.events.ClusterListener;
import org.hkpgateway.events.EventBus;
import org.hkpgateway.events.EventListener;
import org.hkpgateway.lifecycle.StateListener;
import org.hkpgateway.lifecycle.Transition;
import org.hkpgateway.plugin.PluginId;

/**
 * Counts events: {@code hkp.events.published} by type, where {@value #PLUGIN_TYPES}
 * stands for all that plugins make up, and {@code hkp.plugin.events.delivered},
 * {@code .lost} and {@code .refused} by plugin. What waits for subscribers is shown by
 * {@code hkp.events.subscribers}, {@code .waiting} and {@code .waiting.bytes}. Of those
 * between replicas {@code hkp.cluster.events.sent}, {@code .received}, {@code .missed}
 * and, by reason, {@code .dropped}.
 */
public class EventMetrics implements EventListener, ClusterListener, StateListener {

	static final String PLUGIN_TYPES = "plugin.<name>";

	private final MeterRegistry registry;

	/**
	 * To look them up by their labels takes longer than to publish an event. The keys are
	 * meters' names and the values of their only labels, if they have one.
	 */
	private final Map<Label, Counter> counters = new ConcurrentHashMap<>();

	/**
	 * Makes the metrics.
	 * @param registry where they go
	 */
	public EventMetrics(MeterRegistry registry) {
		this.registry = registry;
	}

	/**
	 * Shows what waits.
	 * @param registry where it goes
	 * @param bus whose
	 */
	public static void bindSize(MeterRegistry registry, EventBus bus) {
		Gauge.builder("hkp.events.subscribers", bus, EventBus::subscribers)
			.description("Who listens to events, plugins and the gateway itself")
			.register(registry);
		Gauge.builder("hkp.events.waiting", bus, EventBus::waiting)
			.description("Events that wait for subscribers, of all together")
			.register(registry);
		Gauge.builder("hkp.events.waiting.bytes", bus, EventBus::waitingBytes)
			.description("About how much memory these take")
			.baseUnit("bytes")
			.register(registry);
	}

	@Override
	public void published(String type) {
		counter("hkp.events.published", "type", typeClass(type)).increment();
	}

	/** The gateway's own types are a fixed set. */
	private static String typeClass(String type) {
		return type.startsWith("plugin.") && type.indexOf('.', "plugin.".length()) > 0 ? PLUGIN_TYPES : type;
	}

	@Override
	public void delivered(PluginId plugin, int events) {
		counter("hkp.plugin.events.delivered", GatewayMetrics.PLUGIN, plugin.name()).increment(events);
	}

	@Override
	public void lost(PluginId plugin, long events) {
		counter("hkp.plugin.events.lost", GatewayMetrics.PLUGIN, plugin.name()).increment((double) events);
	}

	@Override
	public void refused(PluginId plugin) {
		counter("hkp.plugin.events.refused", GatewayMetrics.PLUGIN, plugin.name()).increment();
	}

	@Override
	public void sent(int events) {
		counter("hkp.cluster.events.sent").increment(events);
	}

	@Override
	public void received() {
		counter("hkp.cluster.events.received").increment();
	}

	@Override
	public void missed(long events) {
		counter("hkp.cluster.events.missed").increment((double) events);
	}

	@Override
	public void dropped(Dropped why, int events) {
		counter("hkp.cluster.events.dropped", "reason", why.label()).increment(events);
	}

	private Counter counter(String name) {
		Label label = new Label(name, "");
		Counter counter = this.counters.get(label);
		return (counter != null) ? counter
				: this.counters.computeIfAbsent(label, (made) -> this.registry.counter(name));
	}

	private Counter counter(String name, String key, String value) {
		Label label = new Label(name, value);
		Counter counter = this.counters.get(label);
		return (counter != null) ? counter
				: this.counters.computeIfAbsent(label, (made) -> this.registry.counter(name, key, value));
	}

	@Override
	public void onTransition(Transition transition) {
		// Only the end of a plugin matters here.
	}

	/** The meters themselves are removed by {@link GatewayMetrics}. */
	@Override
	public void onRemoved(PluginId plugin) {
		this.counters.keySet()
			.removeIf((label) -> label.name().startsWith("hkp.plugin.") && label.value().equals(plugin.name()));
	}

	private record Label(String name, String value) {
	}

}
