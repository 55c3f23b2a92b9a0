package org.hkpgateway.host;

import java.time.Duration;
import java.util.function.Function;

import io.grpc.Status;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import org.hkpgateway.plugin.EmittedEvent;
import org.hkpgateway.proto.Empty;
import org.hkpgateway.proto.Event;
import reactor.core.Disposable;
import reactor.core.Disposables;
import reactor.core.publisher.Mono;

/**
 * Takes a stream of events from one plugin, no faster than it may publish: the next one
 * is read when its time has come, and meanwhile the plugin finds that it cannot send. The
 * first event that is refused ends the stream.
 */
final class EventWriter implements StreamObserver<Event> {

	private final ServerCallStreamObserver<Empty> answer;

	private final Function<EmittedEvent, Duration> publisher;

	private final Disposable.Swap pause = Disposables.swap();

	private long published;

	private boolean refused;

	/**
	 * Makes a writer for one call, while that may still be configured.
	 * @param answer how the stream ends
	 * @param publisher publishes, and says how long to wait
	 */
	EventWriter(ServerCallStreamObserver<Empty> answer, Function<EmittedEvent, Duration> publisher) {
		this.answer = answer;
		this.publisher = publisher;
		answer.disableAutoRequest();
		answer.setOnCancelHandler(this.pause::dispose);
		answer.request(1);
	}

	@Override
	public void onNext(Event event) {
		if (this.refused) {
			return;
		}
		try {
			Duration wait = this.publisher.apply(EventMessages.toEmitted(event));
			this.published++;
			if (wait.isZero()) {
				this.answer.request(1);
			}
			else {
				this.pause.update(Mono.delay(wait).subscribe((over) -> this.answer.request(1)));
			}
		}
		catch (IllegalArgumentException ex) {
			this.refused = true;
			this.answer.onError(
					Status.INVALID_ARGUMENT
						.withDescription("event " + (this.published + 1) + " of the stream: " + ex.getMessage()
								+ " (those before it are published)")
						.asRuntimeException());
		}
	}

	@Override
	public void onError(Throwable failure) {
		// The plugin is gone, and has been told nothing that it could miss.
		this.pause.dispose();
	}

	@Override
	public void onCompleted() {
		if (!this.refused) {
			this.answer.onNext(Empty.getDefaultInstance());
			this.answer.onCompleted();
		}
	}

}
