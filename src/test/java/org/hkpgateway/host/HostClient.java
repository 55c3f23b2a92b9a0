package org.hkpgateway.host;

import java.io.ByteArrayInputStream;
import java.io.InputStream;
import java.net.InetSocketAddress;
import java.net.UnixDomainSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.concurrent.TimeUnit;

import javax.net.ssl.SSLException;

import io.grpc.ClientInterceptor;
import io.grpc.ConnectivityState;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.netty.GrpcSslContexts;
import io.grpc.netty.NettyChannelBuilder;
import io.grpc.stub.MetadataUtils;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioDomainSocketChannel;
import io.netty.channel.socket.nio.NioSocketChannel;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.SslProvider;
import org.hkpgateway.proto.PluginHostGrpc;
import org.hkpgateway.testsupport.TestCertificates;

/**
 * The plugin's side: one connection to its host.
 */
final class HostClient implements AutoCloseable {

	private final EventLoopGroup eventLoop = new MultiThreadIoEventLoopGroup(1, NioIoHandler.newFactory());

	private final ManagedChannel channel;

	HostClient(String address) {
		if (!address.startsWith("unix:")) {
			throw new IllegalArgumentException("expected: unix:PATH, got: " + address);
		}
		this.channel = NettyChannelBuilder.forAddress(UnixDomainSocketAddress.of(address.substring("unix:".length())))
			.channelType(NioDomainSocketChannel.class, UnixDomainSocketAddress.class)
			.withOption(ChannelOption.SO_KEEPALIVE, null)
			.eventLoopGroup(this.eventLoop)
			.overrideAuthority("localhost")
			.usePlaintext()
			.build();
	}

	private HostClient(InetSocketAddress address, SslContext tls) {
		NettyChannelBuilder builder = NettyChannelBuilder.forAddress(address)
			.channelType(NioSocketChannel.class, InetSocketAddress.class)
			.eventLoopGroup(this.eventLoop)
			.overrideAuthority("localhost");
		this.channel = ((tls != null) ? builder.sslContext(tls) : builder.usePlaintext()).build();
	}

	/**
	 * From elsewhere.
	 * @param port of 127.0.0.1
	 * @param authority certificate in PEM, of whom to trust; null to speak without TLS
	 */
	static HostClient remote(int port, String authority) {
		return remote(port, authority, null);
	}

	/** The same with a certificate of its own. */
	static HostClient remote(int port, String authority, TestCertificates.Server own) {
		InetSocketAddress address = new InetSocketAddress("127.0.0.1", port);
		if (authority == null) {
			return new HostClient(address, null);
		}
		try {
			SslContextBuilder builder = GrpcSslContexts.configure(SslContextBuilder.forClient(), SslProvider.JDK)
				.trustManager(stream(authority));
			if (own != null) {
				builder.keyManager(stream(own.certificates()), stream(own.key()));
			}
			return new HostClient(address, builder.build());
		}
		catch (SSLException ex) {
			throw new IllegalStateException(ex);
		}
	}

	private static InputStream stream(String pem) {
		return new ByteArrayInputStream(pem.getBytes(StandardCharsets.US_ASCII));
	}

	/** Calls that last as long as they like, with any authorization. */
	PluginHostGrpc.PluginHostStub streams(String authorization) {
		return PluginHostGrpc.newStub(this.channel).withInterceptors(metadata(authorization));
	}

	static HostClient of(Map<String, String> environment) {
		return new HostClient(environment.get("PLUGIN_HOST_ADDRESS"));
	}

	/** Calls with any authorization, or none. */
	PluginHostGrpc.PluginHostBlockingStub authorization(String value) {
		return PluginHostGrpc.newBlockingStub(this.channel)
			.withInterceptors(metadata(value))
			.withDeadlineAfter(10, TimeUnit.SECONDS);
	}

	private static ClientInterceptor metadata(String authorization) {
		Metadata metadata = new Metadata();
		if (authorization != null) {
			metadata.put(Metadata.Key.of("authorization", Metadata.ASCII_STRING_MARSHALLER), authorization);
		}
		return MetadataUtils.newAttachHeadersInterceptor(metadata);
	}

	/** Calls that last as long as they like. */
	PluginHostGrpc.PluginHostStub streams(Map<String, String> environment) {
		return PluginHostGrpc.newStub(this.channel)
			.withInterceptors(metadata("Bearer " + environment.get("PLUGIN_HOST_TOKEN")));
	}

	PluginHostGrpc.PluginHostBlockingStub token(Map<String, String> environment) {
		return authorization("Bearer " + environment.get("PLUGIN_HOST_TOKEN"));
	}

	/** Whether the connection stands. */
	boolean connected() {
		return this.channel.getState(false) == ConnectivityState.READY;
	}

	@Override
	public void close() {
		this.channel.shutdownNow();
		this.eventLoop.shutdownGracefully(0, 1, TimeUnit.SECONDS).awaitUninterruptibly(2, TimeUnit.SECONDS);
	}

}
