package org.hkpgateway.proxy;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.TimeUnit;

import io.netty.buffer.Unpooled;
import io.netty.handler.codec.http.DefaultFullHttpResponse;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpRequestDecoder;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpVersion;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

class RequestWaitTests {

	private static final String GET = "GET / HTTP/1.1\r\nHost: k\r\n\r\n";

	private final TestListener listener = new TestListener();

	private final DuplexEmbeddedChannel channel = channel();

	private DuplexEmbeddedChannel channel() {
		WireGuard guard = new WireGuard(1024);
		DuplexEmbeddedChannel made = new DuplexEmbeddedChannel();
		made.pipeline()
			.addLast(guard, new HttpRequestDecoder(), new Refusals(1024),
					new RequestWait(guard, Duration.ofSeconds(5), Duration.ofSeconds(60), this.listener.report()));
		return made;
	}

	@AfterEach
	void release() {
		this.channel.finishAndReleaseAll();
	}

	@Test
	void aConnectionOnWhichNothingComesIsIdle() {
		pass(59);
		assertThat(this.channel.isOpen()).isTrue();
		pass(1);
		assertThat(this.channel.isOpen()).isFalse();
		assertThat(this.listener.limits).containsExactly(EdgeLimit.IDLE_TIMEOUT);
	}

	@Test
	void aHeadHasItsTimeFromTheFirstByteHoweverOftenMoreCome() {
		pass(30);
		send("G");
		for (int i = 0; i < 4; i++) {
			pass(1);
			send("E");
		}
		assertThat(this.listener.limits).isEmpty();
		pass(1);
		assertThat(this.listener.limits).containsExactly(EdgeLimit.REQUEST_HEAD_TIMEOUT);
		HttpRequest refused = this.channel.readInbound();
		assertThat(((RefusedHeaders) refused.headers()).refusal().status()).isEqualTo(408);
		send("T / HTTP/1.1\r\n\r\n");
		assertThat(this.channel.<Object>readInbound()).isInstanceOf(DroppedBytes.class);
	}

	@Test
	void aHeadThatIsWholeInTimeIsServedForAsLongAsItTakes() {
		send("GET / HT");
		pass(4);
		send("TP/1.1\r\nHost: k\r\n\r\n");
		pass(1000);
		assertThat(this.channel.isOpen()).isTrue();
		assertThat(this.listener.limits).isEmpty();
	}

	@Test
	void afterTheAnswerTheConnectionIsIdleAgain() {
		send(GET);
		pass(100);
		answer();
		pass(59);
		assertThat(this.channel.isOpen()).isTrue();
		pass(1);
		assertThat(this.channel.isOpen()).isFalse();
	}

	@Test
	void anAnswerThatTheClientStillTakesIsNoSilence() {
		send(GET);
		this.channel.take(0);
		this.channel.pipeline().addFirst(new io.netty.handler.codec.http.HttpResponseEncoder());
		this.channel.writeOneOutbound(new DefaultFullHttpResponse(HttpVersion.HTTP_1_1, HttpResponseStatus.OK,
				Unpooled.buffer().writeZero(100)));
		this.channel.flush();
		pass(120);
		assertThat(this.channel.isOpen()).isTrue();
		this.channel.take(Long.MAX_VALUE);
		pass(121);
		assertThat(this.channel.isOpen()).isFalse();
	}

	@Test
	void theTimeOfTheNextHeadBeginsWhenItIsRead() {
		send(GET + "GET /next");
		pass(100);
		assertThat(this.listener.limits).isEmpty();
		answer();
		pass(4);
		assertThat(this.listener.limits).isEmpty();
		pass(1);
		assertThat(this.listener.limits).containsExactly(EdgeLimit.REQUEST_HEAD_TIMEOUT);
	}

	@Test
	void aBodyIsNoHead() {
		send("POST / HTTP/1.1\r\nHost: k\r\nTransfer-Encoding: chunked\r\n\r\n5");
		pass(1000);
		assertThat(this.listener.limits).isEmpty();
		assertThat(this.channel.isOpen()).isTrue();
	}

	private void send(String text) {
		this.channel.writeInbound(Unpooled.copiedBuffer(text, StandardCharsets.ISO_8859_1));
	}

	private void answer() {
		this.channel.writeOutbound(new DefaultFullHttpResponse(HttpVersion.HTTP_1_1, HttpResponseStatus.OK));
	}

	private void pass(int seconds) {
		this.channel.advanceTimeBy(seconds, TimeUnit.SECONDS);
		this.channel.runScheduledPendingTasks();
	}

}
