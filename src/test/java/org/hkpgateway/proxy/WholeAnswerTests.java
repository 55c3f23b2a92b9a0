package org.hkpgateway.proxy;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.embedded.EmbeddedChannel;
import io.netty.handler.codec.http.HttpClientCodec;
import io.netty.handler.codec.http.HttpContent;
import io.netty.handler.codec.http.HttpResponse;
import io.netty.handler.codec.http.LastHttpContent;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Which answers are there whole when their head is, as the codec reads them.
 */
class WholeAnswerTests {

	private final List<String> seen = new ArrayList<>();

	private final EmbeddedChannel channel = new EmbeddedChannel(new HttpClientCodec(), new WholeAnswer(),
			new ChannelInboundHandlerAdapter() {

				@Override
				public void channelRead(ChannelHandlerContext ctx, Object message) {
					if (message instanceof HttpResponse response) {
						WholeAnswerTests.this.seen
							.add(response.status().code() + (WholeAnswer.isThere(ctx.channel()) ? " whole" : " begun"));
					}
					if (message instanceof HttpContent content) {
						WholeAnswerTests.this.seen.add(content.content().toString(StandardCharsets.US_ASCII)
								+ ((message instanceof LastHttpContent) ? "." : ""));
						content.release();
					}
				}

				@Override
				public void channelReadComplete(ChannelHandlerContext ctx) {
					WholeAnswerTests.this.seen.add("|");
				}

			});

	@AfterEach
	void close() {
		this.channel.finishAndReleaseAll();
	}

	private List<String> reads(String... parts) {
		for (String part : parts) {
			this.channel.writeInbound(Unpooled.copiedBuffer(part, StandardCharsets.US_ASCII));
		}
		return this.seen;
	}

	@Test
	void oneThatCameInOneReadIsWhole() {
		assertThat(reads("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nkeys")).containsExactly("200 whole", "keys.",
				"|");
	}

	@Test
	void ofOneThatIsStillOnItsWayTheHeadPassesAtOnce() {
		assertThat(reads("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nke")).containsExactly("200 begun", "ke", "|");
		assertThat(reads("ys")).endsWith("ys.", "|");
	}

	@Test
	void aHeadAloneIsNotHeldBeyondItsRead() {
		assertThat(reads("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n")).containsExactly("200 begun", "|");
		assertThat(reads("keys")).endsWith("keys.", "|");
	}

	@ParameterizedTest
	@ValueSource(strings = { "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nkeys\r\n0\r\n\r\n",
			"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", "HTTP/1.1 204 No Content\r\n\r\n",
			"HTTP/1.0 200 OK\r\n\r\nkeys", "HTTP/1.1 100 Continue\r\n\r\n" })
	void othersAreNot(String answer) {
		assertThat(reads(answer)).first().asString().endsWith(" begun");
	}

	@Test
	void eachAnswerOfAConnectionCountsForItself() {
		assertThat(reads("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nkeys", "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n",
				"\r\nke", "ys"))
			.containsExactly("200 whole", "keys.", "|", "|", "200 begun", "ke", "|", "ys.", "|");
	}

}
