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
import org.hkpgateway.manifest.Discovery;
import org.hkpgateway.manifest.Finding;
import org.hkpgateway.manifest.PluginDiscovery;
import org.hkpgateway.process.LaunchOptions;
import org.hkpgateway.process.LocalPluginLauncher;
import org.hkpgateway.proxy.PublicServer;
import org.hkpgateway.resilience.GuardedPlugins;

import io.micrometer.core.instrument.MeterRegistry;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import reactor.core.publisher.Mono;

import org.springframework.beans.factory.ObjectProvider;
import org.springframework.boot.info.BuildProperties;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

/**
 * The plugin host, from discovery to health.
 */
@Configuration(proxyBeanMethods = false)
class PluginConfiguration {

	private static final Logger logger = LoggerFactory.getLogger(PluginConfiguration.class);

	@Bean
	Discovery discovery(HkpProperties properties) {
		PluginsProperties plugins = properties.plugins();
		Discovery scanned = new PluginDiscovery().scan(plugins.directories(), plugins::of, plugins.defaults());
		List<Finding> findings = new ArrayList<>(scanned.findings());
		findings.addAll(MissingPlugins.findings(plugins, scanned));
		for (Finding finding : findings) {
			switch (finding.severity()) {
				case ERROR -> logger.error("{}", finding);
				case WARNING -> logger.warn("{}", finding);
				case NOTICE -> logger.info("{}", finding);
			}
		}
		if (scanned.plugins().isEmpty()) {
			logger.warn("No plugin found in {}: requests pass unexamined", plugins.directories());
		}
		return new Discovery(scanned.plugins(), findings, scanned.names(), scanned.files());
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
	GuardedPlugins guardedPlugins(GatewayMetrics metrics, HkpProperties properties) {
		return new GuardedPlugins(properties.plugins().chainBudget(), metrics);
	}

	/** Closed by its lifecycle, which knows when. */
	@Bean(destroyMethod = "")
	PluginHost pluginHost(LocalPluginLauncher launcher, GrpcConnector connector, GuardedPlugins guards,
			ObjectProvider<StateListener> listeners) {
		List<StateListener> all = new ArrayList<>(listeners.orderedStream().toList());
		all.add(new LoggingStateListener());
		return new PluginHost(launcher, connector, guards, LifecycleSettings.DEFAULTS, all);
	}

	@Bean
	PluginHostLifecycle pluginHostLifecycle(PluginHost host, Discovery discovery) {
		return new PluginHostLifecycle(host, discovery);
	}

	@Bean
	GatewayMetrics gatewayMetrics(MeterRegistry registry) {
		return new GatewayMetrics(registry);
	}

	@Bean
	PluginsEndpoint pluginsEndpoint(PluginHost host, GuardedPlugins guards, Discovery discovery) {
		return new PluginsEndpoint(host, guards, discovery::findings);
	}

	@Bean
	PluginsHealthContributor pluginsHealthContributor(PluginHost host, Discovery discovery) {
		return new PluginsHealthContributor(host, discovery::findings);
	}

	@Bean
	ServingHealthIndicator servingHealthIndicator(PluginHost host, Discovery discovery, PublicServer server,
			HkpProperties properties) {
		HkpProperties.Readiness readiness = properties.readiness();
		return new ServingHealthIndicator(host, () -> MissingPlugins.required(properties.plugins(), discovery),
				readiness.required() == HkpProperties.Readiness.Required.ALWAYS,
				readiness.upstream() ? server.probeUpstream() : Mono.empty());
	}

	@Bean
	UpstreamHealthIndicator upstreamHealthIndicator(PublicServer server, Upstream upstream) {
		return new UpstreamHealthIndicator(server, upstream.url().toString());
	}

}
