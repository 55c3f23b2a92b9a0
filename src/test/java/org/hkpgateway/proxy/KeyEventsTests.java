package org.hkpgateway.proxy;

import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.Executor;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import com.sun.management.ThreadMXBean;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.handler.codec.http.DefaultHttpHeaders;
import io.netty.handler.codec.http.HttpHeaders;
import org.hkpgateway.events.Event;
import org.hkpgateway.events.EventBus;
import org.hkpgateway.events.EventFilter;
import org.hkpgateway.hkp.HkpRequest;
import org.hkpgateway.hkp.Operation;
import org.hkpgateway.hkp.Unread;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.slf4j.LoggerFactory;
import reactor.core.Disposable;
import reactor.core.Disposables;
import reactor.core.publisher.Flux;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link KeyEvents} and {@link UploadTap}: what they cost, and what they do
 * when something is missing. What they say is tested with real requests.
 */
class KeyEventsTests {

	private static final int MEMORY = 1024 * 1024;

	private static final String FINGERPRINT = "A".repeat(40);

	private static final String JSON = "{\"inserted\":[{\"fingerprint\":\"" + FINGERPRINT + "\"}]}";

	private final EventBus bus = new EventBus();

	private final BlockingQueue<Event> events = new LinkedBlockingQueue<>();

	private final Disposable.Composite subscribers = Disposables.composite();

	private final TestListener listener = new TestListener();

	private final ListAppender<ILoggingEvent> log = new ListAppender<>();

	private BufferBudget memory = new BufferBudget(MEMORY);

	private Executor reader = Runnable::run;

	private long now;

	@AfterEach
	void unsubscribe() {
		this.subscribers.dispose();
	}

	@Test
	void whenNobodyListensARequestIsNotLookedAtAndNothingIsAllocated() {
		KeyEvents keyEvents = keyEvents();
		ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
		for (int i = 0; i < 1000; i++) {
			assertThat(keyEvents.tap(null, null, null)).isNull();
		}
		long before = threads.getCurrentThreadAllocatedBytes();
		UploadTap any = null;
		for (int i = 0; i < 100_000; i++) {
			any = keyEvents.tap(null, null, null);
		}
		// Less than a byte each.
		assertThat(threads.getCurrentThreadAllocatedBytes() - before).isLessThan(100_000);
		assertThat(any).isNull();
	}

	@Test
	void onlyUploadsAreWatchedAndOnlyForThoseWhoWantToKnow() {
		HkpRequest add = HkpRequest.of(Operation.ADD);
		listen("request.*");
		assertThat(keyEvents().tap(null, head(add), new UpstreamBody.None())).isNull();
		listen("key.changed");
		assertThat(keyEvents().tap(null, head(HkpRequest.of(Operation.LOOKUP_GET)), new UpstreamBody.None())).isNull();
		assertThat(keyEvents().tap(null, head(null), new UpstreamBody.None())).isNull();
	}

	@Test
	void theAnswerPassesUnchanged() throws Exception {
		listen("key.*");
		UploadTap tap = tap(keyEvents());
		ByteBuf bytes = Unpooled.copiedBuffer(JSON, StandardCharsets.US_ASCII);
		assertThat(tap.watched(200, new DefaultHttpHeaders(), Flux.just(bytes)).collectList().block())
			.containsExactly(bytes);
		assertThat(bytes.readableBytes()).isEqualTo(JSON.length());
		assertThat(bytes.refCnt()).isEqualTo(1);
		tap.close();
		assertThat(next().type()).isEqualTo("key.submitted");
		assertThat(next().metadata()).containsEntry("fingerprint", FINGERPRINT).containsEntry("change", "inserted");
		assertThat(this.memory.used()).isZero();
		assertThat(this.listener.unread).isEmpty();
	}

	@Test
	void anAnswerThatIsRefusedOrNeverComesIsNothing() {
		listen("key.*");
		UploadTap tap = tap(keyEvents());
		tap.watched(422, new DefaultHttpHeaders(), answer(JSON)).blockLast();
		tap.close();
		tap(keyEvents()).close();
		assertThat(this.listener.unread).isEmpty();
		assertThat(this.memory.used()).isZero();
		assertThat(this.events).isEmpty();
	}

	@Test
	void anAnswerThatBreaksOffIsCountedOnce() throws Exception {
		listen("key.*");
		UploadTap tap = tap(keyEvents());
		Flux<ByteBuf> broken = answer(JSON).concatWith(Flux.error(new IllegalStateException("cut")));
		tap.watched(200, new DefaultHttpHeaders(), broken).onErrorComplete().blockLast();
		assertThat(this.memory.used()).isPositive();
		tap.close();
		tap.close();
		Event event = next();
		assertThat(event.type()).isEqualTo("key.submitted");
		assertThat(event.data()).contains("\"keys\":[]");
		assertThat(this.listener.unread).containsExactly(Unread.CUT_SHORT);
		assertThat(this.memory.used()).isZero();
		assertThat(this.events).isEmpty();
	}

	@Test
	void whenTooManyWaitTheAnswerIsCountedAndForgotten() {
		listen("key.*");
		this.reader = (task) -> {
			throw new RejectedExecutionException("full");
		};
		UploadTap tap = tap(keyEvents());
		tap.watched(200, new DefaultHttpHeaders(), answer(JSON)).blockLast();
		assertThat(this.listener.unread).containsExactly(Unread.BUSY);
		assertThat(this.memory.used()).isZero();
	}

	@Test
	void withoutMemoryTheUploadIsToldOfAndNoKey() throws Exception {
		listen("key.*");
		this.memory = new BufferBudget(10);
		UploadTap tap = tap(keyEvents());
		tap.watched(200, new DefaultHttpHeaders(), answer(JSON)).blockLast();
		Event event = next();
		assertThat(event.type()).isEqualTo("key.submitted");
		assertThat(event.data()).contains("\"keys\":[]");
		assertThat(this.listener.unread).containsExactly(Unread.BUSY);
		assertThat(this.memory.used()).isZero();
		assertThat(this.events).isEmpty();
	}

	@Test
	void allAreCountedAndTheLogIsNotFlooded() {
		Logger logger = (Logger) LoggerFactory.getLogger(UnreadUploads.class);
		this.log.start();
		logger.addAppender(this.log);
		try {
			listen("key.*");
			KeyEvents keyEvents = keyEvents();
			for (int i = 0; i < 100; i++) {
				tap(keyEvents).watched(200, new DefaultHttpHeaders(), answer("Thank you")).blockLast();
			}
			this.now += TimeUnit.SECONDS.toNanos(10);
			tap(keyEvents).watched(200, new DefaultHttpHeaders(), answer("Thank you")).blockLast();
		}
		finally {
			logger.detachAppender(this.log);
		}
		assertThat(this.listener.unread).hasSize(101).containsOnly(Unread.NOT_UNDERSTOOD);
		String line = "Events of uploaded keys are missing (not-understood) [request 1]: expected: what Hockeypuck "
				+ "(JSON, HTML) or SKS answers to an upload, got: text of another kind";
		assertThat(this.log.list).extracting(ILoggingEvent::getFormattedMessage)
			.containsExactly(line, line + "; 99 more since the last such line");
	}

	private void listen(String type) {
		this.subscribers.add(this.bus.events(EventFilter.ofTypes(type), 16)
			.subscribe((delivery) -> this.events.add(delivery.event())));
	}

	private Event next() throws InterruptedException {
		Event event = this.events.poll(20, TimeUnit.SECONDS);
		assertThat(event).as("an event within 20 s").isNotNull();
		return event;
	}

	private KeyEvents keyEvents() {
		return new KeyEvents(this.bus, this.reader, this.memory, new UnreadUploads(this.listener, () -> this.now));
	}

	private UploadTap tap(KeyEvents keyEvents) {
		return new UploadTap(keyEvents, new UploadTap.Upload("1", Operation.ADD, ""), new UpstreamBody.None(),
				this.memory);
	}

	private static Flux<ByteBuf> answer(String text) {
		return Flux.just(Unpooled.copiedBuffer(text, StandardCharsets.US_ASCII));
	}

	private static UpstreamHead head(@Nullable HkpRequest hkp) {
		HttpHeaders fields = new DefaultHttpHeaders();
		return new UpstreamHead("POST", "/pks/add", hkp, fields);
	}

}
