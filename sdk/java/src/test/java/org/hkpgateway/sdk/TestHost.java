package org.hkpgateway.sdk;

import java.io.IOException;
import java.net.UnixDomainSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

import io.grpc.BindableService;
import io.grpc.Metadata;
import io.grpc.Server;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.grpc.netty.NettyServerBuilder;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioServerDomainSocketChannel;
import org.hkpgateway.proto.InitRequest;
import org.hkpgateway.proto.InitResponse;
import org.hkpgateway.sdk.host.HostException;
import org.hkpgateway.sdk.log.LogLevel;
import org.jspecify.annotations.Nullable;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

/**
 * A plugin with a host service on a unix socket, as the gateway serves one, and a gateway
 * to ask the plugin.
 */
final class TestHost implements AutoCloseable {

	private static final Metadata.Key<String> TRACEPARENT = Metadata.Key.of("traceparent",
			Metadata.ASCII_STRING_MARSHALLER);

	private final EventLoopGroup group = new MultiThreadIoEventLoopGroup(1, NioIoHandler.newFactory());

	private final Path directory = Files.createTempDirectory("sdk");

	private final BlockingQueue<String> calls = new LinkedBlockingQueue<>();

	private final BindableService service;

	private Server host;

	private @Nullable PluginServer plugin;

	private @Nullable TestGateway gateway;

	TestHost(BindableService service) throws IOException {
		this.service = service;
		this.host = serve();
	}

	private Server serve() throws IOException {
		return NettyServerBuilder.forAddress(UnixDomainSocketAddress.of(socket()))
			.channelType(NioServerDomainSocketChannel.class)
			.bossEventLoopGroup(this.group)
			.workerEventLoopGroup(this.group)
			.directExecutor()
			.addService(this.service)
			.intercept(new Recorder())
			.build()
			.start();
	}

	private Path socket() {
		return this.directory.resolve("h");
	}

	/**
	 * Starts and initializes a plugin.
	 * @param handler the plugin
	 * @param grants what is granted
	 * @return its answer
	 */
	InitResponse start(PluginHandler handler, String... grants) throws LaunchException {
		this.plugin = PluginServer
			.start(handler,
					new Launch("n", "1", new Listen.UnixSocket(this.directory), Credentials.NONE,
							new HostAddress.Unix(socket().toString(), "secret"), null, LogLevel.INFO),
					true, (limit) -> {
					});
		this.gateway = new TestGateway(this.plugin.handshake());
		return this.gateway.plugin()
			.initialize(InitRequest.newBuilder()
				.setConfigJson("{}")
				.setProtocolVersion("1.0")
				.setInstanceId("i")
				.addAllGrantedCapabilities(List.of(grants))
				.setHost(org.hkpgateway.proto.HostInfo.newBuilder()
					.putConfiguration("timeout_ms", "80000")
					.putConfiguration("chain_budget_ms", "80000"))
				.build());
	}

	TestGateway gateway() {
		assertThat(this.gateway).isNotNull();
		return this.gateway;
	}

	/** Methods that were called, with what stood in their traceparent. */
	BlockingQueue<String> calls() {
		return this.calls;
	}

	/** Ends the service, and begins it again. */
	void restart() throws Exception {
		this.host.shutdownNow().awaitTermination(5, TimeUnit.SECONDS);
		Files.deleteIfExists(socket());
		this.host = serve();
	}

	static <T> T result(CompletionStage<T> stage) {
		return stage.toCompletableFuture().orTimeout(20, TimeUnit.SECONDS).join();
	}

	static void assertFails(HostException.Reason reason, String words, CompletionStage<?> stage) {
		assertThatExceptionOfType(CompletionException.class).isThrownBy(() -> result(stage))
			.havingCause()
			.withMessageContaining(words)
			.isInstanceOfSatisfying(HostException.class, (failure) -> assertThat(failure.reason()).isEqualTo(reason));
	}

	@Override
	public void close() throws Exception {
		if (this.gateway != null) {
			this.gateway.close();
		}
		if (this.plugin != null) {
			this.plugin.stop(Duration.ofSeconds(5));
		}
		this.host.shutdownNow().awaitTermination(5, TimeUnit.SECONDS);
		this.group.shutdownGracefully(0, 1, TimeUnit.SECONDS).awaitUninterruptibly(5, TimeUnit.SECONDS);
		Files.deleteIfExists(socket());
		Files.delete(this.directory);
	}

	private final class Recorder implements ServerInterceptor {

		@Override
		public <Q, A> ServerCall.Listener<Q> interceptCall(ServerCall<Q, A> call, Metadata headers,
				ServerCallHandler<Q, A> next) {
			TestHost.this.calls.add(call.getMethodDescriptor().getBareMethodName() + " " + headers.get(TRACEPARENT));
			return next.startCall(call, headers);
		}

	}

}
