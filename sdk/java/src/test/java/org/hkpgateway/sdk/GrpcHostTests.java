package org.hkpgateway.sdk;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;

import com.google.protobuf.ByteString;
import io.grpc.Status;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import org.hkpgateway.proto.Empty;
import org.hkpgateway.proto.HandleResponse;
import org.hkpgateway.proto.IncrementStateRequest;
import org.hkpgateway.proto.IncrementStateResponse;
import org.hkpgateway.proto.PluginHostGrpc;
import org.hkpgateway.proto.PluginInfo;
import org.hkpgateway.proto.StorageQuery;
import org.hkpgateway.proto.StorageResponse;
import org.hkpgateway.sdk.host.Event;
import org.hkpgateway.sdk.host.EventBatch;
import org.hkpgateway.sdk.host.EventFilter;
import org.hkpgateway.sdk.host.Events;
import org.hkpgateway.sdk.host.Host;
import org.hkpgateway.sdk.host.HostException;
import org.hkpgateway.sdk.host.HostInfo;
import org.hkpgateway.sdk.host.KeyInfo;
import org.hkpgateway.sdk.host.KeyPage;
import org.hkpgateway.sdk.host.KeyQuery;
import org.hkpgateway.sdk.log.RequestScope;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

/**
 * Tests for {@link GrpcHost} and what hangs on it, with a real server on a unix socket.
 */
@Timeout(60)
class GrpcHostTests {

	private static final String TRACEPARENT = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

	private final FakeService service = new FakeService();

	private TestHost gateway;

	@BeforeEach
	void start() throws Exception {
		this.gateway = new TestHost(this.service);
	}

	@AfterEach
	void stop() throws Exception {
		this.gateway.close();
	}

	@Test
	void whoTheGatewayIs() throws Exception {
		HostInfo info = TestHost.result(host().info());
		assertThat(info.version()).isEqualTo("9");
		assertThat(info.plugins()).containsExactlyEntriesOf(Map.of("antiabuse", "1.0.0"));
		assertThat(info.replica()).isEqualTo("r7");
		assertThat(this.gateway.calls()).containsExactly("GetHostInfo null");
	}

	@Test
	void whatIsNotGrantedFailsAtOnceAndNamesTheGrant() throws Exception {
		Host host = host();
		TestHost.assertFails(HostException.Reason.NOT_GRANTED, "the grant state,", host.state().get("k"));
		TestHost.assertFails(HostException.Reason.NOT_GRANTED, "the grant storage.query,",
				host.keys().query(KeyQuery.search("a")));
		TestHost.assertFails(HostException.Reason.NOT_GRANTED, "the grant storage.query,",
				host.keys().stream(KeyQuery.search("a"), Duration.ofSeconds(1), (key) -> {
				}));
		TestHost.assertFails(HostException.Reason.NOT_GRANTED, "the grant events.publish,",
				host.events().publish(Event.of("plugin.n.x")));
		TestHost.assertFails(HostException.Reason.NOT_GRANTED, "the grant events.publish,",
				host.events().publishAll(List.of(Event.of("plugin.n.x"))));
		TestHost.assertFails(HostException.Reason.NOT_GRANTED, "the grant events.subscribe,",
				host.events().subscribe(EventFilter.of("key.*"), (batch) -> {
				}).ended());
		assertThat(this.gateway.calls()).isEmpty();
	}

	@Test
	void whereThereIsNoGatewayItIsUnavailable() {
		PluginContext context = PluginContext.forTest("{}");
		TestHost.assertFails(HostException.Reason.UNAVAILABLE, "PLUGIN_HOST_ADDRESS", context.host().info());
	}

	@Test
	void keysAreAskedFor() throws Exception {
		Host host = host("storage.query");
		KeyPage page = TestHost.result(host.keys().query(KeyQuery.search("alice").exactly().page(2, 5)));
		assertThat(this.service.query).isEqualTo(StorageQuery.newBuilder()
			.setType(StorageQuery.Type.SEARCH)
			.setQuery("alice")
			.putOptions("exact", "on")
			.setOffset(2)
			.setLimit(5)
			.build());
		assertThat(page.total()).isEqualTo(7);
		assertThat(page.keys()).singleElement()
			.returns("AB", KeyInfo::fingerprint)
			.returns(List.of("Alice <a@x>"), KeyInfo::userIds)
			.returns(Optional.of(Instant.ofEpochSecond(100)), KeyInfo::created)
			.returns(Optional.empty(), KeyInfo::expires)
			.returns(true, KeyInfo::revoked)
			.returns(2, (key) -> key.data().remaining());
		TestHost.assertFails(HostException.Reason.INVALID, "INVALID_ARGUMENT: not hex",
				host.keys().query(KeyQuery.lookup("INVALID_ARGUMENT")));
		TestHost.assertFails(HostException.Reason.QUOTA, "too large",
				host.keys().query(KeyQuery.fetch("RESOURCE_EXHAUSTED")));
	}

	@Test
	void aQueryTakesNoLongerThanItsRequestWaits() throws Exception {
		Host host = host("storage.query");
		assertThat(TestHost.result(host.keys().query(KeyQuery.search("a"), Duration.ofDays(1))).total()).isEqualTo(7);
		TestHost.assertFails(HostException.Reason.UNAVAILABLE, "DEADLINE_EXCEEDED",
				host.keys().query(KeyQuery.search("a"), Duration.ZERO));
	}

	@Test
	void queriesAreCheckedWhenTheyAreBuilt() {
		assertThatIllegalArgumentException().isThrownBy(() -> KeyQuery.search(""));
		assertThatIllegalArgumentException().isThrownBy(() -> KeyQuery.search("a").page(-1, 1));
		assertThatIllegalArgumentException().isThrownBy(() -> KeyQuery.search("a").page(0, 1001))
			.withMessage("limit: expected: 0 to 1000, got: 1001");
	}

	@Test
	void aSlowReaderHoldsTheStreamBack() throws Exception {
		Host host = host("storage.query");
		CountDownLatch first = new CountDownLatch(1);
		CountDownLatch go = new CountDownLatch(1);
		List<String> read = new ArrayList<>();
		CompletionStage<Long> end = host.keys().stream(KeyQuery.search("many"), Duration.ofSeconds(40), (key) -> {
			read.add(key.fingerprint());
			first.countDown();
			assertThat(go.await(20, TimeUnit.SECONDS)).isTrue();
		});
		assertThat(first.await(20, TimeUnit.SECONDS)).isTrue();
		// The windows of HTTP/2 are full, and the server knows.
		assertThat(this.service.stalled.await(20, TimeUnit.SECONDS)).isTrue();
		assertThat(this.service.sent).hasValueLessThan(FakeService.MANY);
		go.countDown();
		assertThat(TestHost.result(end)).isEqualTo(FakeService.MANY);
		assertThat(read).isEqualTo(IntStream.range(0, FakeService.MANY).mapToObj(Integer::toString).toList());
	}

	@Test
	void aStreamWorksForTheRequestItWasOpenedFor() throws Exception {
		Host host = host("storage.query");
		RequestScope scope = new RequestScope("r9", TRACEPARENT);
		BlockingQueue<RequestScope> seen = new LinkedBlockingQueue<>();
		TestHost.result(scope.call(() -> host.keys()
			.stream(KeyQuery.search("many"), Duration.ofSeconds(40), (key) -> seen.add(RequestScope.current()))
			.thenApply((number) -> seen.add(RequestScope.current()))));
		assertThat(seen).hasSize(FakeService.MANY + 1).containsOnly(scope);
		assertThat(this.gateway.calls()).endsWith("StreamStorage " + TRACEPARENT);
	}

	@Test
	void aReaderThatThrowsEndsTheStream() throws Exception {
		Host host = host("storage.query");
		CompletionStage<Long> end = host.keys().stream(KeyQuery.search("many"), Duration.ofSeconds(40), (key) -> {
			throw new IllegalStateException("enough");
		});
		assertThatExceptionOfType(CompletionException.class).isThrownBy(() -> TestHost.result(end))
			.havingCause()
			.withMessage("enough");
		assertThat(this.service.cancelled.await(20, TimeUnit.SECONDS)).isTrue();
		TestHost.assertFails(HostException.Reason.INVALID, "not hex",
				host.keys().stream(KeyQuery.lookup("INVALID_ARGUMENT"), Duration.ofSeconds(20), (key) -> {
				}));
	}

	@Test
	void eventsArePublished() throws Exception {
		Host host = host("events.publish");
		TestHost.result(host.events().publish(Event.of("plugin.n.x").data("{\"a\":1}").metadata("k", "v").toCluster()));
		assertThat(this.service.published.remove()).isEqualTo(org.hkpgateway.proto.Event.newBuilder()
			.setType("plugin.n.x")
			.setData(ByteString.copyFromUtf8("{\"a\":1}"))
			.putMetadata("k", "v")
			.setCluster(true)
			.build());
		List<Event> many = IntStream.range(0, 3000)
			.mapToObj((i) -> Event.of("plugin.n." + i).data("{\"x\":\"" + "x".repeat(1000) + "\"}"))
			.toList();
		TestHost.result(host.events().publishAll(many));
		assertThat(this.service.published).extracting(org.hkpgateway.proto.Event::getType)
			.isEqualTo(many.stream().map(Event::type).toList());
		this.service.published.clear();
		TestHost.result(host.events().publishAll(List.of()));
		TestHost.assertFails(HostException.Reason.INVALID, "not yours",
				host.events().publishAll(List.of(Event.of("plugin.n.x"), Event.of("key.changed"))));
	}

	@Test
	void eventsAreCheckedWhenTheyAreBuilt() {
		assertThatIllegalArgumentException().isThrownBy(() -> Event.of(""));
		assertThatIllegalArgumentException().isThrownBy(() -> Event.of("t").data("ü".repeat(32 * 1024 + 1)))
			.withMessage("data: expected: at most 65536 bytes, got: 65538");
		assertThatIllegalArgumentException().isThrownBy(() -> Event.of("t").metadata("k", "v".repeat(4096)));
	}

	@Test
	void eventsAreReadAlsoAfterTheConnectionBroke() throws Exception {
		Host host = host("events.subscribe");
		BlockingQueue<EventBatch> batches = new LinkedBlockingQueue<>();
		try (Events.Subscription subscription = host.events()
			.subscribe(EventFilter.of("key.*").where("k", "v"), batches::add)) {
			EventBatch batch = batches.poll(20, TimeUnit.SECONDS);
			assertThat(batch.dropped()).isEqualTo(3);
			assertThat(batch.events()).singleElement()
				.returns("key.changed", Event::type)
				.returns(5L, Event::sequence)
				.returns(Instant.ofEpochSecond(9), Event::time);
			assertThat(this.service.filter).isEqualTo(org.hkpgateway.proto.EventFilter.newBuilder()
				.addEventTypes("key.*")
				.putMetadataFilters("k", "v")
				.build());
			this.gateway.restart();
			assertThat(batches.poll(20, TimeUnit.SECONDS)).isEqualTo(batch);
			subscription.close();
			TestHost.result(subscription.ended());
			assertThat(this.service.cancelled.await(20, TimeUnit.SECONDS)).isTrue();
		}
	}

	/** So it is until a gateway elsewhere that has begun again has called the plugin. */
	@Test
	void aSubscriptionOutlastsAGatewayThatDoesNotKnowThePluginYet() throws Exception {
		this.service.strangers.set(3);
		Host host = host("events.subscribe");
		BlockingQueue<EventBatch> batches = new LinkedBlockingQueue<>();
		try (Events.Subscription subscription = host.events().subscribe(EventFilter.of("key.*"), batches::add)) {
			assertThat(batches.poll(20, TimeUnit.SECONDS)).isNotNull();
			assertThat(this.service.strangers).hasValue(-1);
			assertThat(subscription.ended().toCompletableFuture()).isNotDone();
		}
	}

	@Test
	void whatAFailedInitHasOpenedEndsWithIt() throws Exception {
		BlockingQueue<Host> hosts = new LinkedBlockingQueue<>();
		BlockingQueue<Events.Subscription> subscriptions = new LinkedBlockingQueue<>();
		Handler handler = new Handler() {
			@Override
			public void init(PluginContext context) {
				hosts.add(context.host());
				subscriptions.add(context.host().events().subscribe(EventFilter.of("key.*"), (batch) -> {
				}));
				throw new AssertionError("a bug");
			}
		};
		assertThat(this.gateway.start(handler, "events.subscribe").getError())
			.isEqualTo("java.lang.AssertionError: a bug");
		TestHost.result(subscriptions.remove().ended());
		// Neither would open a connection again, which nobody closes.
		TestHost.assertFails(HostException.Reason.UNAVAILABLE, "whose init failed", hosts.element().info());
		TestHost.result(hosts.element().events().subscribe(EventFilter.of("key.*"), (batch) -> {
		}).ended());
	}

	@Test
	void aSubscriptionThatIsRefusedEnds() throws Exception {
		Host host = host("events.subscribe");
		TestHost.assertFails(HostException.Reason.NOT_GRANTED, "taken away",
				host.events().subscribe(EventFilter.of("PERMISSION_DENIED"), (batch) -> {
				}).ended());
		TestHost.assertFails(HostException.Reason.QUOTA, "too many",
				host.events().subscribe(EventFilter.of("RESOURCE_EXHAUSTED"), (batch) -> {
				}).ended());
		CompletionStage<Void> ended = host.events().subscribe(EventFilter.of("key.*"), (batch) -> {
			throw new IllegalStateException("enough");
		}).ended();
		assertThatExceptionOfType(CompletionException.class).isThrownBy(() -> TestHost.result(ended))
			.havingCause()
			.withMessage("enough");
	}

	/** On the network thread, inside a call that ends before the counter's does. */
	@Test
	void whatNobodyWaitsForIsDoneAllTheSame() throws Exception {
		BlockingQueue<CompletableFuture<?>> counts = new LinkedBlockingQueue<>();
		Handler handler = new Handler() {
			@Override
			public Decision handle(Request request) {
				counts.add(context().host().state().increment("later", 1, Duration.ZERO).toCompletableFuture());
				return Decision.allow();
			}
		};
		this.gateway.start(handler, "state");
		assertThat(this.gateway.gateway().plugin().handleRequest(TestGateway.get("/").build()).getContinueChain())
			.isTrue();
		CompletableFuture<?> count = counts.remove();
		assertThat(count).isNotDone();
		this.service.release.complete(null);
		assertThat(count.get(20, TimeUnit.SECONDS)).isNotNull();
	}

	@Test
	void theTraceOfTheRequestGoesOn() throws Exception {
		BlockingQueue<RequestScope> scopes = new LinkedBlockingQueue<>();
		Handler handler = new Handler() {
			@Override
			public CompletionStage<Decision> handleAsync(Request request) {
				assertThat(RequestScope.current().traceId()).isEqualTo(request.traceId());
				return context().host().state().increment("a", 1, Duration.ZERO).thenCompose((count) -> {
					scopes.add(RequestScope.current());
					return context().host().state().increment("b", 1, Duration.ZERO);
				}).thenApply((count) -> Decision.allow());
			}
		};
		this.gateway.start(handler, "state");
		this.gateway.calls().clear();
		HandleResponse response = this.gateway.gateway()
			.plugin()
			.handleRequest(TestGateway.get("/").setTraceparent(TRACEPARENT).build());
		assertThat(response.getContinueChain()).isTrue();
		assertThat(scopes).containsExactly(new RequestScope("r1", TRACEPARENT));
		assertThat(this.gateway.calls()).containsExactly("IncrementState " + TRACEPARENT,
				"IncrementState " + TRACEPARENT);
		TestHost.result(handler.context().host().state().increment("c", 1, Duration.ZERO));
		assertThat(this.gateway.calls()).endsWith("IncrementState null");
	}

	private Host host(String... grants) throws Exception {
		Handler handler = new Handler();
		assertThat(this.gateway.start(handler, grants).getError()).isEmpty();
		Host host = handler.context().host();
		if (grants.length > 0) {
			assertThat(this.gateway.calls()).containsExactly("GetHostInfo null");
		}
		return host;
	}

	/** Keeps what it is told. */
	private static class Handler implements PluginHandler {

		private volatile @Nullable PluginContext context;

		PluginContext context() {
			assertThat(this.context).isNotNull();
			return this.context;
		}

		@Override
		public void init(PluginContext context) {
			this.context = context;
		}

		@Override
		public Decision handle(Request request) {
			return Decision.allow();
		}

		@Override
		public PluginOptions options() {
			return PluginOptions.defaults().threads(0);
		}

	}

	private static final class FakeService extends PluginHostGrpc.PluginHostImplBase {

		/** With the user id, more bytes than the windows of HTTP/2 hold. */
		static final int MANY = 2000;

		private final AtomicInteger sent = new AtomicInteger();

		private final AtomicBoolean ended = new AtomicBoolean();

		private final CountDownLatch stalled = new CountDownLatch(1);

		private final CountDownLatch cancelled = new CountDownLatch(1);

		/** How often the plugin's token is not known when it subscribes. */
		private final AtomicInteger strangers = new AtomicInteger();

		private final CompletableFuture<@Nullable Void> release = new CompletableFuture<>();

		private final BlockingQueue<org.hkpgateway.proto.Event> published = new LinkedBlockingQueue<>();

		private volatile @Nullable StorageQuery query;

		private volatile org.hkpgateway.proto.@Nullable EventFilter filter;

		@Override
		public void getHostInfo(Empty request, StreamObserver<org.hkpgateway.proto.HostInfo> answer) {
			answer(answer,
					org.hkpgateway.proto.HostInfo.newBuilder()
						.setVersion("9")
						.addLoadedPlugins(PluginInfo.newBuilder().setName("antiabuse").setVersion("1.0.0"))
						.putConfiguration("replica", "r7")
						.build());
		}

		@Override
		public void requestStorage(StorageQuery request, StreamObserver<StorageResponse> answer) {
			this.query = request;
			switch (request.getQuery()) {
				case "INVALID_ARGUMENT" ->
					answer.onError(Status.INVALID_ARGUMENT.withDescription("not hex").asRuntimeException());
				case "RESOURCE_EXHAUSTED" ->
					answer.onError(Status.RESOURCE_EXHAUSTED.withDescription("too large").asRuntimeException());
				default -> answer(answer,
						StorageResponse.newBuilder()
							.setSuccess(true)
							.setTotalCount(7)
							.addKeys(org.hkpgateway.proto.KeyInfo.newBuilder()
								.setFingerprint("AB")
								.addUserIds("Alice <a@x>")
								.setCreationTime(100)
								.setRevoked(true)
								.setKeyData(ByteString.copyFrom(new byte[2])))
							.build());
			}
		}

		@Override
		public void streamStorage(StorageQuery request, StreamObserver<org.hkpgateway.proto.KeyInfo> answer) {
			if (request.getQuery().equals("INVALID_ARGUMENT")) {
				answer.onError(Status.INVALID_ARGUMENT.withDescription("not hex").asRuntimeException());
				return;
			}
			ServerCallStreamObserver<org.hkpgateway.proto.KeyInfo> out = (ServerCallStreamObserver<org.hkpgateway.proto.KeyInfo>) answer;
			out.setOnCancelHandler(this.cancelled::countDown);
			out.setOnReadyHandler(() -> {
				while (out.isReady() && this.sent.get() < MANY) {
					out.onNext(org.hkpgateway.proto.KeyInfo.newBuilder()
						.setFingerprint(Integer.toString(this.sent.getAndIncrement()))
						.addUserIds("x".repeat(4096))
						.build());
				}
				if (this.sent.get() < MANY) {
					this.stalled.countDown();
				}
				else if (this.ended.compareAndSet(false, true)) {
					out.onCompleted();
				}
			});
		}

		@Override
		public void publishEvent(org.hkpgateway.proto.Event request, StreamObserver<Empty> answer) {
			this.published.add(request);
			answer(answer, Empty.getDefaultInstance());
		}

		@Override
		public StreamObserver<org.hkpgateway.proto.Event> publishEvents(StreamObserver<Empty> answer) {
			return new StreamObserver<>() {

				private boolean refused;

				@Override
				public void onNext(org.hkpgateway.proto.Event event) {
					if (event.getType().startsWith("plugin.")) {
						FakeService.this.published.add(event);
					}
					else {
						this.refused = true;
						answer.onError(Status.INVALID_ARGUMENT.withDescription("not yours").asRuntimeException());
					}
				}

				@Override
				public void onError(Throwable failure) {
					// The plugin has gone.
				}

				@Override
				public void onCompleted() {
					if (!this.refused) {
						answer(answer, Empty.getDefaultInstance());
					}
				}
			};
		}

		@Override
		public void subscribeEvents(org.hkpgateway.proto.EventFilter request,
				StreamObserver<org.hkpgateway.proto.EventBatch> answer) {
			this.filter = request;
			if (this.strangers.getAndDecrement() > 0) {
				answer.onError(Status.UNAUTHENTICATED.withDescription("who are you").asRuntimeException());
				return;
			}
			if (request.getEventTypes(0).equals("PERMISSION_DENIED")) {
				answer.onError(Status.PERMISSION_DENIED.withDescription("taken away").asRuntimeException());
				return;
			}
			if (request.getEventTypes(0).equals("RESOURCE_EXHAUSTED")) {
				answer.onError(Status.RESOURCE_EXHAUSTED.withDescription("too many").asRuntimeException());
				return;
			}
			((ServerCallStreamObserver<?>) answer).setOnCancelHandler(this.cancelled::countDown);
			answer.onNext(org.hkpgateway.proto.EventBatch.newBuilder()
				.addEvents(
						org.hkpgateway.proto.Event.newBuilder().setType("key.changed").setSequence(5).setTimestamp(9))
				.setDropped(3)
				.build());
		}

		@Override
		public void incrementState(IncrementStateRequest request, StreamObserver<IncrementStateResponse> answer) {
			Runnable reply = () -> answer(answer, IncrementStateResponse.newBuilder().setValue(1).build());
			if (request.getKey().equals("later")) {
				var unused = this.release.thenRun(reply);
			}
			else {
				reply.run();
			}
		}

		private static <T> void answer(StreamObserver<T> observer, T message) {
			observer.onNext(message);
			observer.onCompleted();
		}

	}

}
