package org.hkpgateway.config;

import java.util.List;

import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.binder.grpc.MetricCollectingServerInterceptor;
import net.devh.boot.grpc.server.interceptor.GrpcGlobalServerInterceptor;
import net.devh.boot.grpc.server.service.GrpcServiceDiscoverer;
import org.hkpgateway.actuate.EventMetrics;
import org.hkpgateway.events.EventBus;
import org.hkpgateway.events.PluginEvents;
import org.hkpgateway.host.HostInformation;
import org.hkpgateway.host.HostServers;
import org.hkpgateway.lifecycle.PluginHost;
import org.hkpgateway.lifecycle.PluginState;
import org.hkpgateway.state.LocalStateStore;
import org.hkpgateway.state.StateStore;

import org.springframework.beans.factory.ObjectProvider;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

/**
 * What plugins call back. {@code PluginHostService} is found by its annotation.
 */
@Configuration(proxyBeanMethods = false)
class HostConfiguration {

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

	/** Nothing outlives the gateway: replicas do not share it. */
	@Bean
	StateStore stateStore(HkpProperties properties) {
		return new LocalStateStore(properties.state().quota());
	}

	/**
	 * Counts refusals as {@code hkp.plugin.host.refused} by plugin and reason.
	 */
	@Bean
	HostServers hostServers(GrpcServiceDiscoverer services, MeterRegistry registry) {
		return new HostServers(services,
				(plugin, refusal) -> registry
					.counter("hkp.plugin.host.refused", "plugin", plugin.name(), "reason", refusal.label())
					.increment());
	}

	/** Calls that were not refused, as {@code grpc.server.*} by method and status. */
	@Bean
	@GrpcGlobalServerInterceptor
	MetricCollectingServerInterceptor hostCallMetrics(MeterRegistry registry) {
		return new MetricCollectingServerInterceptor(registry);
	}

}
