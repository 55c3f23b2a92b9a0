package org.hkpgateway.grpc;

import java.util.Queue;
import java.util.concurrent.atomic.AtomicInteger;

import io.grpc.ClientCall;
import org.jspecify.annotations.Nullable;
import reactor.util.concurrent.Queues;

/**
 * The sending side of a stream. Any number of threads offer messages; one of them at a
 * time, whichever found nobody at it, hands them to gRPC, in order and only while gRPC
 * has room. gRPC gathers what is handed over in short succession into one write.
 * <p>
 * What waits for room is bounded by {@value #MAX_WAITING_BYTES} bytes. A message that
 * nobody wants sent any longer keeps its share until its turn comes, so that a plugin
 * which does not read cannot make this grow by letting requests run into their deadline.
 */
final class StreamSender {

	static final int MAX_WAITING_BYTES = 1024 * 1024;

	/** About what a waiting message costs beyond its own size. */
	private static final int OVERHEAD_BYTES = 1024;

	private final ClientCall<EncodedEvent, ?> call;

	private final Queue<Outgoing> waiting = Queues.<Outgoing>unboundedMultiproducer().get();

	private final AtomicInteger waitingBytes = new AtomicInteger();

	/** Above zero: somebody is at it. It starts so, until the call has been started. */
	private final AtomicInteger work = new AtomicInteger(1);

	private volatile boolean closing;

	private volatile boolean ended;

	/** Used by whoever is at it. */
	private boolean halfClosed;

	StreamSender(ClientCall<EncodedEvent, ?> call) {
		this.call = call;
	}

	/**
	 * Sends a message as soon as there is room. Does not block.
	 * @param message what to send
	 * @return false if it is refused because too much waits already
	 */
	boolean offer(Outgoing message) {
		int bytes = message.size() + OVERHEAD_BYTES;
		if (this.waitingBytes.addAndGet(bytes) > MAX_WAITING_BYTES) {
			this.waitingBytes.addAndGet(-bytes);
			return false;
		}
		this.waiting.add(message);
		drain();
		return true;
	}

	/** Tells it that there is room again. */
	void drain() {
		if (this.work.getAndIncrement() == 0) {
			run(1);
		}
	}

	/** Lets it begin: the call has been started. */
	void open() {
		run(1);
	}

	/** Ends this side of the stream after what has been offered so far. */
	void close() {
		this.closing = true;
		drain();
	}

	/** Tells it that the call has ended: nothing is sent any more. */
	void ended() {
		this.ended = true;
	}

	private void run(int seen) {
		int missed = seen;
		do {
			try {
				send();
			}
			catch (RuntimeException ex) {
				// The listener learns of it and fails what is in flight.
				this.call.cancel("a message could not be sent", ex);
			}
			missed = this.work.addAndGet(-missed);
		}
		while (missed != 0);
	}

	private void send() {
		while (!this.ended && !this.halfClosed && this.call.isReady()) {
			Outgoing next = this.waiting.poll();
			if (next == null) {
				break;
			}
			this.waitingBytes.addAndGet(-next.size() - OVERHEAD_BYTES);
			EncodedEvent message = next.take();
			if (message != null) {
				this.call.sendMessage(message);
			}
		}
		if (this.closing && !this.ended && !this.halfClosed && this.waiting.isEmpty()) {
			this.halfClosed = true;
			this.call.halfClose();
		}
	}

	/** Waits to be sent. */
	interface Outgoing {

		/**
		 * How large it is, always the same.
		 * @return bytes
		 */
		int size();

		/**
		 * Takes the message to send it at once. Called once.
		 * @return null if nobody wants it sent any longer
		 */
		@Nullable EncodedEvent take();

	}

}
