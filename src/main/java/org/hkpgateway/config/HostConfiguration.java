package org.hkpgateway.config;

import java.net.URI;
import java.util.List;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Meter.MeterProvider;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.binder.MeterBinder;
import io.micrometer.core.instrument.binder.grpc.MetricCollectingServerInterceptor;
import net.devh.boot.grpc.server.interceptor.GrpcGlobalServerInterceptor;
import net.devh.boot.grpc.server.service.GrpcServiceDiscoverer;
import org.hkpgateway.actuate.EventMetrics;
import org.hkpgateway.actuate.StateGauges;
import org.hkpgateway.actuate.StorageMetrics;
import org.hkpgateway.events.ClusterEvents;
import org.hkpgateway.events.Event;
import org.hkpgateway.events.EventBus;
import org.hkpgateway.events.EventFilter;
import org.hkpgateway.events.PluginEvents;
import org.hkpgateway.host.HostInformation;
import org.hkpgateway.host.HostRefusalListener;
import org.hkpgateway.host.HostServers;
import org.hkpgateway.lifecycle.PluginHost;
import org.hkpgateway.lifecycle.PluginState;
import org.hkpgateway.plugin.HostTracing;
import org.hkpgateway.proxy.PublicServer;
import org.hkpgateway.proxy.UpstreamStatus;
import org.hkpgateway.state.FallbackStateStore;
import org.hkpgateway.state.LocalStateStore;
import org.hkpgateway.state.RedisLink;
import org.hkpgateway.state.RedisStateStore;
import org.hkpgateway.state.StateQuota;
import org.hkpgateway.state.StateStore;
import org.hkpgateway.storage.KeyStorage;
import org.hkpgateway.storage.StorageTracing;
import reactor.core.publisher.Flux;

import org.springframework.beans.factory.ObjectProvider;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

/**
 * What plugins call back. {@code PluginHostService} is found by its annotation.
 */
@Configuration(proxyBeanMethods = false)
class HostConfiguration {

	private static final int MOST_CHANGES = 64;

	/** Plugins are started with it, so it asks for their host only when it is asked. */
	@Bean
	HostInformation hostInformation(GatewayVersion version, HkpProperties properties, ObjectProvider<PluginHost> host) {
		return new HostInformation(version.text(), properties.plugins().effectiveChainBudget(),
				() -> loaded(host.getObject()));
	}

	private static List<HostInformation.LoadedPlugin> loaded(PluginHost host) {
		return host.statuses()
			.stream()
			.filter((status) -> status.state() != PluginState.STOPPED && status.state() != PluginState.FAILED)
			.map((status) -> new HostInformation.LoadedPlugin(status.id(), status.version()))
			.toList();
	}

	@Bean
	PluginEvents pluginEvents(EventBus bus, EventMetrics metrics) {
		return new PluginEvents(bus, metrics);
	}

	@Bean
	MeterBinder waitingEvents(EventBus bus) {
		return (registry) -> EventMetrics.bindSize(registry, bus);
	}

	/** Without Redis nothing outlives the gateway, and replicas share nothing. */
	@Bean
	StateStore stateStore(HkpProperties properties, ObjectProvider<RedisLink> redis) {
		StateQuota quota = properties.state().quota();
		RedisLink link = redis.getIfAvailable();
		if (link == null) {
			return new LocalStateStore(quota);
		}
		return switch (properties.cluster().redis().onFailure()) {
			case LOCAL -> new FallbackStateStore(link, quota);
			case FAIL -> new RedisStateStore(link, quota);
		};
	}

	@Bean
	MeterBinder stateQuota(HkpProperties properties) {
		return (registry) -> StateGauges.bindQuota(registry, properties.state().quota());
	}

	/**
	 * Plugins, which need it, are started before the public server, which knows the
	 * keyservers, so it asks for that only when it is asked.
	 */
	@Bean
	KeyStorage keyStorage(HkpProperties properties, ObjectProvider<PublicServer> server,
			ObjectProvider<PluginHost> host, EventBus events, MeterRegistry registry,
			ObjectProvider<StorageTracing> tracing) {
		return new KeyStorage(properties.storageSettings(), () -> inUse(server.getObject()),
				() -> host.getObject().keyProvider(), changedKeys(events), new StorageMetrics(registry),
				tracing.getIfAvailable(() -> StorageTracing.NONE));
	}

	private static List<URI> inUse(PublicServer server) {
		return server.upstreams().stream().filter(UpstreamStatus::inUse).map(UpstreamStatus::url).toList();
	}

	/**
	 * As {@link KeyStorage} wants them, of all replicas. More than wait here are too many
	 * to look at. If changes were missed elsewhere, or an upload was taken and its answer
	 * could not be read, nobody knows of which keys.
	 */
	static Flux<String> changedKeys(EventBus events) {
		return events
			.events(EventFilter.ofTypes("key.changed", "key.submitted", ClusterEvents.GAP, ClusterEvents.JOINED),
					MOST_CHANGES)
			.filter((delivery) -> delivery.lost() > 0 || concernsKeys(delivery.event()))
			.map((delivery) -> (delivery.lost() > 0) ? ""
					: delivery.event().metadata().getOrDefault("fingerprint", ""));
	}

	private static boolean concernsKeys(Event event) {
		return switch (event.type()) {
			case ClusterEvents.GAP -> "gateway".equals(event.metadata().get("source"));
			case ClusterEvents.JOINED -> true;
			case "key.submitted" -> event.metadata().containsKey("unread");
			default -> !"ignored".equals(event.metadata().get("change"));
		};
	}

	@Bean
	MeterBinder keyStorageSize(KeyStorage storage) {
		return (registry) -> StorageMetrics.bindSize(registry, storage);
	}

	/**
	 * Counts refusals as {@code hkp.plugin.host.refused} by plugin and reason.
	 */
	@Bean
	HostServers hostServers(GrpcServiceDiscoverer services, MeterRegistry registry,
			ObjectProvider<HostTracing> tracing) {
		return new HostServers(services, refusals(registry), tracing.getIfAvailable());
	}

	/** Under no name, which no plugin has, if it was nobody's. */
	static HostRefusalListener refusals(MeterRegistry registry) {
		MeterProvider<Counter> refused = Counter.builder("hkp.plugin.host.refused")
			.description("Calls and connections of plugins that were refused")
			.withRegistry(registry);
		return (plugin, refusal) -> refused
			.withTags("plugin", (plugin != null) ? plugin.name() : "-", "reason", refusal.label())
			.increment();
	}

	/** Calls that were not refused, as {@code grpc.server.*} by method and status. */
	@Bean
	@GrpcGlobalServerInterceptor
	MetricCollectingServerInterceptor hostCallMetrics(MeterRegistry registry) {
		return new MetricCollectingServerInterceptor(registry);
	}

}
