package org.hkpgateway.config;

import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;

import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.binder.MeterBinder;
import org.hkpgateway.actuate.EdgeMetrics;
import org.hkpgateway.actuate.console.RecentDecisions;
import org.hkpgateway.chain.ChainListener;
import org.hkpgateway.chain.PluginChain;
import org.hkpgateway.events.EventBus;
import org.hkpgateway.keyserver.EmbeddedKeyserver;
import org.hkpgateway.lifecycle.PluginHost;
import org.hkpgateway.proxy.LogForm;
import org.hkpgateway.proxy.PublicServer;
import org.hkpgateway.proxy.Recording;
import org.hkpgateway.proxy.RequestTracing;
import org.hkpgateway.proxy.ServerTls;
import org.hkpgateway.proxy.TlsSettings;

import org.jspecify.annotations.Nullable;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import org.springframework.beans.factory.ObjectProvider;
import org.springframework.beans.factory.InitializingBean;
import org.springframework.boot.actuate.autoconfigure.web.server.ManagementServerProperties;
import org.springframework.boot.context.properties.ConfigurationPropertiesBindHandlerAdvisor;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.boot.reactor.netty.NettyReactiveWebServerFactory;
import org.springframework.boot.ssl.SslBundles;
import org.springframework.boot.web.server.Shutdown;
import org.springframework.boot.web.server.autoconfigure.ServerProperties;
import org.springframework.boot.web.server.WebServerFactoryCustomizer;
import org.springframework.context.ApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.support.AbstractApplicationContext;
import org.springframework.context.support.DefaultLifecycleProcessor;
import org.springframework.core.env.Environment;
import org.springframework.http.client.ReactorResourceFactory;
import org.springframework.context.SmartLifecycle;

/**
 * The public side: keyserver, chain, edge, and how they stop.
 */
@Configuration(proxyBeanMethods = false)
@EnableConfigurationProperties(HkpProperties.class)
class GatewayConfiguration {

	private static final String TLS_ACTION = "Set spring.ssl.bundle.pem.<name>.keystore.certificate and .private-key to "
			+ "readable files that belong together, or spring.ssl.bundle.jks.<name>.keystore to a key store, and "
			+ "hkp.tls.bundle to that name.";

	private static final Logger logger = LoggerFactory.getLogger(GatewayConfiguration.class);

	/** Of all settings, Spring Boot's too. Made before any of them is bound. */
	@Bean
	static ConfigurationPropertiesBindHandlerAdvisor wholeNumbers() {
		return WholeNumbers::new;
	}

	@Bean
	Upstream upstream(HkpProperties properties) {
		List<URI> urls = properties.upstream().urls();
		if (!urls.isEmpty()) {
			return new Upstream(urls, null);
		}
		EmbeddedKeyserver keyserver = EmbeddedKeyserver.start();
		logger.warn("hkp.upstream.urls is empty: using the embedded keyserver, for trying out only. It keeps keys in "
				+ "memory and forgets them when the gateway stops");
		return new Upstream(List.of(keyserver.uri()), keyserver);
	}

	@Bean
	PluginChain pluginChain(PluginHost host, HkpProperties properties, ObjectProvider<ChainListener> listeners,
			MeterRegistry registry) {
		PluginChain chain = new PluginChain(host, properties.chainSettings(),
				ChainListener.all(listeners.orderedStream().toList()));
		delayedRequests(registry, chain::delayed);
		return chain;
	}

	static void delayedRequests(MeterRegistry registry, Supplier<Number> delayed) {
		Gauge.builder("hkp.chain.delayed", delayed)
			.description("Requests that are held back because plugins asked for it")
			.register(registry);
	}

	@Bean
	EdgeMetrics edgeMetrics(MeterRegistry registry, HkpProperties properties) {
		return new EdgeMetrics(registry, properties.plugins().effectiveChainBudget());
	}

	@Bean
	MeterBinder bufferedBodies(PublicServer server) {
		return (registry) -> EdgeMetrics.bindBuffers(registry, server::bufferedBytes, server::bufferLimit);
	}

	@Bean
	MeterBinder buildInfo(GatewayVersion version) {
		return (registry) -> Gauge.builder("hkp.build.info", () -> 1)
			.tag("version", version.text())
			.description("Which gateway this is")
			.register(registry);
	}

	@Bean
	PublicServer publicServer(PluginChain chain, Upstream upstream, HkpProperties properties, SslBundles bundles,
			EdgeMetrics metrics, EventBus events, ObjectProvider<RequestTracing> tracing, RecentDecisions decisions,
			Environment environment) {
		// Here, because the server that would read them is made before beans are checked.
		ServerSettingsCheck.check(environment);
		return new PublicServer(chain, upstream.urls(), properties.upstream(), properties.clientAddress(),
				properties.edge(), tls(properties.tls(), bundles, new ConfigEvents(events)), logForm(environment),
				metrics, new Recording(events, tracing.getIfAvailable(), decisions));
	}

	private static LogForm logForm(Environment environment) {
		boolean console = environment.containsProperty("logging.structured.format.console");
		boolean file = environment.containsProperty("logging.structured.format.file");
		boolean hasFile = environment.containsProperty("logging.file.name")
				|| environment.containsProperty("logging.file.path");
		return LogForm.of(!console || (hasFile && !file), console || (hasFile && file));
	}

	private static @Nullable ServerTls tls(TlsSettings settings, SslBundles bundles, ConfigEvents events) {
		if (settings.bundle().isEmpty()) {
			return null;
		}
		try {
			return ServerTls.of(settings.bundle(), bundles, events::certificateChanged);
		}
		catch (IllegalArgumentException ex) {
			throw new UnusableSettingException(String.valueOf(ex.getMessage()), TLS_ACTION);
		}
	}

	/**
	 * Not route-provider and customizer beans, which the management server would pick up
	 * too.
	 */
	@Bean
	WebServerFactoryCustomizer<NettyReactiveWebServerFactory> publicServerCustomizer(PublicServer server) {
		return (factory) -> {
			factory.setShutdown(Shutdown.GRACEFUL);
			factory.addServerCustomizers(server::customize);
			factory.addRouteProviders(server::route);
		};
	}

	@Bean
	InitializingBean managementPortCheck(ManagementServerProperties management, ServerProperties server) {
		return () -> {
			if (management.getPort() == null || management.getPort().equals(server.getPort())) {
				throw new UnusableSettingException(
						"management.server.port: expected: another port than server.port, "
								+ "because the public port serves the keyserver only, got: " + management.getPort(),
						"Set management.server.port to a port of its own.");
			}
		};
	}

	/**
	 * Boot's, without two seconds of waiting at the stop: when the event loops end,
	 * everything that used them has ended.
	 */
	@Bean
	ReactorResourceFactory reactorResourceFactory() {
		ReactorResourceFactory resources = new ReactorResourceFactory();
		resources.setShutdownQuietPeriod(Duration.ZERO);
		return resources;
	}

	@Bean
	PreStop preStop(ApplicationContext context, HkpProperties properties) {
		return new PreStop(context, properties.shutdown().preStop());
	}

	/** Every phase of the stop gets the time that its part is configured to take. */
	@Bean(AbstractApplicationContext.LIFECYCLE_PROCESSOR_BEAN_NAME)
	DefaultLifecycleProcessor lifecycleProcessor(HkpProperties properties) {
		DefaultLifecycleProcessor processor = new DefaultLifecycleProcessor();
		long drain = properties.shutdown().drain().toMillis();
		processor.setTimeoutPerShutdownPhase(drain + 1000);
		processor.setTimeoutsForShutdownPhases(
				Map.of(SmartLifecycle.DEFAULT_PHASE, properties.shutdown().preStop().toMillis() + 1000));
		return processor;
	}

}
