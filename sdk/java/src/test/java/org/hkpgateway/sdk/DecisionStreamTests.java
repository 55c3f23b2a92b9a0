package org.hkpgateway.sdk;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

import io.grpc.Status;
import io.grpc.stub.StreamObserver;
import org.hkpgateway.proto.Empty;
import org.hkpgateway.proto.HandleRequestEvent;
import org.hkpgateway.proto.HandleResponse;
import org.hkpgateway.sdk.log.LogLevel;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link DecisionStream} with a real client.
 */
@Timeout(60)
class DecisionStreamTests {

	private static final long SECONDS = 15;

	private final CountDownLatch release = new CountDownLatch(1);

	private final CountDownLatch entered = new CountDownLatch(1);

	private final Answers answers = new Answers();

	private Path directory;

	private PluginServer server;

	private TestGateway gateway;

	private StreamObserver<HandleRequestEvent> requests;

	@BeforeEach
	void makeDirectory() throws IOException {
		// Shorter than a temporary directory of JUnit, for the sake of the path's limit.
		this.directory = Files.createTempDirectory("sdk");
	}

	@AfterEach
	void cleanUp() throws IOException {
		this.release.countDown();
		this.gateway.close();
		this.server.stop(Duration.ofSeconds(5));
		Files.delete(this.directory);
	}

	@Test
	void answersCarryTheIdAndComeWhenTheyAreReady() throws Exception {
		open(PluginOptions.defaults().threads(2));
		send("slow", "/wait");
		assertThat(this.entered.await(SECONDS, TimeUnit.SECONDS)).isTrue();
		send("quick", "/x");
		assertThat(this.answers.next().getRequestId()).isEqualTo("quick");
		this.release.countDown();
		HandleResponse last = this.answers.next();
		assertThat(last.getRequestId()).isEqualTo("slow");
		assertThat(last.getContinueChain()).isTrue();
	}

	@Test
	void manyMoreThanTheWindow() throws Exception {
		open(PluginOptions.defaults().threads(0));
		for (int i = 0; i < 3000; i++) {
			send("r" + i, "/x");
		}
		for (int i = 0; i < 3000; i++) {
			assertThat(this.answers.next().getRequestId()).isEqualTo("r" + i);
		}
	}

	@Test
	void aHandlerThatFailsFailsOneRequestOnly() throws Exception {
		open(PluginOptions.defaults());
		send("r1", "/fail");
		HandleResponse failed = this.answers.next();
		assertThat(failed).isEqualTo(HandleResponse.newBuilder()
			.setRequestId("r1")
			.setReason("the handler failed: java.lang.IllegalStateException: bug")
			.build());
		send("r2", "/x");
		assertThat(this.answers.next().getContinueChain()).isTrue();
	}

	@Test
	void aCancelledRequestIsNotAnswered() throws Exception {
		open(PluginOptions.defaults().threads(1));
		send("running", "/wait");
		assertThat(this.entered.await(SECONDS, TimeUnit.SECONDS)).isTrue();
		send("queued", "/fail");
		this.requests.onNext(HandleRequestEvent.newBuilder().setRequestId("running").setCancel(true).build());
		this.requests.onNext(HandleRequestEvent.newBuilder().setRequestId("queued").setCancel(true).build());
		// The cancellations are through when something behind them is answered.
		send("last", "/x");
		awaitCancellations();
		this.release.countDown();
		assertThat(this.answers.next().getRequestId()).isEqualTo("last");
	}

	@Test
	void aDecisionThatNeverComesIsAFailureAtTheDeadline() throws Exception {
		open(PluginOptions.defaults().threads(0));
		int more = 2 * DecisionStream.WINDOW;
		for (int i = 0; i < more; i++) {
			this.requests.onNext(TestGateway.get("/never").setRequestId("r" + i).setDeadlineMs(20).build());
		}
		for (int i = 0; i < more; i++) {
			HandleResponse answer = this.answers.next();
			assertThat(answer.getContinueChain()).isFalse();
			assertThat(answer.getStatusCode()).isZero();
			assertThat(answer.getReason()).isEqualTo("expected: a decision within 20 ms, got: none");
		}
		send("last", "/x");
		assertThat(this.answers.next().getContinueChain()).isTrue();
	}

	@Test
	void aCancelledRequestGivesItsPlaceBackWithoutADecision() throws Exception {
		open(PluginOptions.defaults().threads(0));
		for (int i = 0; i < 2 * DecisionStream.WINDOW; i++) {
			send("r" + i, "/never");
			this.requests.onNext(HandleRequestEvent.newBuilder().setRequestId("r" + i).setCancel(true).build());
		}
		send("last", "/x");
		assertThat(this.answers.next().getRequestId()).isEqualTo("last");
	}

	@Test
	void theStreamEndsAfterTheLastAnswer() throws Exception {
		open(PluginOptions.defaults());
		send("r1", "/wait");
		assertThat(this.entered.await(SECONDS, TimeUnit.SECONDS)).isTrue();
		this.requests.onCompleted();
		assertThat(this.answers.end).isNotDone();
		this.release.countDown();
		assertThat(this.answers.next().getRequestId()).isEqualTo("r1");
		assertThat(this.answers.end.get(SECONDS, TimeUnit.SECONDS)).isEqualTo(Status.Code.OK);
	}

	@Test
	void anOpenStreamDoesNotHoldUpTheStop() throws Exception {
		open(PluginOptions.defaults());
		send("r1", "/x");
		this.answers.next();
		long start = System.nanoTime();
		this.server.stop(Duration.ofSeconds(30));
		assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(Duration.ofSeconds(15));
		assertThat(this.answers.end.get(SECONDS, TimeUnit.SECONDS)).isEqualTo(Status.Code.OK);
	}

	@Test
	void beforeInitializeNothingIsDecided() throws Exception {
		start(PluginOptions.defaults());
		this.requests = this.gateway.stream().handleRequests(this.answers);
		send("r1", "/x");
		HandleResponse answer = this.answers.next();
		assertThat(answer.getContinueChain()).isFalse();
		assertThat(answer.getStatusCode()).isZero();
		assertThat(answer.getReason()).isEqualTo("expected: Initialize first, got: a request");
	}

	@Test
	void thePluginMayDoWithoutIt() throws Exception {
		start(PluginOptions.defaults().withoutStream());
		assertThat(this.gateway.initialize("{}").getFeaturesList()).isEmpty();
		this.requests = this.gateway.stream().handleRequests(this.answers);
		assertThat(this.answers.end.get(SECONDS, TimeUnit.SECONDS)).isEqualTo(Status.Code.UNIMPLEMENTED);
	}

	private void open(PluginOptions options) throws LaunchException {
		start(options);
		assertThat(this.gateway.initialize("{}").getFeaturesList()).containsExactly("stream");
		this.requests = this.gateway.stream().handleRequests(this.answers);
	}

	private void start(PluginOptions options) throws LaunchException {
		Launch launch = new Launch("", "", new Listen.UnixSocket(this.directory), Credentials.NONE, null, null,
				LogLevel.INFO);
		this.server = PluginServer.start(new PluginHandler() {
			@Override
			public Decision handle(Request request) throws InterruptedException {
				return DecisionStreamTests.this.handle(request);
			}

			@Override
			public CompletionStage<Decision> handleAsync(Request request) throws Exception {
				return request.path().equals("/never") ? new CompletableFuture<>()
						: PluginHandler.super.handleAsync(request);
			}

			@Override
			public PluginOptions options() {
				return options;
			}
		}, launch, true, (limit) -> {
		});
		this.gateway = new TestGateway(this.server.handshake());
	}

	private Decision handle(Request request) throws InterruptedException {
		if (request.path().equals("/fail")) {
			throw new IllegalStateException("bug");
		}
		if (request.path().equals("/wait")) {
			this.entered.countDown();
			assertThat(this.release.await(SECONDS, TimeUnit.SECONDS)).isTrue();
		}
		return Decision.allow();
	}

	private void send(String id, String path) {
		this.requests.onNext(TestGateway.get(path).setRequestId(id).build());
	}

	/** HTTP/2 keeps the order of a connection, and this call is answered at once. */
	private void awaitCancellations() {
		assertThat(this.gateway.plugin().getInfo(Empty.getDefaultInstance())).isNotNull();
	}

	private static final class Answers implements StreamObserver<HandleResponse> {

		private final BlockingQueue<HandleResponse> received = new LinkedBlockingQueue<>();

		private final CompletableFuture<Status.Code> end = new CompletableFuture<>();

		HandleResponse next() throws InterruptedException {
			HandleResponse next = this.received.poll(SECONDS, TimeUnit.SECONDS);
			assertThat(next).as("an answer within %d s, end: %s", SECONDS, this.end).isNotNull();
			return next;
		}

		@Override
		public void onNext(HandleResponse answer) {
			this.received.add(answer);
		}

		@Override
		public void onError(Throwable failure) {
			this.end.complete(Status.fromThrowable(failure).getCode());
		}

		@Override
		public void onCompleted() {
			this.end.complete(Status.Code.OK);
		}

	}

}
