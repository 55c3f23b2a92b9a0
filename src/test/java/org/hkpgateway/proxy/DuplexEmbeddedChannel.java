package org.hkpgateway.proxy;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelOutboundBuffer;
import io.netty.channel.ChannelPromise;
import io.netty.channel.embedded.EmbeddedChannel;
import io.netty.channel.socket.DuplexChannel;

/**
 * An embedded channel that can be half-closed, whose clock stands still, and whose other
 * end takes as many bytes as it is told to.
 */
final class DuplexEmbeddedChannel extends EmbeddedChannel implements DuplexChannel {

	private boolean outputShutdown;

	private long takes = Long.MAX_VALUE;

	DuplexEmbeddedChannel(ChannelHandler... handlers) {
		super(handlers);
		freezeTime();
	}

	/**
	 * Lets the other end take bytes, and then no more.
	 * @param bytes how many of what is written or waits
	 */
	void take(long bytes) {
		this.takes = bytes;
		flush();
	}

	@Override
	protected void doWrite(ChannelOutboundBuffer in) throws Exception {
		while (in.current() instanceof ByteBuf bytes) {
			int part = (int) Math.min(bytes.readableBytes(), this.takes);
			if (part == 0 && bytes.isReadable()) {
				return;
			}
			if (this.takes != Long.MAX_VALUE) {
				this.takes -= part;
			}
			in.removeBytes(part);
			if (part == 0) {
				in.remove();
			}
		}
		super.doWrite(in);
	}

	@Override
	public boolean isInputShutdown() {
		return false;
	}

	@Override
	public ChannelFuture shutdownInput() {
		return newSucceededFuture();
	}

	@Override
	public ChannelFuture shutdownInput(ChannelPromise promise) {
		return promise.setSuccess();
	}

	@Override
	public boolean isOutputShutdown() {
		return this.outputShutdown;
	}

	@Override
	public ChannelFuture shutdownOutput() {
		return shutdownOutput(newPromise());
	}

	@Override
	public ChannelFuture shutdownOutput(ChannelPromise promise) {
		this.outputShutdown = true;
		return promise.setSuccess();
	}

	@Override
	public boolean isShutdown() {
		return this.outputShutdown;
	}

	@Override
	public ChannelFuture shutdown() {
		return shutdownOutput();
	}

	@Override
	public ChannelFuture shutdown(ChannelPromise promise) {
		return shutdownOutput(promise);
	}

}
