package org.hkpgateway.grpc;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.Collectors;

import io.grpc.Server;
import io.grpc.netty.NettyServerBuilder;
import io.netty.channel.epoll.Epoll;
import org.hkpgateway.plugin.Decision;
import org.hkpgateway.plugin.PluginConnection;
import org.hkpgateway.plugin.PluginEndpoint;
import org.hkpgateway.plugin.PluginStartException;
import org.hkpgateway.plugin.StreamListener;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

@Timeout(30)
class GrpcConnectorTests {

	private static final Gateway GATEWAY = new Gateway("0.1", Duration.ofSeconds(1));

	private static final Duration LONG = Duration.ofSeconds(20);

	private static final Duration SHORT = Duration.ofMillis(200);

	@TempDir
	private Path directory;

	@ParameterizedTest
	@EnumSource
	void unixSocket(SocketTransport transport) throws Exception {
		Assumptions.assumeTrue(transport != SocketTransport.EPOLL || Epoll.isAvailable(), "epoll is not available");
		try (FakePlugin plugin = new FakePlugin(this.directory);
				GrpcConnector connector = connector(transport);
				PluginConnection connection = connector.offer(TestEvents.spec())
					.connect(plugin.endpoint(), null, LONG)) {
			assertThat(connection.client().decide(TestEvents.lookup(), LONG).block(LONG))
				.isInstanceOf(Decision.Continue.class);
			assertThat(plugin.authorities).containsOnly("localhost");
		}
	}

	@ParameterizedTest
	@EnumSource
	void tcp(SocketTransport transport) throws Exception {
		Assumptions.assumeTrue(transport != SocketTransport.EPOLL || Epoll.isAvailable(), "epoll is not available");
		Server server = NettyServerBuilder.forAddress(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0))
			.build()
			.start();
		try (GrpcConnector connector = connector(transport);
				PluginConnection connection = connector.offer(TestEvents.spec())
					.connect(new PluginEndpoint.Tcp("127.0.0.1", server.getPort()), null, LONG)) {
			assertThat(connection.checkHealth(LONG).message()).isEqualTo("does not implement HealthCheck");
		}
		finally {
			server.shutdownNow().awaitTermination(5, TimeUnit.SECONDS);
		}
	}

	@Test
	void addressBeyondThisMachine() {
		try (GrpcConnector connector = new GrpcConnector(GATEWAY)) {
			assertThatExceptionOfType(PluginStartException.class)
				.isThrownBy(() -> connector.offer(TestEvents.spec())
					.connect(new PluginEndpoint.Tcp("192.0.2.1", 80), null, LONG))
				.withMessage("plugin fake: cannot connect: expected: a loopback address, got: tcp:192.0.2.1:80");
		}
	}

	@ParameterizedTest
	@EnumSource
	void socketThatNobodyServes(SocketTransport transport) {
		Assumptions.assumeTrue(transport != SocketTransport.EPOLL || Epoll.isAvailable(), "epoll is not available");
		PluginEndpoint endpoint = new PluginEndpoint.Unix(this.directory.resolve("nobody.sock"));
		try (GrpcConnector connector = connector(transport)) {
			long start = System.nanoTime();
			assertThatExceptionOfType(PluginStartException.class)
				.isThrownBy(() -> connector.offer(TestEvents.spec()).connect(endpoint, null, SHORT))
				.withMessageStartingWith("plugin fake: cannot connect: expected: a gRPC server at " + endpoint
						+ " within 200 ms, got: No such file or directory");
			assertThat(Duration.ofNanos(System.nanoTime() - start)).isBetween(SHORT, Duration.ofSeconds(5));
		}
	}

	@Test
	void socketOfADeadProgram() throws Exception {
		Path path = this.directory.resolve("dead.sock");
		try (ServerSocketChannel dead = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
			dead.bind(UnixDomainSocketAddress.of(path));
		}
		try (GrpcConnector connector = new GrpcConnector(GATEWAY)) {
			assertThatExceptionOfType(PluginStartException.class)
				.isThrownBy(
						() -> connector.offer(TestEvents.spec()).connect(new PluginEndpoint.Unix(path), null, SHORT))
				.withMessageContaining("got: Connection refused");
		}
	}

	@Test
	void serverThatDoesNotSpeakHttp2() throws Exception {
		try (ServerSocket mute = new ServerSocket(0, 5, InetAddress.getLoopbackAddress());
				GrpcConnector connector = new GrpcConnector(GATEWAY)) {
			PluginEndpoint endpoint = new PluginEndpoint.Tcp("127.0.0.1", mute.getLocalPort());
			assertThatExceptionOfType(PluginStartException.class)
				.isThrownBy(() -> connector.offer(TestEvents.spec()).connect(endpoint, null, SHORT))
				.withMessageContaining("does not speak HTTP/2");
		}
	}

	@ParameterizedTest
	@EnumSource
	@EnabledOnOs(value = OS.LINUX, disabledReason = "elsewhere a full queue refuses")
	void serverThatNeverAccepts(SocketTransport transport) throws Exception {
		Assumptions.assumeTrue(transport != SocketTransport.EPOLL || Epoll.isAvailable(), "epoll is not available");
		Path path = this.directory.resolve("full.sock");
		try (ServerSocketChannel full = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
				GrpcConnector connector = connector(transport)) {
			// The queue takes one more than this: the first attempt of gRPC and another.
			full.bind(UnixDomainSocketAddress.of(path), 1);
			try (SocketChannel another = SocketChannel.open(UnixDomainSocketAddress.of(path))) {
				long start = System.nanoTime();
				assertThatExceptionOfType(PluginStartException.class)
					.isThrownBy(() -> connector.offer(TestEvents.spec())
						.connect(new PluginEndpoint.Unix(path), null, SHORT))
					.withMessageStartingWith("plugin fake: cannot connect: expected: a gRPC server at unix:")
					.withMessageContaining(" within 200 ms, got: a socket that takes no connection: ")
					.withMessageEndingWith(" (does the plugin accept them?)");
				assertThat(another.isConnected()).isTrue();
				assertThat(Duration.ofNanos(System.nanoTime() - start)).isBetween(SHORT, Duration.ofSeconds(5));
			}
		}
	}

	@Test
	void pluginThatBindsSlowly() throws Exception {
		PluginEndpoint endpoint = new PluginEndpoint.Unix(this.directory.resolve("fake.sock"));
		try (GrpcConnector connector = new GrpcConnector(GATEWAY)) {
			CompletableFuture<PluginConnection> connecting = CompletableFuture
				.supplyAsync(() -> connector.offer(TestEvents.spec()).connect(endpoint, null, LONG));
			assertThat(connecting).failsWithin(SHORT).withThrowableOfType(TimeoutException.class);
			try (FakePlugin plugin = new FakePlugin(this.directory);
					PluginConnection connection = connecting.get(5, TimeUnit.SECONDS)) {
				assertThat(connection.checkHealth(LONG).message()).isEqualTo("one of two");
			}
		}
	}

	@Test
	void interruptedConnect() {
		PluginEndpoint endpoint = new PluginEndpoint.Unix(this.directory.resolve("nobody.sock"));
		try (GrpcConnector connector = new GrpcConnector(GATEWAY)) {
			Thread.currentThread().interrupt();
			assertThatExceptionOfType(PluginStartException.class)
				.isThrownBy(() -> connector.offer(TestEvents.spec()).connect(endpoint, null, LONG))
				.withMessageContaining("interrupted");
			assertThat(Thread.interrupted()).isTrue();
		}
	}

	@Test
	void closeLeavesNoThreads() throws Exception {
		Set<Thread> before = ourThreads();
		try (FakePlugin plugin = new FakePlugin(this.directory);
				GrpcConnector connector = new GrpcConnector(GATEWAY);
				PluginConnection connection = connector.offer(TestEvents.spec())
					.connect(plugin.endpoint(), null, LONG)) {
			connection.client().decide(TestEvents.lookup(), LONG).block(LONG);
			assertThat(ourThreads()).hasSizeGreaterThan(before.size()).allMatch(Thread::isDaemon);
		}
		for (Thread thread : ourThreads()) {
			if (!before.contains(thread)) {
				// An event loop says that it has ended a moment before its thread has.
				thread.join(LONG.toMillis());
			}
		}
		assertThat(ourThreads()).isSubsetOf(before);
	}

	private static GrpcConnector connector(SocketTransport transport) {
		return new GrpcConnector(GATEWAY, RemoteChannels.none(), PluginStdio.discard(), StreamListener.NONE, transport,
				RemoteTarget.Resolver.SYSTEM);
	}

	private static Set<Thread> ourThreads() {
		return Thread.getAllStackTraces()
			.keySet()
			.stream()
			.filter((thread) -> thread.getName().startsWith("hkp-plugin-grpc-"))
			.collect(Collectors.toSet());
	}

}
