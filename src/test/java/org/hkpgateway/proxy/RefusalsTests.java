package org.hkpgateway.proxy;

import java.util.ArrayList;
import java.util.List;

import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.embedded.EmbeddedChannel;
import io.netty.handler.codec.http.DefaultHttpRequest;
import io.netty.handler.codec.http.DefaultHttpResponse;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.handler.codec.http.LastHttpContent;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

class RefusalsTests {

	private static final HttpRequest REQUEST = new DefaultHttpRequest(HttpVersion.HTTP_1_1, HttpMethod.POST, "/");

	private static final Refusal BAD_CHUNK = Refusal.badRequest("bad chunk");

	private final List<Throwable> errors = new ArrayList<>();

	private final List<Object> held = new ArrayList<>();

	private boolean holding;

	private final Refusals refusals = new Refusals(1024);

	/** In the place of the server library, which lets requests wait for their turn. */
	private final ChannelInboundHandlerAdapter queue = new ChannelInboundHandlerAdapter() {

		@Override
		public void channelRead(ChannelHandlerContext ctx, Object message) {
			if (RefusalsTests.this.holding) {
				RefusalsTests.this.held.add(message);
			}
			else {
				ctx.fireChannelRead(message);
			}
		}

	};

	private final EmbeddedChannel channel = new EmbeddedChannel(this.refusals, this.queue, this.refusals.turns(),
			new ChannelInboundHandlerAdapter() {

				@Override
				public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
					RefusalsTests.this.errors.add(cause);
				}

			});

	@AfterEach
	void release() {
		this.channel.finishAndReleaseAll();
	}

	@Test
	void theReaderOfTheBodyIsTold() {
		this.channel.writeInbound(REQUEST, BAD_CHUNK);
		assertThat(this.errors).containsExactly(BAD_CHUNK);
		assertThat(this.channel.isOpen()).isTrue();
	}

	@Test
	void aRequestThatWasAnsweredEarlyLeavesNobodyToTellAndTheConnectionEnds() {
		this.channel.writeInbound(REQUEST);
		answer();
		this.channel.writeInbound(BAD_CHUNK);
		assertThat(this.errors).isEmpty();
		assertThat(this.channel.isOpen()).isFalse();
	}

	@Test
	void theAnswerThatIsGivenBehindTheErrorEndsTheConnection() {
		this.channel.writeInbound(REQUEST, BAD_CHUNK);
		answer();
		assertThat(this.channel.isOpen()).isFalse();
	}

	/** An answer has been given, but the next request's turn comes only later. */
	@Test
	void theErrorWaitsForTheTurnOfItsRequest() throws Exception {
		this.channel.writeInbound(REQUEST, LastHttpContent.EMPTY_LAST_CONTENT);
		this.holding = true;
		this.channel.writeInbound(REQUEST, BAD_CHUNK);
		assertThat(this.errors).isEmpty();
		answer();
		assertThat(this.errors).isEmpty();
		assertThat(this.channel.isOpen()).isTrue();
		this.channel.pipeline().context(this.queue).fireChannelRead(this.held.get(0));
		assertThat(this.errors).containsExactly(BAD_CHUNK);
		assertThat(this.channel.isOpen()).isTrue();
	}

	@Test
	void whatIsThrownAwayBehindARefusalIsStillCounted() {
		this.channel.writeInbound(Refusal.badRequest("bad head"));
		HttpRequest refused = this.channel.readInbound();
		assertThat(refused.headers()).isInstanceOf(RefusedHeaders.class);
		DroppedBytes dropped = new DroppedBytes(7);
		this.channel.writeInbound(REQUEST, dropped);
		assertThat(this.channel.<Object>readInbound()).isEqualTo(dropped);
	}

	private void answer() {
		this.channel.writeOutbound(new DefaultHttpResponse(HttpVersion.HTTP_1_1, HttpResponseStatus.OK),
				LastHttpContent.EMPTY_LAST_CONTENT);
	}

}
