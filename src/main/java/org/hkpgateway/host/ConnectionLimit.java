package org.hkpgateway.host;

import java.util.concurrent.atomic.AtomicInteger;

import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;

/**
 * Stands in the pipeline of a listening socket, before the acceptor: closes connections
 * beyond a number, which gRPC has no setting for.
 */
final class ConnectionLimit extends ChannelInboundHandlerAdapter {

	private final int most;

	private final Runnable refused;

	private final AtomicInteger open = new AtomicInteger();

	ConnectionLimit(int most, Runnable refused) {
		this.most = most;
		this.refused = refused;
	}

	@Override
	public void channelRead(ChannelHandlerContext context, Object accepted) {
		Channel connection = (Channel) accepted;
		if (this.open.incrementAndGet() > this.most) {
			this.open.decrementAndGet();
			connection.unsafe().closeForcibly();
			this.refused.run();
			return;
		}
		connection.closeFuture().addListener((closed) -> this.open.decrementAndGet());
		context.fireChannelRead(accepted);
	}

}
