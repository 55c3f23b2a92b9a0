package org.hkpgateway.proxy;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.embedded.EmbeddedChannel;
import org.junit.jupiter.api.Test;
import org.reactivestreams.Subscription;
import reactor.core.publisher.BaseSubscriber;
import reactor.test.publisher.TestPublisher;

import static org.assertj.core.api.Assertions.assertThat;

class WatchedBodyTests {

	private static final int KB = 1024;

	private final EmbeddedChannel clock = new EmbeddedChannel();

	private final TestPublisher<ByteBuf> source = TestPublisher.create();

	private final List<EdgeLimit> limits = new ArrayList<>();

	private final List<ByteBuf> parts = new ArrayList<>();

	private final List<Throwable> errors = new ArrayList<>();

	private final BaseSubscriber<ByteBuf> reader = new BaseSubscriber<>() {

		@Override
		protected void hookOnSubscribe(Subscription subscription) {
			// Asks when the test says so.
		}

		@Override
		protected void hookOnNext(ByteBuf part) {
			WatchedBodyTests.this.parts.add(part);
		}

		@Override
		protected void hookOnError(Throwable error) {
			WatchedBodyTests.this.errors.add(error);
		}

	};

	WatchedBodyTests() {
		this.clock.freezeTime();
		new WatchedBody(this.source.flux(), this.clock.eventLoop(),
				new Patience(Duration.ofSeconds(10), Duration.ofSeconds(60), KB), Duration.ofSeconds(60),
				this.limits::add)
			.subscribe(this.reader);
	}

	@Test
	void aSlowBodyIs408AndTheRestIsNotRead() {
		this.reader.requestUnbounded();
		for (int i = 0; i < 12; i++) {
			pass(1);
			if (this.errors.isEmpty()) {
				this.source.next(bytes(100));
			}
		}
		assertThat(this.errors).singleElement()
			.satisfies((error) -> assertThat(((Refusal) error).status()).isEqualTo(408));
		assertThat(this.limits).containsExactly(EdgeLimit.MIN_BODY_RATE);
		this.source.assertCancelled();
	}

	@Test
	void aBodyThatKeepsUpTheRatePasses() {
		this.reader.requestUnbounded();
		for (int i = 0; i < 100; i++) {
			pass(9);
			this.source.next(bytes(9 * KB));
		}
		this.source.complete();
		pass(1000);
		assertThat(this.errors).isEmpty();
		assertThat(this.parts).hasSize(100);
	}

	@Test
	void noTimeRunsWhileNobodyAsks() {
		pass(1000);
		this.reader.request(1);
		pass(9);
		this.source.next(bytes(1));
		pass(1000);
		assertThat(this.errors).isEmpty();
		this.reader.request(1);
		pass(2);
		assertThat(this.limits).containsExactly(EdgeLimit.MIN_BODY_RATE);
	}

	@Test
	void aFastBeginningDoesNotExcuseSilence() {
		this.reader.requestUnbounded();
		this.source.next(bytes(1000 * KB));
		pass(59);
		assertThat(this.errors).isEmpty();
		pass(1);
		assertThat(this.limits).hasSize(1);
	}

	@Test
	void atNoRateAByteNowAndThenIsEnoughAndNoneIsSilence() {
		TestListener listener = new TestListener();
		TestPublisher<ByteBuf> body = TestPublisher.create();
		new BodyRate(0, Duration.ofSeconds(60), listener.report()).watch(body.flux(), this.clock, null)
			.subscribe(this.parts::add, this.errors::add);
		for (int i = 0; i < 20; i++) {
			pass(50);
			body.next(bytes(1));
		}
		assertThat(this.parts).hasSize(20);
		pass(59);
		assertThat(this.errors).isEmpty();
		pass(1);
		assertThat(this.errors).singleElement()
			.satisfies((error) -> assertThat(((Refusal) error).status()).isEqualTo(408));
		assertThat(listener.limits).containsExactly(EdgeLimit.IDLE_TIMEOUT);
	}

	@Test
	void whoCancelsIsNotToldAnythingMore() {
		this.reader.requestUnbounded();
		this.reader.cancel();
		pass(1000);
		assertThat(this.limits).isEmpty();
		this.source.assertCancelled();
	}

	private static ByteBuf bytes(int count) {
		return Unpooled.wrappedBuffer(new byte[count]);
	}

	private void pass(int seconds) {
		this.clock.advanceTimeBy(seconds, TimeUnit.SECONDS);
		this.clock.runScheduledPendingTasks();
	}

}
