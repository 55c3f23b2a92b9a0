package org.hkpgateway.bench.cloud;

import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

import io.grpc.ManagedChannel;
import io.grpc.netty.NettyChannelBuilder;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.epoll.EpollDomainSocketChannel;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.unix.DomainSocketAddress;
import org.hkpgateway.proto.HKPPluginGrpc;

/**
 * gRPC channels over unix sockets, in plaintext, on event loops of their own. Answers are
 * handled on these loops, which is faster than gRPC's default executor.
 */
class DecisionChannels implements AutoCloseable {

	private final EventLoopGroup loops = new MultiThreadIoEventLoopGroup(EpollIoHandler.newFactory());

	private final List<ManagedChannel> channels = new CopyOnWriteArrayList<>();

	/**
	 * Opens a channel; it connects with the first call.
	 * @param socket where a decision process listens
	 * @return a stub for calls without deadline
	 */
	HKPPluginGrpc.HKPPluginStub open(Path socket) {
		NettyChannelBuilder builder = NettyChannelBuilder.forAddress(new DomainSocketAddress(socket.toFile()))
			.eventLoopGroup(this.loops)
			.channelType(EpollDomainSocketChannel.class, DomainSocketAddress.class)
			.overrideAuthority("localhost")
			.usePlaintext()
			.directExecutor();
		// gRPC sets it on every channel; a unix socket has no such option.
		builder.withOption(ChannelOption.SO_KEEPALIVE, null);
		ManagedChannel channel = builder.build();
		this.channels.add(channel);
		return HKPPluginGrpc.newStub(channel);
	}

	@Override
	public void close() {
		this.channels.forEach(ManagedChannel::shutdownNow);
		var unused = this.loops.shutdownGracefully();
	}

}
