package org.hkpgateway.host;

import java.net.UnixDomainSocketAddress;
import java.util.Map;
import java.util.concurrent.TimeUnit;

import io.grpc.ClientInterceptor;
import io.grpc.ConnectivityState;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.netty.NettyChannelBuilder;
import io.grpc.stub.MetadataUtils;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioDomainSocketChannel;
import org.hkpgateway.proto.PluginHostGrpc;

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
