package org.hkpgateway.grpc;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;

import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.ClientCall;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.Status;
import org.hkpgateway.proto.HKPPluginGrpc;
import org.hkpgateway.proto.HandleRequestEvent;
import org.hkpgateway.proto.HandleResponse;
import org.junit.jupiter.api.Test;
import org.reactivestreams.Subscription;
import reactor.core.publisher.Hooks;
import reactor.core.publisher.Mono;
import reactor.test.StepVerifier;

import static org.assertj.core.api.Assertions.assertThat;

class UnaryCallTests {

	private static final HandleResponse ANSWER = HandleResponse.newBuilder().setContinueChain(true).build();

	private final FakeCall call = new FakeCall();

	private final Mono<HandleResponse> mono = new UnaryCall<>(this.call.channel(),
			HKPPluginGrpc.getHandleRequestMethod(), CallOptions.DEFAULT, HandleRequestEvent.getDefaultInstance());

	@Test
	void answer() {
		StepVerifier.create(this.mono).then(() -> {
			this.call.listener.onMessage(ANSWER);
			this.call.listener.onClose(Status.OK, new Metadata());
		}).expectNext(ANSWER).expectComplete().verify(Duration.ofSeconds(5));
		assertThat(this.call.log).containsExactly("start", "request 2", "message", "halfClose");
	}

	@Test
	void noMessage() {
		StepVerifier.create(this.mono)
			.then(() -> this.call.listener.onClose(Status.OK, new Metadata()))
			.expectErrorMessage(internal("none"))
			.verify(Duration.ofSeconds(5));
	}

	@Test
	void twoMessages() {
		StepVerifier.create(this.mono).then(() -> {
			this.call.listener.onMessage(ANSWER);
			this.call.listener.onMessage(ANSWER);
			this.call.listener.onClose(Status.OK, new Metadata());
		}).expectErrorMessage(internal("more")).verify(Duration.ofSeconds(5));
	}

	@Test
	void messageAndThenAnError() {
		StepVerifier.create(this.mono).then(() -> {
			this.call.listener.onMessage(ANSWER);
			this.call.listener.onClose(Status.ABORTED, new Metadata());
		}).expectError(CallFailed.class).verify(Duration.ofSeconds(5));
	}

	@Test
	void notStartedUntilAskedFor() {
		StepVerifier.create(this.mono, 0)
			.then(() -> assertThat(this.call.log).isEmpty())
			.thenCancel()
			.verify(Duration.ofSeconds(5));
		assertThat(this.call.log).isEmpty();
	}

	@Test
	void cancellationCancelsOnceAndSilencesTheEnd() {
		Hooks.onErrorDropped((failure) -> this.call.log.add("dropped"));
		try {
			this.mono.subscribe().dispose();
			this.call.listener.onClose(Status.CANCELLED, new Metadata());
		}
		finally {
			Hooks.resetOnErrorDropped();
		}
		assertThat(this.call.log).containsExactly("start", "request 2", "message", "halfClose", "cancel");
	}

	@Test
	void cancellationWhileItStartsIsNotLost() {
		AtomicReference<Subscription> subscription = new AtomicReference<>();
		this.call.onStart = () -> subscription.get().cancel();
		this.mono.doOnSubscribe(subscription::set).subscribe();
		assertThat(this.call.log).containsExactly("start", "request 2", "message", "halfClose", "cancel");
	}

	@Test
	void failureToSendEndsTheCall() {
		this.call.onStart = () -> {
			throw new IllegalStateException("broken");
		};
		StepVerifier.create(this.mono).expectError(CallFailed.class).verify(Duration.ofSeconds(5));
		assertThat(this.call.log).containsExactly("start", "cancel");
	}

	private static String internal(String got) {
		return Status.INTERNAL.withDescription("expected: one message, got: " + got).toString();
	}

	private static final class FakeCall extends ClientCall<HandleRequestEvent, HandleResponse> {

		private final List<String> log = new ArrayList<>();

		private Runnable onStart = () -> {
		};

		private Listener<HandleResponse> listener;

		@Override
		public void start(Listener<HandleResponse> responseListener, Metadata headers) {
			this.log.add("start");
			this.listener = responseListener;
			this.onStart.run();
		}

		@Override
		public void request(int numMessages) {
			this.log.add("request " + numMessages);
		}

		@Override
		public void cancel(String message, Throwable cause) {
			this.log.add("cancel");
		}

		@Override
		public void halfClose() {
			this.log.add("halfClose");
		}

		@Override
		public void sendMessage(HandleRequestEvent message) {
			this.log.add("message");
		}

		private Channel channel() {
			return new Channel() {

				@Override
				@SuppressWarnings("unchecked")
				public <Q, A> ClientCall<Q, A> newCall(MethodDescriptor<Q, A> method, CallOptions options) {
					return (ClientCall<Q, A>) FakeCall.this;
				}

				@Override
				public String authority() {
					return "localhost";
				}

			};
		}

	}

}
