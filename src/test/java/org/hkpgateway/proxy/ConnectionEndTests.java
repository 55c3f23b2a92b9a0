package org.hkpgateway.proxy;

import java.util.concurrent.TimeUnit;

import io.netty.buffer.Unpooled;
import io.netty.channel.socket.ChannelInputShutdownEvent;
import io.netty.handler.codec.http.DefaultFullHttpResponse;
import io.netty.handler.codec.http.DefaultHttpContent;
import io.netty.handler.codec.http.DefaultHttpRequest;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaderValues;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.handler.codec.http.LastHttpContent;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

class ConnectionEndTests {

	private static final int MAX_BYTES = 1000;

	private final DuplexEmbeddedChannel channel = new DuplexEmbeddedChannel(new ConnectionEnd(MAX_BYTES));

	@AfterEach
	void release() {
		this.channel.finishAndReleaseAll();
	}

	@Test
	void aSoundRequestIsAnsweredEvenIfRubbishAndTheEndFollow() {
		request();
		this.channel.writeInbound(LastHttpContent.EMPTY_LAST_CONTENT);
		refusedRequest();
		end();
		assertThat(this.channel.isOpen()).isTrue();
		answer();
		answer();
		assertThat(this.channel.isOpen()).isFalse();
	}

	@Test
	void requestsBehindEachOtherAreAllAnsweredThoughTheInputHasEnded() {
		request();
		this.channel.writeInbound(LastHttpContent.EMPTY_LAST_CONTENT);
		request();
		this.channel.writeInbound(LastHttpContent.EMPTY_LAST_CONTENT);
		end();
		answer();
		assertThat(this.channel.isOpen()).isTrue();
		answer();
		assertThat(this.channel.isOpen()).isFalse();
	}

	@Test
	void anEndInTheMiddleOfTheOnlyRequestIsTheEnd() {
		request();
		end();
		assertThat(this.channel.isOpen()).isFalse();
	}

	@Test
	void anEndInTheMiddleOfTheSecondRequestLeavesTheFirstItsAnswer() {
		request();
		this.channel.writeInbound(LastHttpContent.EMPTY_LAST_CONTENT);
		request();
		end();
		assertThat(this.channel.isOpen()).isTrue();
		answer();
		assertThat(this.channel.isOpen()).isFalse();
	}

	@Test
	void whoSendsOnBehindARefusalHasTimeToReadItButNotForEver() {
		refusedRequest();
		answer();
		close();
		for (int i = 0; i < 29; i++) {
			pass(1);
			this.channel.writeInbound(new DroppedBytes(1));
			assertThat(this.channel.isOpen()).as("after %d s", i + 1).isTrue();
		}
		pass(1);
		assertThat(this.channel.isOpen()).isFalse();
	}

	@Test
	void whoIsSilentBehindARefusalIsClosedSooner() {
		refusedRequest();
		answer();
		close();
		assertThat(this.channel.isOutputShutdown()).isTrue();
		pass(4);
		assertThat(this.channel.isOpen()).isTrue();
		pass(1);
		assertThat(this.channel.isOpen()).isFalse();
	}

	@Test
	void whoSendsTooMuchBehindARefusalIsClosedAtOnce() {
		refusedRequest();
		answer();
		close();
		this.channel.writeInbound(new DroppedBytes(MAX_BYTES));
		assertThat(this.channel.isOpen()).isTrue();
		this.channel.writeInbound(new DroppedBytes(1));
		assertThat(this.channel.isOpen()).isFalse();
	}

	@Test
	void tooMuchBehindARefusalIsNotSwallowedWhileAnEarlierRequestIsServed() {
		request();
		this.channel.writeInbound(LastHttpContent.EMPTY_LAST_CONTENT);
		refusedRequest();
		this.channel.writeInbound(new DroppedBytes(MAX_BYTES + 1));
		assertThat(this.channel.isOpen()).isFalse();
	}

	@Test
	void anUploadThatWasAnsweredEarlyEndsInTime() {
		request();
		answer();
		for (int i = 0; i < 29; i++) {
			pass(1);
			this.channel.writeInbound(new DefaultHttpContent(Unpooled.buffer().writeByte('x')));
		}
		assertThat(this.channel.isOpen()).isTrue();
		pass(1);
		assertThat(this.channel.isOpen()).isFalse();
	}

	@Test
	void anUploadThatWasAnsweredEarlyAndEndedIsNoReasonToClose() {
		request();
		answer();
		this.channel.writeInbound(LastHttpContent.EMPTY_LAST_CONTENT);
		pass(60);
		assertThat(this.channel.isOpen()).isTrue();
	}

	@Test
	void whoMayHaveSentAnotherRequestBeforeItReadOfTheEndIsReadFrom() {
		request();
		this.channel.writeInbound(LastHttpContent.EMPTY_LAST_CONTENT);
		lastAnswer();
		close();
		assertThat(this.channel.isOutputShutdown()).isTrue();
		request();
		this.channel.writeInbound(LastHttpContent.EMPTY_LAST_CONTENT);
		assertThat(this.channel.isOpen()).isTrue();
		end();
		assertThat(this.channel.isOpen()).isFalse();
	}

	@Test
	void whoMayHaveSentAnotherRequestIsNotWaitedForLong() {
		request();
		this.channel.writeInbound(LastHttpContent.EMPTY_LAST_CONTENT);
		lastAnswer();
		close();
		pass(4);
		assertThat(this.channel.isOpen()).isTrue();
		pass(1);
		assertThat(this.channel.isOpen()).isFalse();
	}

	@Test
	void whoAskedForTheEndIsNotWaitedFor() {
		DefaultHttpRequest request = new DefaultHttpRequest(HttpVersion.HTTP_1_1, HttpMethod.GET, "/");
		request.headers().set(HttpHeaderNames.CONNECTION, HttpHeaderValues.CLOSE);
		this.channel.writeInbound(request);
		this.channel.writeInbound(LastHttpContent.EMPTY_LAST_CONTENT);
		lastAnswer();
		close();
		assertThat(this.channel.isOpen()).isFalse();
	}

	@Test
	void aConnectionThatIsIdleIsClosedAtOnce() {
		request();
		this.channel.writeInbound(LastHttpContent.EMPTY_LAST_CONTENT);
		answer();
		close();
		assertThat(this.channel.isOpen()).isFalse();
	}

	private void request() {
		this.channel.writeInbound(new DefaultHttpRequest(HttpVersion.HTTP_1_1, HttpMethod.POST, "/pks/add"));
	}

	private void refusedRequest() {
		this.channel.writeInbound(new DefaultHttpRequest(HttpVersion.HTTP_1_1, HttpMethod.GET, "/",
				new RefusedHeaders(Refusal.badRequest("bad"))));
	}

	private void answer() {
		this.channel.writeOutbound(new DefaultFullHttpResponse(HttpVersion.HTTP_1_1, HttpResponseStatus.OK));
	}

	private void lastAnswer() {
		DefaultFullHttpResponse answer = new DefaultFullHttpResponse(HttpVersion.HTTP_1_1, HttpResponseStatus.OK);
		answer.headers().set(HttpHeaderNames.CONNECTION, HttpHeaderValues.CLOSE);
		this.channel.writeOutbound(answer);
	}

	private void close() {
		var unused = this.channel.pipeline().close();
		this.channel.runPendingTasks();
	}

	private void end() {
		this.channel.pipeline().fireUserEventTriggered(ChannelInputShutdownEvent.INSTANCE);
	}

	private void pass(int seconds) {
		this.channel.advanceTimeBy(seconds, TimeUnit.SECONDS);
		this.channel.runScheduledPendingTasks();
	}

}
