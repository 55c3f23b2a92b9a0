package org.hkpgateway.host;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import io.grpc.Status;
import io.grpc.stub.StreamObserver;
import org.hkpgateway.plugin.Capability;
import org.hkpgateway.plugin.HostAccess;
import org.hkpgateway.plugin.PluginConnection;
import org.hkpgateway.plugin.PluginEndpoint;
import org.hkpgateway.plugin.PluginSpec;
import org.hkpgateway.plugin.PluginStartException;
import org.hkpgateway.plugin.TestSpec;
import org.hkpgateway.proto.EventBatch;
import org.hkpgateway.proto.EventFilter;
import org.hkpgateway.proto.PluginHostGrpc;
import org.hkpgateway.proto.PutStateRequest;
import org.hkpgateway.proto.StateKey;
import org.hkpgateway.testsupport.TestCertificates;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.slf4j.LoggerFactory;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

/**
 * Who may call on the port of remote plugins, for how long, and what others get. With
 * real clients; the connections to plugins are made up.
 */
@Timeout(120)
class RemotePluginServerTests {

	private static final String TOKEN = TestRemoteHost.TOKEN;

	private static final String OTHER = TOKEN.replace('f', 'g');

	private static final String REFUSED = "UNAUTHENTICATED";

	private static final String SERVED = "1.0";

	@Test
	void aPluginMayCallWhileTheGatewayIsConnectedToIt() {
		try (TestRemoteHost host = new TestRemoteHost()) {
			assertThat(host.answerTo(TOKEN)).isEqualTo(REFUSED);
			List<String> during = new ArrayList<>();
			PluginConnection connection = FakeConnection.connect(host.server, TestRemoteHost.spec("far", TOKEN),
					new FakeConnection(() -> during.add(host.answerTo(TOKEN))));
			assertThat(host.answerTo(TOKEN)).as("connected, not greeted").isEqualTo(REFUSED);
			assertThat(connection.initialize("i", Duration.ofSeconds(1)).name()).isEqualTo("far");
			assertThat(during).as("while it is greeted").containsExactly(SERVED);
			assertThat(host.answerTo(TOKEN)).isEqualTo(SERVED);
			connection.close();
			assertThat(host.answerTo(TOKEN)).isEqualTo(REFUSED);
			connection.close();
			assertThat(host.refusals).hasSize(3).containsOnly("null unauthenticated");
		}
	}

	@Test
	void aLostConnectionAndARefusedGreetingEndIt() {
		try (TestRemoteHost host = new TestRemoteHost()) {
			FakeConnection lost = new FakeConnection(() -> {
			});
			PluginConnection connection = FakeConnection.connect(host.server, TestRemoteHost.spec("far", TOKEN), lost);
			connection.initialize("i", Duration.ofSeconds(1));
			assertThat(host.answerTo(TOKEN)).isEqualTo(SERVED);
			lost.lost.complete("reset");
			assertThat(host.answerTo(TOKEN)).isEqualTo(REFUSED);

			PluginConnection refused = FakeConnection.connect(host.server, TestRemoteHost.spec("far", TOKEN),
					new FakeConnection(() -> {
						throw new IllegalStateException("no");
					}));
			assertThatThrownBy(() -> refused.initialize("i", Duration.ofSeconds(1))).hasMessage("no");
			assertThat(host.answerTo(TOKEN)).isEqualTo(REFUSED);

			FakeConnection early = new FakeConnection(() -> {
			});
			early.lost.complete("reset");
			FakeConnection.connect(host.server, TestRemoteHost.spec("far", TOKEN), early)
				.initialize("i", Duration.ofSeconds(1));
			assertThat(host.answerTo(TOKEN)).isEqualTo(REFUSED);
		}
	}

	@Test
	void everythingElseIsRefusedWithTheSameWords() {
		try (TestRemoteHost host = new TestRemoteHost();
				TestHost local = new TestHost();
				HostAccess.Session session = local.open(TestSpec.named("alpha").build(), "a");
				PluginConnection connection = host.connected(TestRemoteHost.spec("far", TOKEN));
				HostClient client = host.client()) {
			String launched = session.environment().get("PLUGIN_HOST_TOKEN");
			for (String token : List.of("nonsense", TOKEN + "x", TOKEN.substring(1), OTHER, launched)) {
				assertThat(RemoteHostCalls.one(host.port(), host.authority.authority(), token)).isEqualTo(
						"UNAUTHENTICATED: expected: metadata \"authorization: Bearer <token>\" with the host-token "
								+ "of a remote plugin that the gateway is connected to, got: another token");
			}
			assertThat(RemoteHostCalls.one(host.port(), host.authority.authority(), null))
				.endsWith("got: no authorization");
			assertThat(host.refusals).hasSize(6).containsOnly("null unauthenticated");
			assertThat(RemoteHostCalls.onSocket(session.environment().get("PLUGIN_HOST_ADDRESS"), TOKEN))
				.startsWith(REFUSED);
			assertThat(local.refusals).containsExactly("alpha unauthenticated");
			assertThat(connection.security()).isEqualTo("tls");
			assertThat(client.authorization("bearer " + TOKEN)
				.getHostInfo(org.hkpgateway.proto.Empty.getDefaultInstance())
				.getVersion()).isEqualTo("1.2.3");
		}
	}

	@Test
	void twoPluginsAreToldApartByTheirTokens() {
		try (TestRemoteHost host = new TestRemoteHost();
				PluginConnection far = host.connected(TestRemoteHost.spec("far", TOKEN, Capability.STATE));
				PluginConnection near = host.connected(TestRemoteHost.spec("near", OTHER, Capability.STATE));
				// One connection, as through a proxy of theirs.
				HostClient client = host.client()) {
			PluginHostGrpc.PluginHostBlockingStub asFar = client.authorization("Bearer " + TOKEN);
			PluginHostGrpc.PluginHostBlockingStub asNear = client.authorization("Bearer " + OTHER);
			asFar.putState(PutStateRequest.newBuilder().setKey("k").build());
			StateKey key = StateKey.newBuilder().setKey("k").build();
			assertThat(asFar.getState(key).getFound()).isTrue();
			assertThat(asNear.getState(key).getFound()).isFalse();
			near.close();
			TestHost.await("the end of what near has called by", () -> !client.connected());
			assertThat(asFar.getState(key).getFound()).isTrue();
			assertThat(far.security()).isEqualTo("tls");
		}
	}

	@Test
	void aTokenThatIsStillInUseIsNotGivenToAnother() {
		try (TestRemoteHost host = new TestRemoteHost()) {
			PluginConnection far = host.connected(TestRemoteHost.spec("far", TOKEN));
			assertThatExceptionOfType(PluginStartException.class)
				.isThrownBy(() -> host.connected(TestRemoteHost.spec("near", TOKEN)))
				.withMessage(
						"plugin near: host-token: expected: one that is not in use, got: that of plugin far, which is "
								+ "still connected with it")
				.withMessageNotContaining(TOKEN);
			far.close();
			try (PluginConnection near = host.connected(TestRemoteHost.spec("near", TOKEN))) {
				assertThat(host.answerTo(TOKEN)).isEqualTo(SERVED);
				assertThat(near.security()).isEqualTo("tls");
			}
		}
	}

	@Test
	void ofTwoConnectionsToAPluginTheLatestSaysWhatIsGranted() {
		try (TestRemoteHost host = new TestRemoteHost()) {
			PluginConnection first = host.connected(TestRemoteHost.spec("far", TOKEN, Capability.STATE));
			assertThat(state(host)).isEqualTo("OK");
			PluginConnection second = host.connected(TestRemoteHost.spec("far", TOKEN));
			assertThat(state(host)).isEqualTo("PERMISSION_DENIED: expected: the grant state, got: a plugin without it; "
					+ "the operator grants it in hkp.plugins.remote.far.grants");
			assertThat(host.refusals).containsExactly("far not_granted");
			second.close();
			assertThat(state(host)).as("rolled back").isEqualTo("OK");
			PluginConnection third = host.connected(TestRemoteHost.spec("far", TOKEN, Capability.STATE));
			first.close();
			assertThat(state(host)).as("the trial is over").isEqualTo("OK");
			third.close();
			assertThat(host.answerTo(TOKEN)).isEqualTo(REFUSED);
		}
	}

	private static String state(TestRemoteHost host) {
		try (HostClient client = host.client()) {
			client.authorization("Bearer " + TOKEN).getState(StateKey.newBuilder().setKey("k").build());
			return "OK";
		}
		catch (io.grpc.StatusRuntimeException ex) {
			return ex.getStatus().getCode() + ": " + ex.getStatus().getDescription();
		}
	}

	@Test
	void streamsEndWithTheGrantAndWithTheConnection() throws Exception {
		PluginSpec granted = TestRemoteHost.spec("far", TOKEN, Capability.EVENTS_SUBSCRIBE, Capability.EVENTS_PUBLISH);
		try (TestRemoteHost host = new TestRemoteHost(); HostClient client = host.client()) {
			PluginConnection first = host.connected(granted);
			BlockingQueue<Status> end = subscribe(host, client);
			PluginConnection same = host.connected(granted);
			first.close();
			PluginConnection more = host.connected(TestRemoteHost.spec("far", TOKEN, Capability.EVENTS_SUBSCRIBE,
					Capability.EVENTS_PUBLISH, Capability.STATE));
			// What is still granted is not cut off.
			assertThat(end.poll(200, TimeUnit.MILLISECONDS)).isNull();
			PluginConnection less = host.connected(TestRemoteHost.spec("far", TOKEN, Capability.EVENTS_SUBSCRIBE));
			assertThat(end.poll(30, TimeUnit.SECONDS).getCode()).isEqualTo(Status.Code.UNAVAILABLE);

			end = subscribe(host, client);
			same.close();
			more.close();
			assertThat(end.poll(200, TimeUnit.MILLISECONDS)).isNull();
			less.close();
			assertThat(end.poll(30, TimeUnit.SECONDS).getCode()).isEqualTo(Status.Code.UNAVAILABLE);
		}
	}

	/** Returns when the stream is read. */
	private static BlockingQueue<Status> subscribe(TestRemoteHost host, HostClient client) {
		BlockingQueue<Status> end = new LinkedBlockingQueue<>();
		BlockingQueue<EventBatch> batches = new LinkedBlockingQueue<>();
		client.streams("Bearer " + TOKEN)
			.subscribeEvents(EventFilter.newBuilder().addEventTypes("test.*").build(), new StreamObserver<>() {

				@Override
				public void onNext(EventBatch batch) {
					batches.add(batch);
				}

				@Override
				public void onError(Throwable failure) {
					end.add(Status.fromThrowable(failure));
				}

				@Override
				public void onCompleted() {
					end.add(Status.OK);
				}

			});
		TestHost.await("an event", () -> {
			host.bus.publish("test.event", "test", java.util.Map.of(), () -> "{}");
			return !batches.isEmpty() || !end.isEmpty();
		});
		assertThat(end).isEmpty();
		return end;
	}

	@Test
	void otherConnectionsAreLeftAsTheyAre() {
		try (TestRemoteHost host = new TestRemoteHost()) {
			FakeConnection bare = new FakeConnection(() -> {
			});
			PluginConnection.Connector connector = host.server.admitting(bare.connector());
			for (PluginSpec spec : List.of(TestRemoteHost.spec("far", null), TestSpec.named("alpha").build())) {
				assertThat(connector.offer(spec)
					.connect(new PluginEndpoint.Remote("far.example:1"), null, Duration.ofSeconds(1))).isSameAs(bare);
			}
			PluginConnection.Offer offer = connector.offer(TestRemoteHost.spec("far", TOKEN));
			assertThat(offer.environment()).containsOnlyKeys("A");
			assertThat(offer.certificateExpected()).isFalse();
		}
	}

	@Test
	void withoutTlsThereIsNothingAndNothingOfItIsLogged() throws Exception {
		ListAppender<ILoggingEvent> log = new ListAppender<>();
		log.start();
		Logger logger = (Logger) LoggerFactory.getLogger(org.slf4j.Logger.ROOT_LOGGER_NAME);
		logger.addAppender(log);
		try (TestRemoteHost host = new TestRemoteHost();
				PluginConnection connection = host.connected(TestRemoteHost.spec("far", TOKEN))) {
			// What the server says of it is no HTTP/2.
			assertThat(RemoteHostCalls.one(host.port(), null, TOKEN)).containsPattern("^(UNAVAILABLE|INTERNAL): ");
			TestHost.await("a word about it", () -> !host.refusals.isEmpty());
			assertThat(host.refusals).containsOnly("null tls");
			try (Socket socket = connect(host)) {
				socket.getOutputStream().write(TOKEN.getBytes(StandardCharsets.US_ASCII));
				awaitEnd(socket);
			}
			assertThat(connection.security()).isEqualTo("tls");
		}
		finally {
			logger.detachAppender(log);
		}
		assertThat(log.list).extracting(ILoggingEvent::getFormattedMessage)
			.filteredOn((line) -> line.contains("refused"))
			.hasSize(1)
			.allSatisfy((line) -> assertThat(line).startsWith("refused on the port of remote plugins: from /127.0.0.1:")
				.contains("expected: TLS 1.2 or later and certificates that both sides trust, got: no TLS"));
		assertThat(log.list).extracting(ILoggingEvent::getFormattedMessage)
			.noneMatch((line) -> line.contains("exceptionCaught") || line.contains(TOKEN));
	}

	@Test
	void aClientThatDoesNotKnowTheAuthorityGoesAway() {
		try (TestRemoteHost host = new TestRemoteHost();
				PluginConnection connection = host.connected(TestRemoteHost.spec("far", TOKEN))) {
			assertThat(RemoteHostCalls.one(host.port(), new TestCertificates().authority(), TOKEN))
				.startsWith("UNAVAILABLE");
			TestHost.await("a word about it", () -> !host.refusals.isEmpty());
			assertThat(host.refusals).containsOnly("null tls");
			assertThat(connection.security()).isEqualTo("tls");
		}
	}

	@Test
	void whoeverOnlyLooksIsNoNews() throws Exception {
		try (TestRemoteHost host = new TestRemoteHost(limits(2, Duration.ofMinutes(1)), 2, Duration.ofMinutes(1))) {
			for (int i = 0; i < 10; i++) {
				try (Socket socket = connect(host)) {
					assertThat(socket.isConnected()).isTrue();
				}
				TestHost.await("room for another connection", () -> {
					String answer = host.answerTo(TOKEN);
					return answer.equals(REFUSED);
				});
			}
			assertThat(host.refusals).doesNotContain("null tls");
		}
	}

	@Test
	void connectionsBeyondTheLimitsAreClosedAtOnce() throws Exception {
		for (int[] limits : new int[][] { { 2, 100 }, { 100, 2 } }) {
			try (TestRemoteHost host = new TestRemoteHost(limits(limits[0], Duration.ofMinutes(1)), limits[1],
					Duration.ofMinutes(1));
					PluginConnection connection = host.connected(TestRemoteHost.spec("far", TOKEN))) {
				try (Socket first = connect(host); Socket second = connect(host); Socket third = connect(host)) {
					awaitEnd(third);
					TestHost.await("a word about it", () -> !host.refusals.isEmpty());
					assertThat(host.refusals).containsExactly("null too_many_connections");
					assertThat(first.isConnected() && second.isConnected()).isTrue();
				}
				TestHost.await("a place for a connection", () -> host.answerTo(TOKEN).equals(SERVED));
				assertThat(connection.security()).isEqualTo("tls");
			}
		}
	}

	@Test
	void aConnectionThatSaysNothingIsClosed() throws Exception {
		try (TestRemoteHost host = new TestRemoteHost(limits(2, Duration.ofMillis(200)), 2, Duration.ofMinutes(1));
				Socket silent = connect(host)) {
			awaitEnd(silent);
		}
	}

	@Test
	void aConnectionThatShowsNoTokenIsClosedAndOneThatDidIsNot() {
		try (TestRemoteHost host = new TestRemoteHost(HostLimits.REMOTE, 64, Duration.ofSeconds(5));
				PluginConnection connection = host.connected(TestRemoteHost.spec("far", TOKEN));
				HostClient known = host.client();
				HostClient stranger = host.client()) {
			known.authorization("Bearer " + TOKEN).getHostInfo(org.hkpgateway.proto.Empty.getDefaultInstance());
			assertThatThrownBy(() -> stranger.authorization("Bearer " + OTHER)
				.getHostInfo(org.hkpgateway.proto.Empty.getDefaultInstance())).hasMessageStartingWith(REFUSED);
			TestHost.await("the end of the connection", () -> !stranger.connected());
			assertThat(host.refusals).containsExactly("null unauthenticated", "null no_token");
			assertThat(known.connected()).isTrue();
			assertThat(connection.security()).isEqualTo("tls");
		}
	}

	@Test
	void anAddressThatIsTakenIsAnError() {
		try (TestRemoteHost host = new TestRemoteHost()) {
			assertThatThrownBy(() -> RemotePluginServer.start(host.server.address(), (connection) -> {
				throw new IllegalStateException();
			}, List.of(new PluginHostService(TestHost.INFORMATION, TestHost.state(), TestHost.storage(),
					TestHost.events(host.bus))
				.bindService()), (plugin, refusal) -> {
				}, ServerTransport.best(), HostLimits.REMOTE, 1, Duration.ofSeconds(1)))
				.isInstanceOf(IOException.class);
		}
	}

	@Test
	void aCloseEndsConnectionsAndListensNoMore() {
		TestRemoteHost host = new TestRemoteHost();
		try (HostClient client = host.client()) {
			PluginConnection connection = host.connected(TestRemoteHost.spec("far", TOKEN));
			client.authorization("Bearer " + TOKEN).getHostInfo(org.hkpgateway.proto.Empty.getDefaultInstance());
			int port = host.port();
			host.close();
			TestHost.await("the end of the connection", () -> !client.connected());
			assertThat(RemoteHostCalls.one(port, host.authority.authority(), TOKEN)).startsWith("UNAVAILABLE");
			assertThatExceptionOfType(PluginStartException.class)
				.isThrownBy(() -> host.connected(TestRemoteHost.spec("near", OTHER)))
				.withMessageContaining("the gateway is stopping");
			connection.close();
		}
	}

	private static HostLimits limits(int connections, Duration handshake) {
		HostLimits remote = HostLimits.REMOTE;
		return new HostLimits(remote.messageBytes(), remote.metadataBytes(), remote.callsPerConnection(), connections,
				handshake, remote.idle(), remote.keepAlive(), remote.keepAliveTimeout());
	}

	private static Socket connect(TestRemoteHost host) throws IOException {
		Socket socket = new Socket();
		socket.setSoTimeout(30_000);
		socket.connect(new InetSocketAddress("127.0.0.1", host.port()), 10_000);
		return socket;
	}

	/** What it says before, an alert for example, does not matter. */
	private static void awaitEnd(Socket socket) {
		try {
			while (socket.getInputStream().read() >= 0) {
			}
		}
		catch (java.net.SocketTimeoutException ex) {
			throw new AssertionError("expected: the end of the connection, got: nothing", ex);
		}
		catch (IOException ex) {
			// Reset is an end, too.
		}
	}

}
