package org.hkpgateway.actuate;

import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.BooleanSupplier;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tags;
import org.hkpgateway.events.ClusterListener;
import org.hkpgateway.events.EventBus;
import org.hkpgateway.events.EventListener;
import org.hkpgateway.lifecycle.StateListener;
import org.hkpgateway.lifecycle.Transition;
import org.hkpgateway.plugin.PluginId;
import org.jspecify.annotations.Nullable;

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
	 * To look them up by their labels takes longer than to publish an event.
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

	/**
	 * Shows whether events of other gateways come.
	 * @param registry where it goes
	 * @param joined tells
	 */
	public static void bindJoined(MeterRegistry registry, BooleanSupplier joined) {
		Gauge.builder("hkp.cluster.events.joined", () -> joined.getAsBoolean() ? 1 : 0)
			.description("Whether events of other gateways come")
			.register(registry);
	}

	/** What is exchanged with other gateways is shown from now on, as 0. */
	public void showCluster() {
		sent(0);
		count(Count.RECEIVED, "", 0);
		missed(0);
		for (Dropped why : Dropped.values()) {
			dropped(why, 0);
		}
	}

	@Override
	public void published(String type) {
		count(Count.PUBLISHED, typeClass(type), 1);
	}

	/** The gateway's own types are a fixed set. */
	private static String typeClass(String type) {
		return type.startsWith("plugin.") && type.indexOf('.', "plugin.".length()) > 0 ? PLUGIN_TYPES : type;
	}

	@Override
	public void delivered(PluginId plugin, int events) {
		count(Count.DELIVERED, plugin.name(), events);
	}

	@Override
	public void lost(PluginId plugin, long events) {
		count(Count.LOST, plugin.name(), events);
	}

	@Override
	public void refused(PluginId plugin) {
		count(Count.REFUSED, plugin.name(), 1);
	}

	@Override
	public void sent(int events) {
		count(Count.SENT, "", events);
	}

	@Override
	public void received() {
		count(Count.RECEIVED, "", 1);
	}

	@Override
	public void missed(long events) {
		count(Count.MISSED, "", events);
	}

	@Override
	public void dropped(Dropped why, int events) {
		count(Count.DROPPED, why.label(), events);
	}

	private void count(Count what, String value, long events) {
		Label label = new Label(what, value);
		Counter counter = this.counters.get(label);
		if (counter == null) {
			counter = this.counters.computeIfAbsent(label, this::counter);
		}
		counter.increment((double) events);
	}

	private Counter counter(Label label) {
		Count what = label.what();
		return Counter.builder(what.meter)
			.description(what.description)
			.tags((what.key != null) ? Tags.of(what.key, label.value()) : Tags.empty())
			.register(this.registry);
	}

	/** As 0, for what is not there cannot be seen to rise. */
	@Override
	public void onAdded(PluginId plugin) {
		delivered(plugin, 0);
		lost(plugin, 0);
		count(Count.REFUSED, plugin.name(), 0);
	}

	@Override
	public void onTransition(Transition transition) {
		// Only whether there is such a plugin matters here.
	}

	/** The meters themselves are removed by {@link GatewayMetrics}. */
	@Override
	public void onRemoved(PluginId plugin) {
		this.counters.keySet()
			.removeIf((label) -> GatewayMetrics.PLUGIN.equals(label.what().key) && label.value().equals(plugin.name()));
	}

	private enum Count {

		PUBLISHED("hkp.events.published", "type", "Events that somebody wanted"),
		DELIVERED("hkp.plugin.events.delivered", GatewayMetrics.PLUGIN, "Events that the plugin got"),
		LOST("hkp.plugin.events.lost", GatewayMetrics.PLUGIN, "Events that it wanted and will never get"),
		REFUSED("hkp.plugin.events.refused", GatewayMetrics.PLUGIN, "Events that it may not publish"),
		SENT("hkp.cluster.events.sent", null, "Events that went to the other gateways"),
		RECEIVED("hkp.cluster.events.received", null, "Events that came from other gateways"),
		MISSED("hkp.cluster.events.missed", null, "Events of other gateways that did not get here"),
		DROPPED("hkp.cluster.events.dropped", "reason", "Events between gateways that were dropped");

		private final String meter;

		private final @Nullable String key;

		private final String description;

		Count(String meter, @Nullable String key, String description) {
			this.meter = meter;
			this.key = key;
			this.description = description;
		}

	}

	private record Label(Count what, String value) {
	}

}
