package org.hkpgateway.sdk;

import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.UnixDomainSocketAddress;
import java.util.concurrent.TimeUnit;

import io.grpc.ManagedChannel;
import io.grpc.netty.NettyChannelBuilder;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioDomainSocketChannel;
import io.netty.channel.socket.nio.NioSocketChannel;
import org.hkpgateway.proto.HKPPluginGrpc;
import org.hkpgateway.proto.HandleRequestEvent;
import org.hkpgateway.proto.InitRequest;
import org.hkpgateway.proto.InitResponse;

/**
 * The gateway's end of the wire, as far as tests need one: reads a handshake line and
 * connects.
 */
final class TestGateway implements AutoCloseable {

	private final EventLoopGroup group = new MultiThreadIoEventLoopGroup(1, NioIoHandler.newFactory());

	private final ManagedChannel channel;

	TestGateway(String handshake) {
		String[] parts = handshake.split("\\|", -1);
		boolean unix = parts[2].equals("unix");
		String address = parts[3];
		int colon = address.lastIndexOf(':');
		NettyChannelBuilder builder = unix ? NettyChannelBuilder.forAddress(socket(address)) : NettyChannelBuilder
			.forAddress(address.substring(0, colon), Integer.parseInt(address.substring(colon + 1)));
		this.channel = builder.usePlaintext()
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
