package org.hkpgateway.config;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

import org.hkpgateway.actuate.GatewayMetrics;
import org.hkpgateway.actuate.PluginsEndpoint;
import org.hkpgateway.actuate.PluginsHealthContributor;
import org.hkpgateway.actuate.ServingHealthIndicator;
import org.hkpgateway.actuate.UpstreamHealthIndicator;
import org.hkpgateway.grpc.Gateway;
import org.hkpgateway.grpc.GrpcConnector;
import org.hkpgateway.lifecycle.LifecycleSettings;
import org.hkpgateway.lifecycle.LoggingStateListener;
import org.hkpgateway.lifecycle.PluginHost;
import org.hkpgateway.lifecycle.StateListener;
import org.hkpgateway.process.LaunchOptions;
import org.hkpgateway.process.LocalPluginLauncher;
import org.hkpgateway.proxy.PublicServer;
import org.hkpgateway.resilience.GuardedPlugins;

import io.micrometer.core.instrument.MeterRegistry;
import reactor.core.publisher.Mono;

import org.springframework.beans.factory.ObjectProvider;
import org.springframework.boot.ApplicationArguments;
import org.springframework.boot.info.BuildProperties;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

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
	LocalPluginLauncher pluginLauncher(HkpProperties properties) {
		String directory = properties.plugins().runtimeDirectory();
		LaunchOptions defaults = LaunchOptions.defaults();
		return new LocalPluginLauncher(directory.isEmpty() ? defaults : new LaunchOptions(Path.of(directory),
				defaults.environment(), defaults.output(), defaults.parentDeathSignal()));
	}

	@Bean
	GrpcConnector pluginConnector(ObjectProvider<BuildProperties> build, HkpProperties properties) {
		BuildProperties known = build.getIfAvailable();
		String version = (known != null) ? known.getVersion() : null;
		return new GrpcConnector(
				new Gateway((version != null) ? version : "development", properties.plugins().chainBudget()));
	}

	@Bean
	GuardedPlugins guardedPlugins(HkpProperties properties) {
		return new GuardedPlugins(properties.plugins().chainBudget());
	}

	/** Closed by its lifecycle, which knows when. */
	@Bean(destroyMethod = "")
	PluginHost pluginHost(LocalPluginLauncher launcher, GrpcConnector connector, GuardedPlugins guards,
			GatewayMetrics metrics, ObjectProvider<StateListener> listeners) {
		List<StateListener> all = new ArrayList<>(listeners.orderedStream().toList());
		all.add(new LoggingStateListener());
		return new PluginHost(launcher, connector, guards, LifecycleSettings.DEFAULTS, all, metrics);
	}

	@Bean
	PluginHostLifecycle pluginHostLifecycle(PluginHost host, PluginCatalog catalog) {
		return new PluginHostLifecycle(host, () -> catalog.current().specs());
	}

	@Bean
	PluginUpdates pluginUpdates(PluginCatalog catalog, ApplicationArguments arguments, PluginHost host) {
		return new PluginUpdates(catalog, new ConfigurationReader(arguments.getSourceArgs()), host);
	}

	@Bean
	GatewayMetrics gatewayMetrics(MeterRegistry registry) {
		return new GatewayMetrics(registry);
	}

	@Bean
	PluginsEndpoint pluginsEndpoint(PluginHost host, PluginUpdates updates, PluginCatalog catalog) {
		return new PluginsEndpoint(host, updates, () -> catalog.current().findings());
	}

	@Bean
	PluginsHealthContributor pluginsHealthContributor(PluginHost host, PluginCatalog catalog) {
		return new PluginsHealthContributor(host, () -> catalog.current().findings());
	}

	@Bean
	ServingHealthIndicator servingHealthIndicator(PluginHost host, PluginCatalog catalog, PublicServer server,
			HkpProperties properties) {
		HkpProperties.Readiness readiness = properties.readiness();
		return new ServingHealthIndicator(host, () -> catalog.current().missing(),
				readiness.required() == HkpProperties.Readiness.Required.ALWAYS,
				readiness.upstream() ? server.probeUpstream() : Mono.empty());
	}

	@Bean
	UpstreamHealthIndicator upstreamHealthIndicator(PublicServer server, Upstream upstream) {
		return new UpstreamHealthIndicator(server, upstream.url().toString());
	}

}
