package org.hkpgateway.sdk;

import java.io.ByteArrayInputStream;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.UnixDomainSocketAddress;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.util.Base64;
import java.util.concurrent.TimeUnit;
import java.util.function.UnaryOperator;

import io.grpc.Channel;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.netty.GrpcSslContexts;
import io.grpc.netty.NettyChannelBuilder;
import io.grpc.stub.MetadataUtils;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioDomainSocketChannel;
import io.netty.channel.socket.nio.NioSocketChannel;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.SslProvider;
import org.hkpgateway.proto.HKPPluginGrpc;
import org.hkpgateway.proto.HandleRequestEvent;
import org.hkpgateway.proto.InitRequest;
import org.hkpgateway.proto.InitResponse;

import org.jspecify.annotations.Nullable;

/**
 * The gateway's end of the wire, as far as tests need one: reads a handshake line and
 * connects.
 */
final class TestGateway implements AutoCloseable {

	private final EventLoopGroup group = new MultiThreadIoEventLoopGroup(1, NioIoHandler.newFactory());

	private final ManagedChannel channel;

	TestGateway(String handshake) {
		this(handshake, NettyChannelBuilder::usePlaintext, null);
	}

	/**
	 * Connects with TLS, trusting the certificate of the handshake and no other.
	 * @param handshake the plugin's line
	 * @param identity the gateway's certificate; null for none
	 * @param protocol TLS version
	 * @return the connection
	 */
	static TestGateway tls(String handshake, @Nullable GatewayIdentity identity, String protocol) throws Exception {
		byte[] der = Base64.getDecoder().decode(handshake.split("\\|", -1)[5]);
		SslContextBuilder ssl = GrpcSslContexts.configure(SslContextBuilder.forClient(), SslProvider.JDK)
			.protocols(protocol)
			.trustManager((X509Certificate) CertificateFactory.getInstance("X.509")
				.generateCertificate(new ByteArrayInputStream(der)));
		if (identity != null) {
			ssl.keyManager(identity.key(), identity.certificate());
		}
		SslContext context = ssl.build();
		return new TestGateway(handshake, (builder) -> builder.sslContext(context), null);
	}

	/**
	 * Connects in plaintext with metadata in every call.
	 * @param handshake the plugin's line
	 * @param authorization value of {@code authorization}
	 * @return the connection
	 */
	static TestGateway authorized(String handshake, String authorization) {
		return new TestGateway(handshake, NettyChannelBuilder::usePlaintext, authorization);
	}

	private TestGateway(String handshake, UnaryOperator<NettyChannelBuilder> security, @Nullable String authorization) {
		String[] parts = handshake.split("\\|", -1);
		boolean unix = parts[2].equals("unix");
		String address = parts[3];
		int colon = address.lastIndexOf(':');
		NettyChannelBuilder builder = unix ? NettyChannelBuilder.forAddress(socket(address)) : NettyChannelBuilder
			.forAddress(address.substring(0, colon), Integer.parseInt(address.substring(colon + 1)));
		if (authorization != null) {
			Metadata metadata = new Metadata();
			metadata.put(Metadata.Key.of("authorization", Metadata.ASCII_STRING_MARSHALLER), authorization);
			builder.intercept(MetadataUtils.newAttachHeadersInterceptor(metadata));
		}
		this.channel = security.apply(builder)
			.overrideAuthority("localhost")
			.eventLoopGroup(this.group)
			.channelType(unix ? NioDomainSocketChannel.class : NioSocketChannel.class,
					unix ? UnixDomainSocketAddress.class : InetSocketAddress.class)
			.build();
	}

	private static SocketAddress socket(String path) {
		return UnixDomainSocketAddress.of(path);
	}

	HKPPluginGrpc.HKPPluginBlockingStub plugin() {
		return HKPPluginGrpc.newBlockingStub(this.channel).withDeadlineAfter(20, TimeUnit.SECONDS);
	}

	Channel channel() {
		return this.channel;
	}

	HKPPluginGrpc.HKPPluginFutureStub futures() {
		return HKPPluginGrpc.newFutureStub(this.channel).withDeadlineAfter(20, TimeUnit.SECONDS);
	}

	HKPPluginGrpc.HKPPluginStub stream() {
		return HKPPluginGrpc.newStub(this.channel).withDeadlineAfter(20, TimeUnit.SECONDS);
	}

	InitResponse initialize(String config) {
		return plugin().initialize(InitRequest.newBuilder()
			.setConfigJson(config)
			.setProtocolVersion("1.0")
			.setInstanceId("i1")
			.addGrantedCapabilities("http.request")
			.addGrantedCapabilities("http.respond")
			.build());
	}

	static HandleRequestEvent.Builder get(String path) {
		return HandleRequestEvent.newBuilder()
			.setRequestId("r1")
			.setMethod("GET")
			.setPath(path)
			.setRemoteAddr("192.0.2.7:4711");
	}

	@Override
	public void close() {
		this.channel.shutdownNow();
		this.group.shutdownGracefully(0, 1, TimeUnit.SECONDS).awaitUninterruptibly(2, TimeUnit.SECONDS);
	}

}
