package org.hkpgateway.sdk;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.UnixDomainSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.Base64;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;

import io.grpc.Attributes;
import io.grpc.Metadata;
import io.grpc.Server;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.grpc.ServerTransportFilter;
import io.grpc.Status;
import io.grpc.netty.GrpcSslContexts;
import io.grpc.netty.NettyServerBuilder;
import io.grpc.stub.StreamObserver;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioServerDomainSocketChannel;
import io.netty.handler.ssl.ClientAuth;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.SslProvider;
import org.hkpgateway.proto.AcquireTokensRequest;
import org.hkpgateway.proto.AcquireTokensResponse;
import org.hkpgateway.proto.CompareAndSetStateRequest;
import org.hkpgateway.proto.CompareAndSetStateResponse;
import org.hkpgateway.proto.Empty;
import org.hkpgateway.proto.HostInfo;
import org.hkpgateway.proto.IncrementStateRequest;
import org.hkpgateway.proto.IncrementStateResponse;
import org.hkpgateway.proto.InitRequest;
import org.hkpgateway.proto.PluginHostGrpc;
import org.hkpgateway.proto.PutStateRequest;
import org.hkpgateway.proto.StateKey;
import org.hkpgateway.proto.StateValue;
import org.hkpgateway.sdk.host.HostException;
import org.hkpgateway.sdk.host.SharedState;
import org.hkpgateway.sdk.log.LogLevel;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

/**
 * Tests for {@link GrpcSharedState} and {@link HostChannel} with a real server on a unix
 * socket, which echoes.
 */
@Timeout(60)
class GrpcSharedStateTests {

	private final EventLoopGroup group = new MultiThreadIoEventLoopGroup(1, NioIoHandler.newFactory());

	private final BlockingQueue<Optional<SharedState>> states = new LinkedBlockingQueue<>();

	private final BlockingQueue<String> authorizations = new LinkedBlockingQueue<>();

	/** Of plugins, open now. */
	private final AtomicInteger connections = new AtomicInteger();

	private Path directory;

	private Server host;

	private @Nullable PluginServer plugin;

	@BeforeEach
	void startHost() throws IOException {
		// Shorter than a temporary directory of JUnit, for the sake of the path's limit.
		this.directory = Files.createTempDirectory("sdk");
		this.host = NettyServerBuilder.forAddress(UnixDomainSocketAddress.of(this.directory.resolve("h")))
			.channelType(NioServerDomainSocketChannel.class)
			.bossEventLoopGroup(this.group)
			.workerEventLoopGroup(this.group)
			.directExecutor()
			.addService(new EchoHost())
			.intercept(new Recorder())
			.addTransportFilter(new ServerTransportFilter() {
				@Override
				public Attributes transportReady(Attributes attributes) {
					GrpcSharedStateTests.this.connections.incrementAndGet();
					return attributes;
				}

				@Override
				public void transportTerminated(Attributes attributes) {
					GrpcSharedStateTests.this.connections.decrementAndGet();
				}
			})
			.build()
			.start();
	}

	@AfterEach
	void cleanUp() throws Exception {
		if (this.plugin != null) {
			this.plugin.stop(Duration.ofSeconds(5));
		}
		this.host.shutdownNow().awaitTermination(5, TimeUnit.SECONDS);
		this.group.shutdownGracefully(0, 1, TimeUnit.SECONDS).awaitUninterruptibly(5, TimeUnit.SECONDS);
		Files.deleteIfExists(this.directory.resolve("h"));
		Files.delete(this.directory);
	}

	@ParameterizedTest
	@ValueSource(booleans = { true, false })
	void everythingGoesThereAndBack(boolean epoll) throws Exception {
		SharedState state = start(epoll, "state").orElseThrow();
		assertThat(result(state.get("none"))).isEmpty();
		SharedState.Value value = result(state.put("k", bytes("v"), Duration.ofSeconds(3)));
		assertThat(value.bytes()).isEqualTo(bytes("k=v"));
		assertThat(value.version()).isEqualTo(7);
		assertThat(value.ttl()).isEqualTo(Duration.ofSeconds(3));
		SharedState.Swap swap = result(state.compareAndSet("k", 6, bytes("w"), Duration.ZERO));
		assertThat(swap.stored()).isFalse();
		assertThat(swap.current()).hasValueSatisfying((current) -> assertThat(current.version()).isEqualTo(6));
		assertThat(result(state.delete("k"))).isNull();
		assertThat(result(state.increment("k", 5, Duration.ofMinutes(1))))
			.isEqualTo(new SharedState.Count(5, Duration.ofMinutes(1)));
		assertThat(result(state.acquire("k", 2, new SharedState.Bucket(10, 3, Duration.ofSeconds(4)))))
			.isEqualTo(new SharedState.Acquired(true, 8, Duration.ofMillis(3 * 4000)));
		assertThat(this.authorizations).hasSize(7).containsOnly("Bearer secret");
	}

	/** As a plugin that its operator has started: over a port, with TLS. */
	@ParameterizedTest
	@ValueSource(booleans = { true, false })
	void aHostElsewhereIsAskedWithTls(boolean mutual) throws Exception {
		OneOffCertificate gateway = OneOffCertificate.create(Instant.now());
		OneOffCertificate own = OneOffCertificate.create(Instant.now());
		OneOffCertificate other = OneOffCertificate.create(Instant.now());
		SslContextBuilder tls = GrpcSslContexts
			.configure(SslContextBuilder.forServer(gateway.key(), gateway.certificate()), SslProvider.JDK);
		if (mutual) {
			tls.trustManager(own.certificate()).clientAuth(ClientAuth.REQUIRE);
		}
		Server remote = NettyServerBuilder.forAddress(new InetSocketAddress("127.0.0.1", 0))
			.sslContext(tls.build())
			.addService(new EchoHost())
			.intercept(new Recorder())
			.build()
			.start();
		try {
			String address = "localhost:" + remote.getPort();
			assertThat(call(address, pem("ca", gateway), own)).isEqualTo(5);
			assertThat(this.authorizations).hasSize(2).containsOnly("Bearer secret");
			// Another authority, and nothing is said to whoever listens there.
			assertThatExceptionOfType(CompletionException.class)
				.isThrownBy(() -> call(address, pem("other", other), own));
			if (mutual) {
				assertThatExceptionOfType(CompletionException.class)
					.isThrownBy(() -> call(address, pem("ca", gateway), other));
			}
			assertThat(this.authorizations).hasSize(2);
		}
		finally {
			remote.shutdownNow().awaitTermination(5, TimeUnit.SECONDS);
			try (Stream<Path> files = Files.list(this.directory)) {
				for (Path file : files.filter((path) -> path.toString().endsWith(".pem")).toList()) {
					Files.delete(file);
				}
			}
		}
	}

	private long call(String address, Path authority, OneOffCertificate own) throws Exception {
		HostAddress parsed = HostAddress.parse(Map.of("PLUGIN_HOST_ADDRESS", address, "PLUGIN_HOST_TOKEN", "secret",
				"PLUGIN_HOST_CA_FILE", authority.toString(), "PLUGIN_HOST_CERT_FILE", pem("own", own).toString(),
				"PLUGIN_HOST_KEY_FILE", keyOf("key", own).toString()));
		assertThat(parsed).hasToString(address);
		try {
			SharedState state = start(Objects.requireNonNull(parsed), true, "state", 80_000).orElseThrow();
			return result(state.increment("k", 5, Duration.ofMinutes(1))).value();
		}
		finally {
			this.plugin.stop(Duration.ofSeconds(5));
		}
	}

	private Path pem(String name, OneOffCertificate certificate) throws Exception {
		return pem(name, "CERTIFICATE", certificate.certificate().getEncoded());
	}

	private Path keyOf(String name, OneOffCertificate certificate) throws IOException {
		return pem(name, "PRIVATE KEY", certificate.key().getEncoded());
	}

	private Path pem(String name, String kind, byte[] der) throws IOException {
		return Files.writeString(this.directory.resolve(name + ".pem"), "-----BEGIN " + kind + "-----\n"
				+ Base64.getMimeEncoder().encodeToString(der) + "\n-----END " + kind + "-----\n");
	}

	@ParameterizedTest
	@CsvSource({ "UNAVAILABLE,UNAVAILABLE", "PERMISSION_DENIED,NOT_GRANTED", "UNAUTHENTICATED,UNAVAILABLE",
			"CANCELLED,UNAVAILABLE", "RESOURCE_EXHAUSTED,QUOTA", "INVALID_ARGUMENT,INVALID", "OUT_OF_RANGE,INVALID",
			"INTERNAL,FAILED" })
	void failuresSayWhatToMakeOfThem(String status, HostException.Reason reason) throws Exception {
		SharedState state = start(true, "state").orElseThrow();
		assertFails(reason, state.get(status));
	}

	@Test
	void nothingIsWaitedForLong() throws Exception {
		SharedState state = start(true, "state", 200).orElseThrow();
		// It would be for ever.
		assertFails(HostException.Reason.UNAVAILABLE, state.get("silence"));
	}

	@Test
	void aHostThatHasGoneIsUnavailable() throws Exception {
		SharedState state = start(true, "state").orElseThrow();
		this.host.shutdownNow().awaitTermination(5, TimeUnit.SECONDS);
		assertFails(HostException.Reason.UNAVAILABLE, state.get("k"));
	}

	@Test
	void withoutTheGrantThereIsNoneAndNobodyCalls() throws Exception {
		assertThat(start(true, "http.request")).isEmpty();
		assertThat(this.authorizations).isEmpty();
	}

	/** Where plugins outlive gateways, there are others. */
	@Test
	void anInitThatFailsLeavesNoConnection() throws Exception {
		AtomicInteger during = new AtomicInteger();
		this.plugin = PluginServer.start(new PluginHandler() {
			@Override
			public void init(PluginContext context) {
				during.set(GrpcSharedStateTests.this.connections.get());
				throw new IllegalStateException("not today");
			}

			@Override
			public Decision handle(Request request) {
				return Decision.allow();
			}
		}, new Launch("n", "1", new Listen.UnixSocket(this.directory), Credentials.NONE,
				new HostAddress.Unix(this.directory.resolve("h").toString(), "secret"), null, LogLevel.INFO), true,
				(limit) -> {
				});
		try (TestGateway gateway = new TestGateway(this.plugin.handshake())) {
			assertThat(gateway.plugin()
				.initialize(InitRequest.newBuilder()
					.setConfigJson("{}")
					.setProtocolVersion("1.0")
					.setInstanceId("i")
					.addGrantedCapabilities("state")
					.build())
				.getError()).contains("not today");
		}
		assertThat(during).hasValue(1);
		long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
		while (this.connections.get() > 0 && System.nanoTime() < end) {
			TimeUnit.MILLISECONDS.sleep(5);
		}
		assertThat(this.connections).hasValue(0);
	}

	/** As long as the gateway waits: four times the time of a call. */
	private Optional<SharedState> start(boolean epoll, String grant) throws Exception {
		return start(epoll, grant, 80_000);
	}

	private Optional<SharedState> start(boolean epoll, String grant, long timeoutMillis) throws Exception {
		return start(new HostAddress.Unix(this.directory.resolve("h").toString(), "secret"), epoll, grant,
				timeoutMillis);
	}

	private Optional<SharedState> start(HostAddress address, boolean epoll, String grant, long timeoutMillis)
			throws Exception {
		Launch launch = new Launch("n", "1", new Listen.UnixSocket(this.directory), Credentials.NONE, address, null,
				LogLevel.INFO);
		PluginServer started = PluginServer.start(new PluginHandler() {
			@Override
			public void init(PluginContext context) {
				GrpcSharedStateTests.this.states.add(Optional.ofNullable(context.state()));
			}

			@Override
			public Decision handle(Request request) {
				return Decision.allow();
			}
		}, launch, epoll, (limit) -> {
		});
		this.plugin = started;
		try (TestGateway gateway = new TestGateway(started.handshake())) {
			assertThat(gateway.plugin()
				.initialize(InitRequest.newBuilder()
					.setConfigJson("{}")
					.setProtocolVersion("1.0")
					.setInstanceId("i")
					.addGrantedCapabilities(grant)
					.setHost(HostInfo.newBuilder()
						.putConfiguration("timeout_ms", Long.toString(timeoutMillis))
						.putConfiguration("chain_budget_ms", "80000"))
					.build())
				.getSuccess()).isTrue();
		}
		return this.states.remove();
	}

	private static void assertFails(HostException.Reason reason, CompletionStage<?> stage) {
		assertThatExceptionOfType(CompletionException.class).isThrownBy(() -> result(stage))
			.havingCause()
			.isInstanceOfSatisfying(HostException.class, (failure) -> assertThat(failure.reason()).isEqualTo(reason));
	}

	private static <T> T result(CompletionStage<T> stage) {
		return stage.toCompletableFuture().orTimeout(20, TimeUnit.SECONDS).join();
	}

	private static byte[] bytes(String text) {
		return text.getBytes(StandardCharsets.US_ASCII);
	}

	private final class Recorder implements ServerInterceptor {

		@Override
		public <Q, A> ServerCall.Listener<Q> interceptCall(ServerCall<Q, A> call, Metadata headers,
				ServerCallHandler<Q, A> next) {
			GrpcSharedStateTests.this.authorizations
				.add(String.valueOf(headers.get(Metadata.Key.of("authorization", Metadata.ASCII_STRING_MARSHALLER))));
			return next.startCall(call, headers);
		}

	}

	/** Answers with what it is asked, so that nothing can be mixed up unnoticed. */
	private static final class EchoHost extends PluginHostGrpc.PluginHostImplBase {

		@Override
		public void getHostInfo(Empty request, StreamObserver<HostInfo> answer) {
			answer(answer, HostInfo.getDefaultInstance());
		}

		@Override
		public void getState(StateKey request, StreamObserver<StateValue> answer) {
			switch (request.getKey()) {
				case "none" -> answer(answer, StateValue.getDefaultInstance());
				case "silence" -> {
				}
				case "k" -> answer(answer, StateValue.newBuilder().setFound(true).build());
				default -> answer.onError(Status.fromCode(Status.Code.valueOf(request.getKey())).asRuntimeException());
			}
		}

		@Override
		public void putState(PutStateRequest request, StreamObserver<StateValue> answer) {
			answer(answer, StateValue.newBuilder()
				.setFound(true)
				.setValue(
						com.google.protobuf.ByteString.copyFromUtf8(request.getKey() + "=").concat(request.getValue()))
				.setVersion(7)
				.setTtlMs(request.getTtlMs())
				.build());
		}

		@Override
		public void compareAndSetState(CompareAndSetStateRequest request,
				StreamObserver<CompareAndSetStateResponse> answer) {
			answer(answer,
					CompareAndSetStateResponse.newBuilder()
						.setStored(false)
						.setCurrent(StateValue.newBuilder()
							.setFound(true)
							.setVersion(request.getExpectedVersion())
							.setValue(request.getValue()))
						.build());
		}

		@Override
		public void deleteState(StateKey request, StreamObserver<Empty> answer) {
			answer(answer, Empty.getDefaultInstance());
		}

		@Override
		public void incrementState(IncrementStateRequest request, StreamObserver<IncrementStateResponse> answer) {
			answer(answer,
					IncrementStateResponse.newBuilder()
						.setValue(request.getDelta())
						.setRemainingMs(request.getWindowMs())
						.build());
		}

		@Override
		public void acquireTokens(AcquireTokensRequest request, StreamObserver<AcquireTokensResponse> answer) {
			answer(answer,
					AcquireTokensResponse.newBuilder()
						.setAcquired(true)
						.setRemaining(request.getCapacity() - request.getTokens())
						.setRetryAfterMs(request.getRefillTokens() * request.getRefillPeriodMs())
						.build());
		}

		private static <T> void answer(StreamObserver<T> observer, T message) {
			observer.onNext(message);
			observer.onCompleted();
		}

	}

}
