package org.hkpgateway.config;

import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;

import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.binder.MeterBinder;
import org.hkpgateway.actuate.EventMetrics;
import org.hkpgateway.actuate.ExplainHandler;
import org.hkpgateway.actuate.GatewayMetrics;
import org.hkpgateway.actuate.GuardGauges;
import org.hkpgateway.actuate.PluginGauges;
import org.hkpgateway.actuate.PluginsEndpoint;
import org.hkpgateway.actuate.PluginsHealthContributor;
import org.hkpgateway.actuate.ProofOfCall;
import org.hkpgateway.actuate.ServingHealthIndicator;
import org.hkpgateway.actuate.StateGauges;
import org.hkpgateway.actuate.UpstreamHealthIndicator;
import org.hkpgateway.actuate.UpstreamMetrics;
import org.hkpgateway.actuate.console.PluginLines;
import org.hkpgateway.events.EventBus;
import org.hkpgateway.events.PluginEvents;
import org.hkpgateway.grpc.Gateway;
import org.hkpgateway.grpc.GrpcConnector;
import org.hkpgateway.grpc.PluginStdio;
import org.hkpgateway.host.HostServers;
import org.hkpgateway.host.RemotePluginServer;
import org.hkpgateway.lifecycle.EventLinks;
import org.hkpgateway.lifecycle.LifecycleSettings;
import org.hkpgateway.lifecycle.LoggingStateListener;
import org.hkpgateway.lifecycle.PluginHost;
import org.hkpgateway.lifecycle.StateEvents;
import org.hkpgateway.lifecycle.StateListener;
import org.hkpgateway.plugin.RequestChanges;
import org.hkpgateway.process.LaunchOptions;
import org.hkpgateway.process.LocalPluginLauncher;
import org.hkpgateway.process.StreamedOutput;
import org.hkpgateway.proxy.PublicServer;
import org.hkpgateway.resilience.GuardedPlugins;
import org.hkpgateway.state.StateStore;
import reactor.core.Disposable;
import reactor.core.Disposables;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Schedulers;

import org.springframework.beans.factory.ObjectProvider;
import org.springframework.boot.ApplicationArguments;
import org.springframework.boot.actuate.autoconfigure.endpoint.web.WebEndpointProperties;
import org.springframework.boot.info.BuildProperties;
import org.springframework.boot.ssl.SslBundles;
import org.springframework.context.ApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.web.reactive.function.server.RouterFunction;
import org.springframework.web.reactive.function.server.RouterFunctions;
import org.springframework.web.reactive.function.server.ServerResponse;

/**
 * The plugin host, from discovery to health.
 */
@Configuration(proxyBeanMethods = false)
class PluginConfiguration {

	@Bean
	PluginCatalog pluginCatalog(HkpProperties properties) {
		return new PluginCatalog(properties);
	}

	@Bean
	LocalPluginLauncher pluginLauncher(HkpProperties properties, HostServers host, PluginLines lines) {
		PluginsProperties plugins = properties.plugins();
		LaunchOptions options = LaunchOptions.defaults()
			.withOutput(lines)
			.withUidRange(plugins.users())
			.withHostAccess(host);
		String directory = plugins.runtimeDirectory();
		try {
			return new LocalPluginLauncher(
					directory.isEmpty() ? options : options.withRuntimeDirectory(Path.of(directory)));
		}
		catch (IllegalArgumentException | UncheckedIOException ex) {
			throw new UnusableSettingException(String.valueOf(ex.getMessage()),
					"Give each gateway a runtime directory of its own that it can write, or none for a fresh one.");
		}
	}

	@Bean
	GrpcConnector pluginConnector(GatewayVersion version, HkpProperties properties, ApplicationContext context,
			SslBundles bundles, GatewayMetrics metrics, PluginLines lines) {
		StreamedOutput output = new StreamedOutput(lines);
		return new GrpcConnector(new Gateway(version.text(), properties.plugins().effectiveChainBudget()),
				new RemotePluginChannels(context, bundles),
				(plugin, stream, bytes) -> output.accept(plugin, stream == PluginStdio.Stream.STDERR, bytes), metrics);
	}

	@Bean
	GatewayVersion gatewayVersion(ObjectProvider<BuildProperties> build) {
		return GatewayVersion.of(build.getIfAvailable());
	}

	@Bean
	GuardedPlugins guardedPlugins(HkpProperties properties) {
		return new GuardedPlugins(properties.plugins().effectiveChainBudget(),
				properties.plugins().effectiveResponseBudget(),
				new RequestChanges(properties.edge().maxBody().toBytes()));
	}

	@Bean
	EventMetrics eventMetrics(MeterRegistry registry) {
		return new EventMetrics(registry);
	}

	@Bean
	EventBus eventBus(EventMetrics metrics) {
		return new EventBus(metrics);
	}

	/** Closed by its lifecycle, which knows when. */
	@Bean(destroyMethod = "")
	PluginHost pluginHost(LocalPluginLauncher launcher, GrpcConnector connector, GuardedPlugins guards,
			GatewayMetrics metrics, MeterRegistry registry, ObjectProvider<PluginHost> self, EventBus events,
			PluginEvents pluginEvents, EventMetrics eventMetrics, PluginLines lines,
			ObjectProvider<RemotePluginServer> remoteHost, StateStore state) {
		GuardGauges gauges = new GuardGauges(registry, (plugin) -> self.getObject().status(plugin));
		List<StateListener> listeners = List.of(new LoggingStateListener(), metrics, eventMetrics, gauges,
				new PluginGauges(registry, (plugin) -> self.getObject().status(plugin)),
				new StateGauges(registry, state), new StateEvents(events), lines);
		RemotePluginServer remote = remoteHost.getIfAvailable();
		return new PluginHost(launcher, (remote != null) ? remote.admitting(connector) : connector, guards,
				LifecycleSettings.DEFAULTS, listeners, metrics, EventLinks.to(pluginEvents));
	}

	@Bean
	PluginHostLifecycle pluginHostLifecycle(PluginHost host, PluginCatalog catalog) {
		return new PluginHostLifecycle(host, () -> catalog.current().specs());
	}

	@Bean
	PluginUpdates pluginUpdates(PluginCatalog catalog, ApplicationArguments arguments, PluginHost host,
			EventBus events) {
		return new PluginUpdates(catalog, new ConfigurationReader(arguments.getSourceArgs()), host,
				new ConfigEvents(events));
	}

	@Bean
	GatewayMetrics gatewayMetrics(MeterRegistry registry) {
		return new GatewayMetrics(registry);
	}

	@Bean
	MeterBinder pluginFindings(PluginCatalog catalog) {
		return (registry) -> PluginGauges.bindFindings(registry, () -> catalog.current().findings());
	}

	@Bean
	PluginsEndpoint pluginsEndpoint(PluginHost host, PluginUpdates updates, PluginCatalog catalog, StateStore state,
			ProofOfCall calls) {
		return new PluginsEndpoint(host, updates, updates, () -> catalog.current().findings(), state, calls);
	}

	/**
	 * Of the management port alone: the public port does not route to it, whatever the
	 * target. Security is that of every change.
	 */
	@Bean
	RouterFunction<ServerResponse> explainRoute(PublicServer server, PluginHost host, HkpProperties properties,
			WebEndpointProperties endpoints) {
		ExplainHandler handler = new ExplainHandler(server, host::statuses, properties.edge().maxBody().toBytes());
		return RouterFunctions.route().POST(endpoints.getBasePath() + "/explain", handler::explain).build();
	}

	@Bean
	ProofOfCall proofOfCall(ObjectProvider<PluginHost> host, HkpProperties properties, MeterRegistry registry) {
		return new ProofOfCall(properties.health().proofOfCall(), () -> host.getObject().statuses(),
				() -> host.getObject()
					.chain()
					.stream()
					.map((entry) -> entry.spec().id())
					.collect(Collectors.toUnmodifiableSet()),
				registry, Clock.systemUTC());
	}

	/** Ten times in the period, but not more often than needed or good. */
	@Bean
	Disposable proofOfCallLooks(ProofOfCall calls, HkpProperties properties) {
		Duration period = properties.health().proofOfCall();
		if (period.isZero()) {
			return Disposables.disposed();
		}
		long pause = Math.min(30_000, Math.max(100, period.toMillis() / 10));
		return Schedulers.boundedElastic().schedulePeriodically(calls::look, pause, pause, TimeUnit.MILLISECONDS);
	}

	@Bean
	PluginsHealthContributor pluginsHealthContributor(PluginHost host, PluginCatalog catalog, ProofOfCall calls) {
		return new PluginsHealthContributor(host, () -> catalog.current().findings(), calls);
	}

	@Bean
	ServingHealthIndicator servingHealthIndicator(PluginHost host, PublicServer server, HkpProperties properties) {
		HkpProperties.Readiness readiness = properties.readiness();
		return new ServingHealthIndicator(host, readiness.required() == HkpProperties.Readiness.Required.ALWAYS,
				readiness.upstream() ? server.probeUpstream() : Mono.empty());
	}

	@Bean
	UpstreamMetrics upstreamMetrics(PublicServer server) {
		return new UpstreamMetrics(server::upstreams);
	}

	@Bean
	UpstreamHealthIndicator upstreamHealthIndicator(PublicServer server) {
		return new UpstreamHealthIndicator(server);
	}

}
