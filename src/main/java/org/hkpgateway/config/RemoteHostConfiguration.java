package org.hkpgateway.config;

import java.io.IOException;
import java.net.InetSocketAddress;

import io.micrometer.core.instrument.MeterRegistry;
import net.devh.boot.grpc.server.service.GrpcServiceDiscoverer;
import org.hkpgateway.host.RemotePluginServer;
import org.hkpgateway.plugin.HostTracing;
import org.hkpgateway.proxy.ServerTls;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import org.springframework.beans.factory.ObjectProvider;
import org.springframework.boot.ssl.SslBundles;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Condition;
import org.springframework.context.annotation.ConditionContext;
import org.springframework.context.annotation.Conditional;
import org.springframework.context.annotation.Configuration;
import org.springframework.core.type.AnnotatedTypeMetadata;

/**
 * The port on which remote plugins call back, where it is configured. It opens before
 * plugins are started, which may call in their start, and closes after them.
 */
@Configuration(proxyBeanMethods = false)
@Conditional(RemoteHostConfiguration.OnAddress.class)
class RemoteHostConfiguration {

	private static final Logger logger = LoggerFactory.getLogger(RemoteHostConfiguration.class);

	private static final String TLS_ACTION = "Set spring.ssl.bundle.pem.<name>.keystore.certificate and .private-key to "
			+ "readable files that belong together, .truststore.certificate to the authority of the plugins' own "
			+ "certificates if they shall have some, and " + RemoteHostProperties.TLS_BUNDLE + " to that name.";

	@Bean
	RemotePluginServer remotePluginServer(HkpProperties properties, SslBundles bundles, GrpcServiceDiscoverer services,
			MeterRegistry registry, ObjectProvider<HostTracing> tracing) {
		RemoteHostProperties host = properties.plugins().host();
		ServerTls tls = tls(host.tlsBundle(), bundles);
		try {
			RemotePluginServer server = RemotePluginServer.start(address(host), tls::newHandler, services,
					HostConfiguration.refusals(registry), tracing.getIfAvailable());
			logger.info("Remote plugins call the gateway back on {}, with TLS{}", server.address(),
					demandsCertificates(host.tlsBundle(), bundles) ? ", a certificate and their host-token"
							: " and their host-token");
			return server;
		}
		catch (IOException ex) {
			throw unusable(host, cause(ex));
		}
	}

	private static ServerTls tls(String bundle, SslBundles bundles) {
		try {
			return ServerTls.ofGrpc(RemoteHostProperties.TLS_BUNDLE, bundle, bundles, (changed) -> {
			});
		}
		catch (IllegalArgumentException ex) {
			throw new UnusableSettingException(String.valueOf(ex.getMessage()), TLS_ACTION);
		}
	}

	private static boolean demandsCertificates(String bundle, SslBundles bundles) {
		return bundles.getBundle(bundle).getStores().getTrustStore() != null;
	}

	private static InetSocketAddress address(RemoteHostProperties host) {
		InetSocketAddress address = new InetSocketAddress(host.host(), host.port());
		if (address.isUnresolved()) {
			throw unusable(host, "a name without an address");
		}
		return address;
	}

	private static UnusableSettingException unusable(RemoteHostProperties host, String got) {
		return new UnusableSettingException(
				RemoteHostProperties.ADDRESS + ": expected: an address of this machine and a free port, got: "
						+ host.address() + " (" + got + ")",
				"Choose another address or port, or end what listens there (ss -ltnp shows it). 0.0.0.0 means all "
						+ "addresses of this machine.");
	}

	/** What the kernel says. */
	private static String cause(IOException failure) {
		return String.valueOf((failure.getCause() != null) ? failure.getCause().getMessage() : failure.getMessage());
	}

	/** No address means no port. */
	static final class OnAddress implements Condition {

		@Override
		public boolean matches(ConditionContext context, AnnotatedTypeMetadata metadata) {
			return !context.getEnvironment().getProperty(RemoteHostProperties.ADDRESS, "").isEmpty();
		}

	}

}
