package org.hkpgateway.proxy;

import java.security.GeneralSecurityException;
import java.util.List;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

import javax.net.ssl.SSLException;

import io.netty.channel.Channel;
import io.netty.handler.codec.http2.Http2SecurityUtil;
import io.netty.handler.ssl.ApplicationProtocolConfig;
import io.netty.handler.ssl.ApplicationProtocolNames;
import io.netty.handler.ssl.ClientAuth;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.SslHandler;
import io.netty.handler.ssl.SslProvider;
import io.netty.handler.ssl.SupportedCipherSuiteFilter;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import org.springframework.boot.ssl.NoSuchSslBundleException;
import org.springframework.boot.ssl.SslBundle;
import org.springframework.boot.ssl.SslBundles;
import org.springframework.boot.ssl.SslOptions;

/**
 * TLS of the public port, and of the one that remote plugins call. When the bundle
 * changes, handshakes from then on use the new certificate, and connections that exist go
 * on with the old one; a bundle that cannot be used is an error in the log and changes
 * nothing. Thread-safe.
 */
public final class ServerTls {

	private static final Logger logger = LoggerFactory.getLogger(ServerTls.class);

	private static final long HANDSHAKE_SECONDS = 10;

	private static final Use PUBLIC = new Use("hkp.tls.bundle",
			List.of(ApplicationProtocolNames.HTTP_2, ApplicationProtocolNames.HTTP_1_1), false);

	private final Use use;

	private final String name;

	private volatile SslContext context;

	private final Executor handshakes;

	private final Consumer<String> listener;

	private ServerTls(Use use, String name, SslContext context, Executor handshakes, Consumer<String> listener) {
		this.use = use;
		this.name = name;
		this.handshakes = handshakes;
		this.context = context;
		this.listener = listener;
	}

	/**
	 * Takes a bundle into use and follows its changes.
	 * @param name of the bundle
	 * @param bundles where it is
	 * @param listener told the name when a changed bundle is in use, on any thread; must
	 * not block
	 * @return TLS with its key
	 * @throws IllegalArgumentException if there is no such bundle or it cannot be used;
	 * the message names the key of the setting
	 */
	public static ServerTls of(String name, SslBundles bundles, Consumer<String> listener) {
		return of(name, bundles, HandshakeThreads.create(), listener);
	}

	/**
	 * The same for a port of gRPC, with threads of its own: HTTP/2 alone, and if the
	 * bundle has a trust store, clients must show a certificate that it trusts.
	 * @param key the setting that names the bundle, for messages
	 * @param name of the bundle
	 * @param bundles where it is
	 * @param listener told the name when a changed bundle is in use, on any thread; must
	 * not block
	 * @return TLS with its key
	 * @throws IllegalArgumentException if there is no such bundle or it cannot be used
	 */
	public static ServerTls ofGrpc(String key, String name, SslBundles bundles, Consumer<String> listener) {
		return ofGrpc(key, name, bundles, HandshakeThreads.create(), listener);
	}

	/** The same with threads of the caller's own. */
	static ServerTls ofGrpc(String key, String name, SslBundles bundles, Executor handshakes,
			Consumer<String> listener) {
		return of(new Use(key, List.of(ApplicationProtocolNames.HTTP_2), true), name, bundles, handshakes, listener);
	}

	/**
	 * The same with threads of the caller's own.
	 * @param handshakes calculates for handshakes, and may refuse to
	 */
	static ServerTls of(String name, SslBundles bundles, Executor handshakes, Consumer<String> listener) {
		return of(PUBLIC, name, bundles, handshakes, listener);
	}

	private static ServerTls of(Use use, String name, SslBundles bundles, Executor handshakes,
			Consumer<String> listener) {
		SslBundle bundle;
		try {
			bundle = bundles.getBundle(name);
		}
		catch (NoSuchSslBundleException ex) {
			throw new IllegalArgumentException(
					use.key() + ": expected: the name of an SSL bundle (spring.ssl.bundle), got: " + name, ex);
		}
		ServerTls tls = new ServerTls(use, name, context(use, name, bundle), handshakes, listener);
		bundles.addBundleUpdateHandler(name, tls::changed);
		return tls;
	}

	private void changed(SslBundle bundle) {
		try {
			this.context = context(this.use, this.name, bundle);
			logger.info("SSL bundle {} has changed; new TLS connections use its new certificate", this.name);
			this.listener.accept(this.name);
		}
		catch (IllegalArgumentException ex) {
			logger.error("SSL bundle {} has changed and cannot be used; TLS connections get the old certificate. {}",
					this.name, ex.getMessage());
		}
	}

	private static SslContext context(Use use, String name, SslBundle bundle) {
		try {
			KeyCheck.check(bundle);
			SslContextBuilder builder = SslContextBuilder.forServer(bundle.getManagers().getKeyManagerFactory())
				.sslProvider(SslProvider.JDK)
				.protocols("TLSv1.3", "TLSv1.2")
				// Those that RFC 9113 allows for HTTP/2; there is only one list for all.
				.ciphers(Http2SecurityUtil.CIPHERS, SupportedCipherSuiteFilter.INSTANCE)
				.applicationProtocolConfig(new ApplicationProtocolConfig(ApplicationProtocolConfig.Protocol.ALPN,
						ApplicationProtocolConfig.SelectorFailureBehavior.NO_ADVERTISE,
						ApplicationProtocolConfig.SelectedListenerFailureBehavior.ACCEPT, use.protocols()));
			if (use.clients() && bundle.getStores().getTrustStore() != null) {
				builder.trustManager(bundle.getManagers().getTrustManagerFactory()).clientAuth(ClientAuth.REQUIRE);
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
		// Boot reads files when first asked, and wraps what goes wrong in many ways.
		catch (GeneralSecurityException | SSLException | RuntimeException ex) {
			throw new IllegalArgumentException(use.key() + ": expected: an SSL bundle with a private key and its "
					+ "certificate, got: " + name + ", which cannot be used: " + ex.getMessage(), ex);
		}
	}

	/**
	 * A handler for one connection. Its handshake takes 10 s at most, and no time of the
	 * event loop to speak of.
	 * @param channel the connection
	 * @return the handler
	 */
	public SslHandler newHandler(Channel channel) {
		SslHandler handler = this.context.newHandler(channel.alloc(), whileOpen(channel, this.handshakes));
		handler.setHandshakeTimeout(HANDSHAKE_SECONDS, TimeUnit.SECONDS);
		return handler;
	}

	/** Whoever says hello and goes away costs nothing once it has gone. */
	static Executor whileOpen(Channel channel, Executor handshakes) {
		return (task) -> handshakes.execute(() -> {
			if (channel.isActive()) {
				task.run();
			}
		});
	}

	/**
	 * What it is for.
	 *
	 * @param key the setting that names the bundle
	 * @param protocols offered by ALPN
	 * @param clients whether a trust store is for the certificates of clients
	 */
	private record Use(String key, List<String> protocols, boolean clients) {
	}

}
