package org.hkpgateway.grpc;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.SocketAddress;
import java.net.UnknownHostException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

import io.grpc.ManagedChannel;
import io.grpc.netty.NettyChannelBuilder;
import org.hkpgateway.grpc.FakePlugin.Behaviour;
import org.hkpgateway.grpc.FakePlugin.Manners;
import org.hkpgateway.grpc.FakePlugin.StreamManners;
import org.hkpgateway.plugin.Decision;
import org.hkpgateway.plugin.EmittedEvent;
import org.hkpgateway.plugin.EventClient;
import org.hkpgateway.plugin.HealthReport;
import org.hkpgateway.plugin.PluginConnection;
import org.hkpgateway.plugin.PluginEndpoint;
import org.hkpgateway.plugin.PluginEvent;
import org.hkpgateway.plugin.PluginFailure;
import org.hkpgateway.plugin.PluginId;
import org.hkpgateway.plugin.PluginSource;
import org.hkpgateway.plugin.PluginSpec;
import org.hkpgateway.plugin.PluginStartException;
import org.hkpgateway.plugin.StreamListener;
import org.hkpgateway.plugin.TestSpec;
import org.hkpgateway.plugin.Transport;
import org.hkpgateway.proto.InitRequest;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

/**
 * A plugin with two addresses, over plaintext.
 */
@Timeout(60)
class RemoteConnectionTests {

	private static final Duration LONG = Duration.ofSeconds(20);

	private static final String ONE = "127.0.0.1";

	private static final String TWO = "127.0.0.2";

	private volatile List<String> addresses = List.of(ONE, TWO);

	private GrpcConnector connector;

	private FakePlugin one;

	private FakePlugin two;

	private int port;

	@BeforeEach
	void start() throws Exception {
		this.connector = new GrpcConnector(new Gateway("0.1", Duration.ofSeconds(1)), new PlainChannels(),
				PluginStdio.discard(), StreamListener.NONE, SocketTransport.best(), this::resolve);
		this.one = new FakePlugin(new PluginEndpoint.Tcp(ONE, 0), null, null);
		this.port = ((PluginEndpoint.Tcp) this.one.endpoint()).port();
		this.two = startTwo();
	}

	@AfterEach
	void close() throws Exception {
		this.connector.close();
		this.one.close();
		this.two.close();
	}

	/** The same whether each request is a call of its own or all go by the stream. */
	@Nested
	@ParameterizedClass
	@EnumSource(names = { "OFF", "BEHAVES" })
	class EitherWay {

		@Parameter
		private StreamManners stream;

		@BeforeEach
		void speak() {
			RemoteConnectionTests.this.one.streamManners = this.stream;
			RemoteConnectionTests.this.two.streamManners = this.stream;
		}

		private String[] firstCalls() {
			return (this.stream == StreamManners.OFF) ? new String[] { "Initialize", "HealthCheck", "HandleRequest" }
					: new String[] { "Initialize" };
		}

		@Test
		void requestsGoRound() {
			try (PluginConnection connection = connected()) {
				ask(connection, 10);
				assertThat(requests(RemoteConnectionTests.this.one)).isEqualTo(5);
				assertThat(requests(RemoteConnectionTests.this.two)).isEqualTo(5);
				assertThat(RemoteConnectionTests.this.one.initialized).extracting(InitRequest::getInstanceId)
					.containsExactly("i-1");
				assertThat(RemoteConnectionTests.this.two.initialized).extracting(InitRequest::getInstanceId)
					.containsExactly("i-1");
				assertThat(RemoteConnectionTests.this.one.authorities)
					.containsOnly("plugin.test:" + RemoteConnectionTests.this.port);
				assertThat(connection.security()).isEqualTo("plaintext");
				connection.shutdown("test", LONG);
				assertThat(RemoteConnectionTests.this.one.calls).doesNotContain("Shutdown");
				assertThat(connection.checkHealth(LONG)).satisfies((report) -> {
					assertThat(report.status()).isEqualTo(HealthReport.Status.DEGRADED);
					assertThat(report.message()).isEqualTo("2 of 2 endpoints answer");
					assertThat(report.details()).containsEntry(ONE + ":" + RemoteConnectionTests.this.port,
							"DEGRADED: one of two");
				});
			}
		}

		@Test
		void endpointDiesAndReturns() throws Exception {
			try (PluginConnection connection = connected()) {
				RemoteConnectionTests.this.two.close();
				HealthReport report = connection.checkHealth(LONG);
				ask(connection, 10);
				assertThat(requests(RemoteConnectionTests.this.one)).isEqualTo(10);
				assertThat(report.message()).isEqualTo("1 of 2 endpoints answer");
				// On the connection that is ending or has just ended, or on a new one
				// that
				// nobody takes.
				assertThat(report.details().get(TWO + ":" + RemoteConnectionTests.this.port)).startsWith("down: ")
					.containsPattern("GOAWAY|Broken pipe|Connection reset|Connection refused");
				assertThat(connection.onLost()).isNotDone();

				RemoteConnectionTests.this.two = startTwo();
				speak();
				ask(connection, 4);
				assertThat(RemoteConnectionTests.this.two.connections).as("connected to by health checks only")
					.hasValue(0);
				assertThat(connection.checkHealth(LONG).message()).isEqualTo("2 of 2 endpoints answer");
				ask(connection, 4);
				assertThat(RemoteConnectionTests.this.two.calls).startsWith(firstCalls());
				assertThat(RemoteConnectionTests.this.two.initialized).extracting(InitRequest::getInstanceId)
					.containsExactly("i-1");
			}
		}

		@Test
		void lastOneLost() throws Exception {
			try (PluginConnection connection = connected()) {
				RemoteConnectionTests.this.one.close();
				RemoteConnectionTests.this.two.close();
				assertThat(connection.onLost().get(10, TimeUnit.SECONDS)).startsWith("every endpoint is lost: ")
					.contains(ONE + ":" + RemoteConnectionTests.this.port + ": its connection broke")
					.contains(TWO + ":" + RemoteConnectionTests.this.port);
				assertThatExceptionOfType(PluginFailure.Unavailable.class)
					.isThrownBy(() -> connection.client().decide(TestEvents.lookup(), LONG).block(LONG));
				assertThatExceptionOfType(PluginFailure.Unavailable.class)
					.isThrownBy(() -> connection.checkHealth(LONG))
					.withMessageContaining("expected: an answer of at least one endpoint")
					.withMessageContaining("Connection refused");
			}
		}

		@Test
		void endpointsComeAndGo() {
			RemoteConnectionTests.this.addresses = List.of(ONE);
			try (PluginConnection connection = connected()) {
				assertThat(connection.checkHealth(LONG).message()).as("a single one speaks for itself")
					.isEqualTo("one of two");
				assertThat(RemoteConnectionTests.this.two.connections).hasValue(0);
				RemoteConnectionTests.this.addresses = List.of(TWO, ONE);
				connection.checkHealth(LONG);
				ask(connection, 4);
				assertThat(RemoteConnectionTests.this.two.calls).startsWith(firstCalls());
				int before = requests(RemoteConnectionTests.this.one);
				RemoteConnectionTests.this.addresses = List.of(TWO);
				connection.checkHealth(LONG);
				ask(connection, 4);
				assertThat(requests(RemoteConnectionTests.this.one)).isEqualTo(before);
				RemoteConnectionTests.this.addresses = List.of();
				HealthReport unresolved = connection.checkHealth(LONG);
				assertThat(unresolved.details()).containsKey("address");
				ask(connection, 1);
			}
		}

		@Test
		void requestThatMayHaveArrivedIsNotAskedTwice() {
			RemoteConnectionTests.this.addresses = List.of(ONE, TWO);
			try (PluginConnection connection = connected()) {
				RemoteConnectionTests.this.one.behaviour = Behaviour.DIES_MID_CALL;
				RemoteConnectionTests.this.two.behaviour = Behaviour.DIES_MID_CALL;
				assertThatExceptionOfType(PluginFailure.Unavailable.class)
					.isThrownBy(() -> connection.client().decide(TestEvents.lookup(), LONG).block(LONG));
				assertThat(requests(RemoteConnectionTests.this.one) + requests(RemoteConnectionTests.this.two))
					.isEqualTo(1);
			}
		}

		@Test
		void silentEndpointIsLeftOutUntilItAnswers() {
			try (PluginConnection connection = connected()) {
				RemoteConnectionTests.this.two.manners = Manners.SILENT;
				connection.checkHealth(Duration.ofMillis(300));
				int before = requests(RemoteConnectionTests.this.two);
				ask(connection, 4);
				assertThat(requests(RemoteConnectionTests.this.two)).isEqualTo(before);
				RemoteConnectionTests.this.two.manners = Manners.GOOD;
				connection.checkHealth(LONG);
				ask(connection, 4);
				assertThat(requests(RemoteConnectionTests.this.two)).isEqualTo(before + 2);
				assertThat(RemoteConnectionTests.this.two.connections).hasValue(1);
			}
		}

	}

	@Test
	void eventsGoToEveryEndpoint() {
		this.one.brought.manners = FakeEvents.Manners.BATCHES;
		this.two.brought.manners = FakeEvents.Manners.FAILS_EVERY_OTHER;
		try (PluginConnection connection = connected()) {
			List<PluginEvent> events = List.of(TestEvents.changed(1, "inserted"), TestEvents.changed(2, "updated"));
			assertThat(connection.events().deliver(events, 0).block(LONG)).isEqualTo(EventClient.Receipt.TAKEN);
			assertThat(this.one.brought.batches).hasSize(1).containsExactlyElementsOf(this.two.brought.batches);
			EventClient.Receipt failed = connection.events().deliver(events, 0).block(LONG);
			assertThat(failed.failed()).isEqualTo(2);
			assertThat(failed.failure()).hasMessageContaining("cannot");
			assertThat(this.one.brought.batches).hasSize(2);
		}
	}

	@Test
	void whatEveryEndpointEmitsIsHeard() {
		this.one.brought.manners = FakeEvents.Manners.EMITS_AND_ENDS;
		this.two.brought.manners = FakeEvents.Manners.EMITS_AND_ENDS;
		try (PluginConnection connection = connected()) {
			// Each has one first turn, and is asked again after it.
			assertThat(connection.events()
				.emitted()
				.map(EmittedEvent::type)
				.filter("plugin.fake.turn-1"::equals)
				.take(2)
				.collectList()
				.block(LONG)).hasSize(2);
		}
	}

	@Test
	void whereNoEndpointTakesEventsNoneAreBrought() {
		try (PluginConnection connection = connected()) {
			List<PluginEvent> events = List.of(TestEvents.changed(1, "inserted"));
			assertThatExceptionOfType(EventClient.NotTaken.class)
				.isThrownBy(() -> connection.events().deliver(events, 0).block(LONG));
		}
	}

	@Test
	void connectionThatBreaksIsInitializedAgainBeforeRequests() throws Exception {
		try (PluginConnection connection = connected()) {
			this.two.endConnections();
			GoPluginPeerTests.await(() -> {
				connection.checkHealth(LONG);
				return this.two.connections.get() == 2;
			});
			connection.checkHealth(LONG);
			ask(connection, 4);
			assertThat(this.two.initialized).hasSize(2);
			List<String> calls = List.copyOf(this.two.calls);
			assertThat(calls.lastIndexOf("Initialize")).isLessThan(calls.indexOf("HandleRequest"));
		}
	}

	@Test
	void closedByUsIsNotLost() throws Exception {
		PluginConnection connection = connected();
		connection.close();
		this.one.close();
		this.two.close();
		this.connector.close();
		assertThat(connection.onLost()).isNotDone();
	}

	@Test
	void streamDoesNotKeepAnEndpointThatIsGone() {
		this.one.streamManners = StreamManners.BEHAVES;
		List<PluginFailure> reports = new CopyOnWriteArrayList<>();
		try (PluginConnection connection = connected()) {
			connection.client().reportTo(reports::add);
			this.addresses = List.of(TWO);
			connection.checkHealth(LONG);
			GoPluginPeerTests.await(() -> this.one.open.get() == 0);
			assertThat(this.two.open).hasValue(1);
		}
		assertThat(reports).isEmpty();
	}

	@Test
	void streamOfAnEndpointThatEndsInTheOrderlyWayHasNotBroken() {
		this.one.streamManners = StreamManners.BEHAVES;
		this.two.streamManners = StreamManners.BEHAVES;
		List<PluginFailure> reports = new CopyOnWriteArrayList<>();
		try (PluginConnection connection = connected()) {
			connection.client().reportTo(reports::add);
			ask(connection, 2);
			var unused = this.two.startToEndConnections();
			GoPluginPeerTests.await(() -> this.two.open.get() == 0);
			ask(connection, 4);
			assertThat(requests(this.one)).isEqualTo(5);
		}
		assertThat(reports).isEmpty();
	}

	@Test
	void streamsOfAllEndpointsAreReported() {
		this.one.streamManners = StreamManners.ANSWERS_AND_BREAKS;
		this.two.streamManners = StreamManners.ANSWERS_AND_BREAKS;
		List<PluginFailure> reports = new CopyOnWriteArrayList<>();
		try (PluginConnection connection = connected()) {
			connection.client().reportTo(reports::add);
			ask(connection, 2);
			GoPluginPeerTests.await(() -> reports.size() == 2);
			this.addresses = List.of(TWO);
			connection.checkHealth(LONG);
			GoPluginPeerTests.await(() -> {
				// It may be on the stream that is about to break.
				var unused = connection.client().decide(TestEvents.lookup(), LONG).materialize().block(LONG);
				return reports.size() == 3;
			});
		}
	}

	@Test
	void callThatHangsDoesNotKeepAnEndpointThatIsGone() throws Exception {
		this.addresses = List.of(ONE);
		this.one.behaviour = Behaviour.NEVER_ANSWERS;
		try (PluginConnection connection = connected()) {
			CompletableFuture<Decision> decision = connection.client()
				.decide(TestEvents.lookup(), Duration.ofMinutes(2))
				.toFuture();
			assertThat(this.one.requestArrived.await(10, TimeUnit.SECONDS)).isTrue();
			this.addresses = List.of(TWO);
			connection.checkHealth(LONG);
			GoPluginPeerTests.await(() -> this.one.open.get() == 0);
			assertThat(decision).isCompletedExceptionally();
		}
	}

	@Test
	void nothingIsLeftOfAConnectionWithAStreamThatIsLost() throws Exception {
		this.one.streamManners = StreamManners.BEHAVES;
		GrpcPluginConnection made = (GrpcPluginConnection) this.connector
			.offer(TestSpec.named("fake").transport(Transport.PLAINTEXT).build())
			.connect(this.one.endpoint(), null, LONG);
		RemoteEndpoint endpoint = new RemoteEndpoint(ONE, new InetSocketAddress(ONE, this.port),
				(name, address, timeout) -> made, (lost) -> {
				});
		endpoint.initialize("i-1", RemoteEndpoint.Remaining.of(LONG));
		StreamingPluginClient client = (StreamingPluginClient) made.client();
		assertThat(client.isClosed()).isFalse();
		this.one.close();
		GoPluginPeerTests.await(client::isClosed);
		endpoint.close();
	}

	/** As machines are that have lost their network. */
	@Test
	void silentEndpointsDoNotKeepOthersWaiting() throws Exception {
		List<ServerSocket> silent = new ArrayList<>();
		try {
			List<String> all = new ArrayList<>();
			for (int i = 3; i < 12; i++) {
				all.add("127.0.0." + i);
				silent.add(new ServerSocket(this.port, 50, InetAddress.getByName("127.0.0." + i)));
			}
			all.add(TWO);
			this.addresses = all;
			try (PluginConnection connection = this.connector.offer(spec("dns:///plugin.test:" + this.port))
				.connect(new PluginEndpoint.Remote(""), null, Duration.ofSeconds(1))) {
				assertThat(connection.initialize("i-1", Duration.ofSeconds(1)).name()).isEqualTo("fake");
			}
		}
		finally {
			for (ServerSocket each : silent) {
				each.close();
			}
		}
	}

	@Test
	void oneRefusesToStart() {
		this.one.manners = Manners.REFUSES;
		try (PluginConnection connection = connected()) {
			ask(connection, 4);
			assertThat(requests(this.two)).isEqualTo(4);
			assertThat(connection.checkHealth(LONG).details().get(ONE + ":" + this.port))
				.contains("a refusal: no database");
			this.one.manners = Manners.GOOD;
			connection.checkHealth(LONG);
			ask(connection, 4);
			assertThat(requests(this.one)).isEqualTo(2);
		}
	}

	@Test
	void allRefuseToStart() {
		this.one.manners = Manners.REFUSES;
		this.two.manners = Manners.REFUSES_WITHOUT_REASON;
		try (PluginConnection connection = connect()) {
			assertThatExceptionOfType(PluginStartException.class).isThrownBy(() -> connection.initialize("i-1", LONG))
				.withMessageStartingWith(
						"plugin fake: Initialize: expected: at least one endpoint that succeeds, got: ")
				.withMessageContaining("a refusal: no database")
				.withMessageContaining("a refusal without a reason");
		}
	}

	@Test
	void nobodyThere() throws Exception {
		this.one.close();
		this.two.close();
		assertThatExceptionOfType(PluginStartException.class).isThrownBy(this::connect)
			.withMessageContaining("cannot connect: expected: at least one endpoint, got: " + ONE + ":" + this.port)
			.withMessageContaining("Connection refused");
	}

	@Test
	void nameWithoutAddress() {
		this.addresses = List.of();
		assertThatExceptionOfType(PluginStartException.class).isThrownBy(this::connect)
			.withMessageContaining("the address cannot be resolved")
			.withMessageContaining("plugin.test");
	}

	@Test
	void unixSocket(@TempDir Path directory) throws Exception {
		try (FakePlugin plugin = new FakePlugin(directory);
				PluginConnection connection = this.connector.offer(spec("unix:" + directory.resolve("fake.sock")))
					.connect(new PluginEndpoint.Remote(""), null, LONG)) {
			connection.initialize("i-1", LONG);
			ask(connection, 2);
			assertThat(plugin.authorities).containsOnly("localhost");
		}
	}

	@ParameterizedTest
	@ValueSource(strings = { "", "plugin.test", "plugin.test:0", "plugin.test:65536", "http://plugin.test:1", "unix:x",
			"a b:1", "::1:5" })
	void addressesThatAreNone(String address) {
		assertThatExceptionOfType(PluginStartException.class).isThrownBy(() -> this.connector.offer(spec(address)))
			.withMessageContaining("address: expected: host:port, dns:///host:port or unix:/path, got: " + address);
	}

	@ParameterizedTest
	@ValueSource(strings = { "plugin.test:8443", "dns:///plugin.test:8443", "127.0.0.1:8443", "[::1]:8443" })
	void addresses(String address) throws Exception {
		RemoteTarget target = RemoteTarget.parse(address);
		assertThat(target.authority()).isEqualTo(address.replace("dns:///", ""));
		assertThat(target.endpoints(this::resolve, SocketTransport.best())).containsOnlyKeys(ONE + ":8443",
				TWO + ":8443");
	}

	private InetAddress[] resolve(String host) throws UnknownHostException {
		if (this.addresses.isEmpty()) {
			throw new UnknownHostException(host);
		}
		return Arrays.stream(this.addresses.toArray(String[]::new)).map((literal) -> {
			try {
				return InetAddress.getByName(literal);
			}
			catch (UnknownHostException ex) {
				throw new IllegalArgumentException(ex);
			}
		}).toArray(InetAddress[]::new);
	}

	private FakePlugin startTwo() throws Exception {
		return new FakePlugin(new PluginEndpoint.Tcp(TWO, this.port), null, null);
	}

	private PluginConnection connected() {
		PluginConnection connection = connect();
		assertThat(connection.initialize("i-1", LONG).name()).isEqualTo("fake");
		return connection;
	}

	private PluginConnection connect() {
		return this.connector.offer(spec("dns:///plugin.test:" + this.port))
			.connect(new PluginEndpoint.Remote(""), null, LONG);
	}

	private static PluginSpec spec(String address) {
		return TestSpec.named("fake").source(new PluginSource.Remote(address, null, null)).build();
	}

	private static void ask(PluginConnection connection, int times) {
		for (int i = 0; i < times; i++) {
			assertThat(connection.client().decide(TestEvents.lookup(), LONG).block(LONG))
				.isInstanceOf(Decision.Continue.class);
		}
	}

	private static int requests(FakePlugin plugin) {
		return plugin.events.size();
	}

	/** Channels without a framework. */
	private static final class PlainChannels implements RemoteChannels {

		@Override
		public ManagedChannel open(PluginId plugin, SocketAddress address, String tlsBundle,
				Consumer<NettyChannelBuilder> settings) {
			NettyChannelBuilder builder = NettyChannelBuilder.forAddress(address).usePlaintext();
			settings.accept(builder);
			return builder.build();
		}

		@Override
		public boolean hasKey(String tlsBundle) {
			return false;
		}

	}

}
