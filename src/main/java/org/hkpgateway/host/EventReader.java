package org.hkpgateway.host;

import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.IntConsumer;

import io.grpc.stub.ServerCallStreamObserver;
import org.hkpgateway.events.EventBatch;
import org.reactivestreams.Subscription;
import reactor.core.publisher.BaseSubscriber;

/**
 * Sends batches to one plugin as fast as it reads them: asks for the next one when gRPC
 * has hardly anything left to send, so that what the plugin does not read waits in the
 * bounded buffer of the bus.
 */
final class EventReader extends BaseSubscriber<EventBatch> {

	private final ServerCallStreamObserver<org.hkpgateway.proto.EventBatch> answer;

	private final IntConsumer delivered;

	private final AtomicBoolean asked = new AtomicBoolean();

	/**
	 * Makes a reader for one call, while that may still be configured.
	 * @param answer where batches go
	 * @param delivered is told how many events have been sent
	 */
	EventReader(ServerCallStreamObserver<org.hkpgateway.proto.EventBatch> answer, IntConsumer delivered) {
		this.answer = answer;
		this.delivered = delivered;
		answer.setOnReadyHandler(this::ask);
		answer.setOnCancelHandler(this::dispose);
	}

	private void ask() {
		if (this.answer.isReady() && this.asked.compareAndSet(false, true)) {
			request(1);
		}
	}

	@Override
	protected void hookOnSubscribe(Subscription subscription) {
		ask();
	}

	@Override
	protected void hookOnNext(EventBatch batch) {
		this.answer.onNext(EventMessages.toMessage(batch));
		this.delivered.accept(batch.events().size());
		this.asked.set(false);
		ask();
	}

}
