package org.hkpgateway.grpc;

import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;

import com.google.protobuf.ByteString;
import io.grpc.ClientCall;
import io.grpc.Metadata;
import org.hkpgateway.proto.HandleRequestEvent;
import org.hkpgateway.proto.HandleResponse;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

import static org.assertj.core.api.Assertions.assertThat;

@Timeout(30)
class StreamSenderTests {

	private final FakeCall call = new FakeCall();

	private final StreamSender sender = new StreamSender(this.call);

	@Test
	void nothingIsSentBeforeItIsOpen() {
		assertThat(this.sender.offer(message("a"))).isTrue();
		assertThat(this.call.log).isEmpty();
		this.sender.open();
		assertThat(this.call.log).containsExactly("a");
	}

	@Test
	void itWaitsForRoomAndKeepsTheOrder() {
		this.sender.open();
		this.call.ready = false;
		List.of("a", "b", "c").forEach((id) -> assertThat(this.sender.offer(message(id))).isTrue());
		assertThat(this.call.log).isEmpty();
		this.call.ready = true;
		this.sender.drain();
		assertThat(this.call.log).containsExactly("a", "b", "c");
	}

	@Test
	void whatWaitsIsBoundedEvenIfNobodyWantsItAnyLonger() {
		this.sender.open();
		this.call.ready = false;
		int taken = 0;
		while (this.sender.offer(new Unwanted())) {
			taken++;
		}
		assertThat(taken).isBetween(100, StreamSender.MAX_WAITING_BYTES / 1024);
		this.call.ready = true;
		this.sender.drain();
		assertThat(this.call.log).isEmpty();
		assertThat(this.sender.offer(message("a"))).isTrue();
		assertThat(this.call.log).containsExactly("a");
	}

	@Test
	void theEndComesAfterWhatWaits() {
		this.sender.open();
		this.call.ready = false;
		this.sender.offer(message("a"));
		this.sender.close();
		assertThat(this.call.log).isEmpty();
		this.call.ready = true;
		this.sender.drain();
		this.sender.drain();
		assertThat(this.call.log).containsExactly("a", "halfClose");
	}

	@Test
	void afterTheEndOfTheCallNothingIsSent() {
		this.sender.open();
		this.sender.ended();
		this.sender.offer(message("a"));
		this.sender.close();
		assertThat(this.call.log).isEmpty();
	}

	@Test
	void aMessageThatCannotBeSentEndsTheCall() {
		this.sender.open();
		this.call.failing = true;
		assertThat(this.sender.offer(message("a"))).isTrue();
		assertThat(this.call.log).containsExactly("cancel");
	}

	@Test
	void oneThreadAtATimeTouchesTheCall() throws Exception {
		int threads = 4;
		int each = 5000;
		CountDownLatch done = new CountDownLatch(threads);
		this.sender.open();
		for (int t = 0; t < threads; t++) {
			new Thread(() -> {
				for (int i = 0; i < each; i++) {
					while (!this.sender.offer(message("m"))) {
						Thread.onSpinWait();
					}
				}
				done.countDown();
			}).start();
		}
		assertThat(done.await(20, TimeUnit.SECONDS)).isTrue();
		assertThat(this.call.log).hasSize(threads * each);
		assertThat(this.call.overlapped).isFalse();
	}

	private static StreamSender.Outgoing message(String id) {
		EncodedEvent event = new EncodedEvent(ByteString.EMPTY,
				HandleRequestEvent.newBuilder().setRequestId(id).build());
		return new StreamSender.Outgoing() {

			@Override
			public int size() {
				return event.size();
			}

			@Override
			public EncodedEvent take() {
				return event;
			}

		};
	}

	private static final class Unwanted implements StreamSender.Outgoing {

		@Override
		public int size() {
			return 500;
		}

		@Override
		public @Nullable EncodedEvent take() {
			return null;
		}

	}

	private static final class FakeCall extends ClientCall<EncodedEvent, HandleResponse> {

		private final Queue<String> log = new ConcurrentLinkedQueue<>();

		private final AtomicBoolean busy = new AtomicBoolean();

		private volatile boolean overlapped;

		private volatile boolean ready = true;

		private volatile boolean failing;

		@Override
		public void start(Listener<HandleResponse> listener, Metadata headers) {
			throw new UnsupportedOperationException();
		}

		@Override
		public void request(int number) {
			throw new UnsupportedOperationException();
		}

		@Override
		public void cancel(@Nullable String message, @Nullable Throwable cause) {
			this.log.add("cancel");
		}

		@Override
		public void halfClose() {
			this.log.add("halfClose");
		}

		@Override
		public void sendMessage(EncodedEvent message) {
			if (this.failing) {
				throw new IllegalStateException("closed");
			}
			if (!this.busy.compareAndSet(false, true)) {
				this.overlapped = true;
			}
			this.log.add(message.requestId());
			this.busy.set(false);
		}

		@Override
		public boolean isReady() {
			return this.ready;
		}

	}

}
