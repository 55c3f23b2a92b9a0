package org.hkpgateway.proxy;

import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.handler.timeout.IdleState;
import io.netty.handler.timeout.IdleStateEvent;

/**
 * Reports connections that were idle for {@code idle-timeout} between requests. The
 * server library closes them and says so with an event.
 */
final class IdleReport extends ChannelInboundHandlerAdapter {

	private final LimitReport report;

	IdleReport(LimitReport report) {
		this.report = report;
	}

	@Override
	public void userEventTriggered(ChannelHandlerContext ctx, Object event) throws Exception {
		if (event instanceof IdleStateEvent idle && idle.state() == IdleState.READER_IDLE) {
			this.report.reached(EdgeLimit.IDLE_TIMEOUT, ctx.channel().remoteAddress());
		}
		super.userEventTriggered(ctx, event);
	}

}
