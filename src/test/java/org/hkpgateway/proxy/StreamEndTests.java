package org.hkpgateway.proxy;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.embedded.EmbeddedChannel;
import io.netty.handler.codec.http.DefaultFullHttpResponse;
import io.netty.handler.codec.http.HttpObject;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.handler.codec.http2.DefaultHttp2Headers;
import io.netty.handler.codec.http2.DefaultHttp2HeadersEncoder;
import io.netty.handler.codec.http2.Http2Error;
import io.netty.handler.codec.http2.Http2Exception;
import io.netty.handler.codec.http2.Http2FrameCodecBuilder;
import io.netty.handler.codec.http2.Http2MultiplexHandler;
import io.netty.handler.codec.http2.Http2StreamFrameToHttpObjectCodec;
import io.netty.util.ReferenceCountUtil;
import org.hkpgateway.testsupport.RawHttp2;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link StreamEnd} behind the real codec: what a client sends and gets, while
 * the clock stands still.
 */
class StreamEndTests {

	private static final int MAX_BYTES = 100_000;

	/** 1 would be one of an upgrade, to a codec without a server. */
	private static final int FIRST = 3;

	private final List<Object> passed = new ArrayList<>();

	private final EmbeddedChannel connection = new EmbeddedChannel();

	private Channel stream = this.connection;

	private boolean reading = true;

	@BeforeEach
	void open() throws Http2Exception {
		this.connection.freezeTime();
		this.connection.pipeline()
			.addLast(Http2FrameCodecBuilder.forServer().build(), new Http2MultiplexHandler(new Stream()));
		send("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
		send(RawHttp2.bytes(RawHttp2.SETTINGS, 0, 0, new byte[0]));
		request("/pks/add");
	}

	@AfterEach
	void release() {
		this.connection.finishAndReleaseAll();
	}

	@Test
	void whoSendsOnHasThirtySeconds() {
		answer();
		for (int i = 0; i < 29; i++) {
			pass(1);
			data(1, false);
		}
		assertThat(resets()).isEmpty();
		assertThat(this.stream.isActive()).isTrue();
		pass(1);
		assertThat(resets()).containsExactly(Http2Error.NO_ERROR.code());
		assertThat(this.stream.isOpen()).isFalse();
		assertThat(this.connection.isOpen()).isTrue();
	}

	@Test
	void whoIsSilentHasFive() {
		answer();
		pass(4);
		data(0, false);
		pass(4);
		assertThat(resets()).isEmpty();
		pass(1);
		assertThat(resets()).containsExactly(Http2Error.NO_ERROR.code());
		assertThat(this.stream.isOpen()).isFalse();
	}

	@Test
	void whoSendsTooMuchIsToldAtOnce() {
		data(40_000, false);
		answer();
		for (int i = 0; i < 10; i++) {
			data(MAX_BYTES / 10, false);
		}
		assertThat(resets()).isEmpty();
		data(1, false);
		assertThat(resets()).containsExactly(Http2Error.NO_ERROR.code());
		assertThat(this.stream.isOpen()).isFalse();
	}

	@Test
	void nothingOfItIsPassedOnAndTheWindowIsGivenBack() {
		answer();
		int before = this.passed.size();
		data(60_000, false);
		data(40_000, false);
		assertThat(resets()).isEmpty();
		assertThat(this.stream.isActive()).isTrue();
		assertThat(this.passed).hasSize(before);
	}

	@Test
	void whoComesToAnEndIsNotTold() {
		answer();
		data(10, true);
		assertThat(this.stream.isOpen()).isFalse();
		assertThat(this.connection.runScheduledPendingTasks()).as("nothing waits any more").isEqualTo(-1);
		assertThat(resets()).isEmpty();
	}

	@Test
	void anAnswerToAWholeRequestIsTheEnd() {
		data(10, true);
		answer();
		assertThat(this.stream.isOpen()).isFalse();
		assertThat(resets()).isEmpty();
	}

	@Test
	void theSameIfNobodyHasReadItsEndYet() {
		this.reading = false;
		data(10, false);
		data(10, false);
		data(10, true);
		assertThat(this.stream.isOpen()).isTrue();
		answer();
		assertThat(this.stream.isOpen()).isFalse();
		assertThat(resets()).isEmpty();
	}

	@Test
	void anInterimAnswerIsNone() {
		this.stream.writeAndFlush(new DefaultFullHttpResponse(HttpVersion.HTTP_1_1, HttpResponseStatus.CONTINUE));
		data(10, false);
		pass(60);
		assertThat(this.passed).hasSize(2);
		assertThat(this.stream.isActive()).isTrue();
	}

	@Test
	void whoClosesWhatIsAnsweredWaitsForTheClient() {
		answer();
		ChannelFuture closed = this.stream.close();
		ChannelFuture again = this.stream.close();
		this.connection.runPendingTasks();
		assertThat(this.stream.isActive()).isTrue();
		assertThat(closed.isDone()).isFalse();
		data(10, true);
		assertThat(closed.isSuccess()).isTrue();
		assertThat(again.isSuccess()).isTrue();
		assertThat(resets()).isEmpty();
	}

	@Test
	void aClientThatResetsIsGone() {
		answer();
		send(RawHttp2.bytes(RawHttp2.RST_STREAM, 0, FIRST, new byte[4]));
		assertThat(this.stream.isOpen()).isFalse();
		pass(60);
		assertThat(resets()).isEmpty();
	}

	@Test
	void theEndOfTheConnectionIsTheEnd() {
		answer();
		this.connection.close();
		this.connection.runPendingTasks();
		assertThat(this.stream.isOpen()).isFalse();
	}

	/** Whoever wants to reset it, may. */
	@Test
	void aResetDoesNotWait() {
		answer();
		StreamEnd.reset(this.stream, Http2Error.INTERNAL_ERROR);
		this.connection.runPendingTasks();
		assertThat(resets()).containsExactly(Http2Error.INTERNAL_ERROR.code());
		assertThat(this.stream.isOpen()).isFalse();
	}

	@Test
	void whatIsSentBehindARefusedHeadCountsFromTheBeginning() throws Exception {
		request(5, "no/slash");
		for (int i = 0; i < 5; i++) {
			data(5, 10_000, false);
		}
		answer();
		for (int i = 0; i < 5; i++) {
			data(5, 10_000, false);
		}
		assertThat(resets()).isEmpty();
		data(5, 1, false);
		assertThat(resets()).containsExactly(Http2Error.NO_ERROR.code());
	}

	@Test
	void aFloodBehindARefusedHeadThatIsNotAnsweredYetIsOne() throws Exception {
		request(5, "no/slash");
		for (int i = 0; i < 11; i++) {
			data(5, 10_000, false);
		}
		assertThat(resets()).containsExactly(Http2Error.ENHANCE_YOUR_CALM.code());
		assertThat(this.stream.isOpen()).isFalse();
	}

	private void request(String path) throws Http2Exception {
		request(FIRST, path);
	}

	private void request(int id, String path) throws Http2Exception {
		ByteBuf block = Unpooled.buffer();
		new DefaultHttp2HeadersEncoder().encodeHeaders(id,
				new DefaultHttp2Headers(false).method("POST").scheme("http").path(path).authority("keys.example"),
				block);
		send(RawHttp2.bytes(RawHttp2.HEADERS, RawHttp2.END_HEADERS, id, ByteBufUtil.getBytes(block)));
	}

	private void data(int bytes, boolean end) {
		data(FIRST, bytes, end);
	}

	private void data(int id, int bytes, boolean end) {
		for (int rest = bytes; rest >= 0; rest -= 10_000) {
			boolean last = rest <= 10_000;
			send(RawHttp2.bytes(RawHttp2.DATA, (end && last) ? RawHttp2.END_STREAM : 0, id,
					new byte[Math.min(rest, 10_000)]));
			if (last) {
				return;
			}
		}
	}

	private void send(byte[] bytes) {
		this.connection.writeInbound(Unpooled.wrappedBuffer(bytes));
	}

	private void answer() {
		var unused = this.stream
			.writeAndFlush(new DefaultFullHttpResponse(HttpVersion.HTTP_1_1, HttpResponseStatus.FORBIDDEN));
		this.connection.runPendingTasks();
	}

	private void pass(int seconds) {
		this.connection.advanceTimeBy(seconds, TimeUnit.SECONDS);
		this.connection.runScheduledPendingTasks();
	}

	/** Error codes of what was reset since the last look. */
	private List<Long> resets() {
		return frames(RawHttp2.RST_STREAM).stream().map((frame) -> frame.payload().getUnsignedInt(0)).toList();
	}

	private List<Sent> frames(int type) {
		ByteBuf all = Unpooled.buffer();
		for (ByteBuf out = this.connection.readOutbound(); out != null; out = this.connection.readOutbound()) {
			all.writeBytes(out);
			out.release();
		}
		List<Sent> frames = new ArrayList<>();
		while (all.isReadable()) {
			int length = all.readUnsignedMedium();
			int itsType = all.readUnsignedByte();
			all.skipBytes(5);
			frames.add(new Sent(itsType, all.readSlice(length)));
		}
		return frames.stream().filter((frame) -> frame.type() == type).toList();
	}

	private record Sent(int type, ByteBuf payload) {
	}

	/** The gateway's part of a stream's pipeline, in front of who reads and answers. */
	private final class Stream extends ChannelInitializer<Channel> {

		@Override
		protected void initChannel(Channel channel) {
			StreamEndTests.this.stream = channel;
			channel.config().setAutoRead(false);
			channel.pipeline()
				.addLast(new StreamRequest(TestEdge.MAX_HEAD), new Http2StreamFrameToHttpObjectCodec(true),
						new StreamEnd(MAX_BYTES), new Reader());
			channel.read();
		}

	}

	private final class Reader extends ChannelInboundHandlerAdapter {

		@Override
		public void channelRead(ChannelHandlerContext ctx, Object message) {
			assertThat(message).isInstanceOf(HttpObject.class);
			StreamEndTests.this.passed.add(message);
			ReferenceCountUtil.release(message);
			if (StreamEndTests.this.reading) {
				ctx.read();
			}
		}

	}

}
