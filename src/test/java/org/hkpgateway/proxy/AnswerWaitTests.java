package org.hkpgateway.proxy;

import java.time.Duration;
import java.util.concurrent.TimeUnit;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelOutboundHandlerAdapter;
import io.netty.channel.ChannelPromise;
import io.netty.handler.codec.http.DefaultFullHttpRequest;
import io.netty.handler.codec.http.DefaultHttpContent;
import io.netty.handler.codec.http.DefaultHttpRequest;
import io.netty.handler.codec.http.DefaultHttpResponse;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.handler.codec.http.LastHttpContent;
import io.netty.util.ReferenceCountUtil;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

class AnswerWaitTests {

	private @Nullable Throwable error;

	private final DuplexEmbeddedChannel channel = new DuplexEmbeddedChannel(new Encoder(),
			new AnswerWait("keys.example:11371", Duration.ofSeconds(150)), new ChannelInboundHandlerAdapter() {

				@Override
				public void channelRead(ChannelHandlerContext ctx, Object message) {
					ReferenceCountUtil.release(message);
				}

				@Override
				public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
					AnswerWaitTests.this.error = cause;
				}

			});

	@AfterEach
	void release() {
		this.channel.finishAndReleaseAll();
	}

	@Test
	void aKeyserverThatDoesNotAnswerIsNotWaitedForAnyLonger() {
		get();
		pass(149);
		assertThat(this.channel.isOpen()).isTrue();
		pass(1);
		assertThat(this.channel.isOpen()).isFalse();
		assertThat(this.error).isInstanceOf(KeyserverSilentException.class)
			.hasMessage(
					"expected: keyserver keys.example:11371 to send bytes of its answer within 150000 ms, got: none");
	}

	@Test
	void anIdleConnectionIsNobodysFault() {
		pass(1000);
		get();
		answerBegins();
		answerEnds();
		pass(1000);
		assertThat(this.channel.isOpen()).isTrue();
	}

	@Test
	void eachRequestHasItsTime() {
		for (int i = 0; i < 10; i++) {
			get();
			pass(100);
			answerBegins();
			pass(100);
			answerEnds();
			pass(20);
		}
		assertThat(this.error).isNull();
		get();
		pass(149);
		assertThat(this.channel.isOpen()).isTrue();
		pass(1);
		assertThat(this.channel.isOpen()).isFalse();
	}

	@Test
	void anAnswerMayTakeLongIfItsPartsDoNot() {
		get();
		answerBegins();
		for (int i = 0; i < 10; i++) {
			pass(149);
			this.channel.writeInbound(new DefaultHttpContent(bytes(1)));
		}
		assertThat(this.channel.isOpen()).isTrue();
		pass(150);
		assertThat(this.error).isInstanceOf(KeyserverSilentException.class);
	}

	@Test
	void noTimeRunsInTheAnswerWhileNobodyReads() {
		get();
		answerBegins();
		pass(100);
		this.channel.config().setAutoRead(false);
		pass(1000);
		this.channel.config().setAutoRead(true);
		pass(149);
		assertThat(this.channel.isOpen()).isTrue();
		pass(1);
		assertThat(this.channel.isOpen()).isFalse();
	}

	@Test
	void aClientThatIsSlowToUploadIsNotTheKeyserversFault() {
		this.channel.writeOutbound(post());
		for (int i = 0; i < 5; i++) {
			pass(1000);
			this.channel.writeOutbound(new DefaultHttpContent(bytes(10)));
		}
		pass(1000);
		this.channel.writeOutbound(LastHttpContent.EMPTY_LAST_CONTENT);
		pass(149);
		assertThat(this.channel.isOpen()).isTrue();
		pass(1);
		assertThat(this.error).isInstanceOf(KeyserverSilentException.class);
	}

	@Test
	void aKeyserverThatTakesNothingOfTheRequestIsNoticed() {
		this.channel.writeOutbound(post());
		this.channel.take(0);
		var unused = this.channel.writeAndFlush(new DefaultHttpContent(bytes(1000)));
		pass(150);
		pass(150);
		assertThat(this.channel.isOpen()).isFalse();
		assertThat(this.error).isInstanceOf(KeyserverSilentException.class).hasMessageContaining("to take bytes");
	}

	@Test
	void aKeyserverMayTakeAWholeRequestSlowly() {
		this.channel.take(0);
		this.channel
			.writeOutbound(new DefaultFullHttpRequest(HttpVersion.HTTP_1_1, HttpMethod.POST, "/pks/add", bytes(1000)));
		for (int i = 0; i < 10; i++) {
			pass(140);
			this.channel.take(100);
		}
		assertThat(this.channel.isOpen()).isTrue();
		pass(149);
		assertThat(this.channel.isOpen()).isTrue();
		pass(1);
		assertThat(this.error).hasMessageContaining("to send bytes");
	}

	private void get() {
		this.channel.writeOutbound(new DefaultFullHttpRequest(HttpVersion.HTTP_1_1, HttpMethod.GET, "/pks/stats"));
	}

	private static HttpRequest post() {
		return new DefaultHttpRequest(HttpVersion.HTTP_1_1, HttpMethod.POST, "/pks/add");
	}

	private void answerBegins() {
		this.channel.writeInbound(new DefaultHttpResponse(HttpVersion.HTTP_1_1, HttpResponseStatus.OK));
	}

	private void answerEnds() {
		this.channel.writeInbound(LastHttpContent.EMPTY_LAST_CONTENT);
	}

	private static ByteBuf bytes(int count) {
		return Unpooled.wrappedBuffer(new byte[count]);
	}

	private void pass(int seconds) {
		this.channel.advanceTimeBy(seconds, TimeUnit.SECONDS);
		this.channel.runScheduledPendingTasks();
	}

	/** The body's bytes alone: heads always fit. */
	private static final class Encoder extends ChannelOutboundHandlerAdapter {

		@Override
		public void write(ChannelHandlerContext ctx, Object message, ChannelPromise promise) {
			ByteBuf bytes = (message instanceof DefaultHttpContent content) ? content.content()
					: (message instanceof DefaultFullHttpRequest full) ? full.content() : Unpooled.EMPTY_BUFFER;
			ctx.write(bytes, promise);
		}

	}

}
