package org.hkpgateway.config;

import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.security.GeneralSecurityException;
import java.util.List;
import java.util.function.Consumer;

import javax.net.ssl.SSLException;

import io.grpc.ManagedChannel;
import io.grpc.netty.GrpcSslContexts;
import io.grpc.netty.NettyChannelBuilder;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.SslProvider;
import net.devh.boot.grpc.client.channelfactory.GrpcChannelConfigurer;
import net.devh.boot.grpc.client.channelfactory.NettyChannelFactory;
import net.devh.boot.grpc.client.config.GrpcChannelProperties;
import net.devh.boot.grpc.client.config.GrpcChannelsProperties;
import net.devh.boot.grpc.client.config.NegotiationType;
import net.devh.boot.grpc.client.interceptor.GlobalClientInterceptorRegistry;
import org.hkpgateway.grpc.RemoteChannels;
import org.hkpgateway.plugin.PluginId;
import org.jspecify.annotations.Nullable;

import org.springframework.boot.ssl.NoSuchSslBundleException;
import org.springframework.boot.ssl.SslBundle;
import org.springframework.boot.ssl.SslBundles;
import org.springframework.boot.ssl.SslOptions;
import org.springframework.context.ApplicationContext;

/**
 * Channels to plugins that run elsewhere, made by net.devh's factory and secured by
 * Spring Boot's SSL bundles. A bundle is read whenever a channel is opened, so one that
 * was reloaded holds from the next connection on.
 */
final class RemotePluginChannels implements RemoteChannels {

	private final SslBundles bundles;

	private final GlobalClientInterceptorRegistry interceptors;

	RemotePluginChannels(ApplicationContext context, SslBundles bundles) {
		this.bundles = bundles;
		this.interceptors = new GlobalClientInterceptorRegistry(context);
	}

	@Override
	public ManagedChannel open(PluginId plugin, SocketAddress address, @Nullable String tlsBundle,
			Consumer<NettyChannelBuilder> settings) {
		SslContext tls = (tlsBundle != null) ? context(tlsBundle) : null;
		GrpcChannelConfigurer configurer = (builder, name) -> {
			NettyChannelBuilder netty = (NettyChannelBuilder) builder;
			if (tls != null) {
				netty.useTransportSecurity().sslContext(tls);
			}
			settings.accept(netty);
		};
		return new Factory(address, this.interceptors, configurer).newManagedChannel(plugin.name());
	}

	@Override
	public boolean hasKey(String tlsBundle) {
		try {
			var keys = bundle(tlsBundle).getStores().getKeyStore();
			return keys != null && keys.size() > 0;
		}
		catch (GeneralSecurityException ex) {
			throw new IllegalArgumentException(unusable(tlsBundle, ex), ex);
		}
	}

	private SslContext context(String name) {
		SslBundle bundle = bundle(name);
		try {
			SslContextBuilder builder = GrpcSslContexts.configure(SslContextBuilder.forClient(), SslProvider.JDK)
				.protocols("TLSv1.3", "TLSv1.2")
				.trustManager(bundle.getManagers().getTrustManagerFactory());
			if (hasKey(name)) {
				builder.keyManager(bundle.getManagers().getKeyManagerFactory());
			}
			SslOptions options = bundle.getOptions();
			if (options.getCiphers() != null) {
				builder.ciphers(List.of(options.getCiphers()));
			}
			if (options.getEnabledProtocols() != null) {
				builder.protocols(options.getEnabledProtocols());
			}
			return builder.build();
		}
		catch (SSLException | IllegalStateException ex) {
			throw new IllegalArgumentException(unusable(name, ex), ex);
		}
	}

	private SslBundle bundle(String name) {
		try {
			return this.bundles.getBundle(name);
		}
		catch (NoSuchSslBundleException ex) {
			throw new IllegalArgumentException(
					"tls-bundle: expected: the name of an SSL bundle (spring.ssl.bundle), got: " + name, ex);
		}
	}

	private static String unusable(String name, Exception cause) {
		return "tls-bundle " + name + ": expected: a usable SSL bundle, got: " + cause.getMessage();
	}

	/** Makes one channel, whose end is its caller's affair. */
	private static final class Factory extends NettyChannelFactory {

		private final SocketAddress address;

		Factory(SocketAddress address, GlobalClientInterceptorRegistry interceptors, GrpcChannelConfigurer configurer) {
			super(properties(address), interceptors, List.of(configurer));
			this.address = address;
		}

		private static GrpcChannelsProperties properties(SocketAddress address) {
			GrpcChannelsProperties properties = new GrpcChannelsProperties();
			GrpcChannelProperties channel = properties.getGlobalChannel();
			channel.setNegotiationType(NegotiationType.PLAINTEXT);
			if (address instanceof InetSocketAddress internet) {
				String literal = internet.getAddress().getHostAddress();
				channel.setAddress("static://" + ((literal.indexOf(':') < 0) ? literal : "[" + literal + "]") + ":"
						+ internet.getPort());
			}
			return properties;
		}

		@Override
		protected NettyChannelBuilder newChannelBuilder(String name) {
			// For a unix socket the super class makes an event loop group that nobody
			// ends.
			return (this.address instanceof InetSocketAddress) ? super.newChannelBuilder(name)
					: NettyChannelBuilder.forAddress(this.address);
		}

		@Override
		protected ManagedChannel newManagedChannel(String name) {
			return super.newManagedChannel(name);
		}

	}

}
