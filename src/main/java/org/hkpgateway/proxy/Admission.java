package org.hkpgateway.proxy;

import io.netty.channel.Channel;
import io.netty.channel.ChannelHandler.Sharable;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelOption;

/**
 * Resets connections that are beyond {@link Connections}, as they are accepted: before
 * they have a pipeline, an event loop or a byte of TLS. Not to accept them would cost
 * less, but let clients wait in the kernel's queue who could try another keyserver. Sits
 * in the pipeline of the listening socket.
 */
@Sharable
final class Admission extends ChannelInboundHandlerAdapter {

	private final Connections connections;

	Admission(Connections connections) {
		this.connections = connections;
	}

	@Override
	public void channelRead(ChannelHandlerContext ctx, Object message) throws Exception {
		if (message instanceof Channel accepted && !this.connections.admit(accepted)) {
			accepted.config().setOption(ChannelOption.SO_LINGER, 0);
			accepted.unsafe().closeForcibly();
			return;
		}
		super.channelRead(ctx, message);
	}

}
