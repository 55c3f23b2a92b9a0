package org.hkpgateway.grpc;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;

import io.grpc.ManagedChannel;
import io.grpc.netty.NettyChannelBuilder;
import org.hkpgateway.plugin.CallTrace;
import org.hkpgateway.plugin.KeyInfo;
import org.hkpgateway.plugin.KeyPage;
import org.hkpgateway.plugin.KeyProvider;
import org.hkpgateway.plugin.KeyQuery;
import org.hkpgateway.plugin.PluginFailure;
import org.hkpgateway.plugin.PluginId;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import reactor.test.StepVerifier;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Queries for keys that plugins answer.
 */
@Timeout(60)
class GrpcKeyProviderTests {

	private static final Duration LONG = Duration.ofSeconds(20);

	private FakePlugin plugin;

	private GrpcConnector connector;

	private GrpcPluginConnection connection;

	@BeforeEach
	void connect(@TempDir Path directory) throws Exception {
		this.plugin = new FakePlugin(directory);
		this.plugin.providesKeys = true;
		this.connector = new GrpcConnector(new Gateway("0.1", Duration.ofSeconds(1)));
		this.connection = (GrpcPluginConnection) this.connector.offer(TestEvents.spec())
			.connect(this.plugin.endpoint(), null, LONG);
	}

	@AfterEach
	void close() throws Exception {
		this.connection.close();
		this.connector.close();
		this.plugin.close();
	}

	private KeyProvider client() {
		this.connection.initialize("i-1", LONG);
		return this.connection.client().keys();
	}

	private static KeyProvider.Question question(KeyQuery.Type type, String query) {
		return new KeyProvider.Question(KeyQuery.of(type, query, Map.of()), 0, 100);
	}

	@ParameterizedTest
	@EnumSource(names = { "OFF", "BEHAVES" })
	void theQueryIsToldAsTheProtocolSays(FakePlugin.StreamManners stream) {
		this.plugin.streamManners = stream;
		KeyQuery query = KeyQuery.of(KeyQuery.Type.SEARCH, "alice", Map.of("exact", "on"));
		assertThat(client().provide(new KeyProvider.Question(query, 0, 7), LONG).block(LONG)).contains(new KeyPage(
				List.of(new KeyInfo(FakeKeys.FINGERPRINT, List.of("SEARCH alice {exact=on}"), 1, 2, true, new byte[0])),
				1));
		assertThat(client().provide(question(KeyQuery.Type.FETCH, "0xdeadbeef"), LONG).block(LONG).orElseThrow().keys())
			.containsExactly(new KeyInfo(FakeKeys.FINGERPRINT, List.of("FETCH 0xDEADBEEF {}"), 1, 2, true,
					"key".getBytes(StandardCharsets.US_ASCII)));
	}

	@Test
	void theTraceOfWhoAsksIsInTheMetadata() {
		String traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
		KeyProvider client = client();
		CallTrace.with(traceparent, client.provide(question(KeyQuery.Type.SEARCH, "alice"), LONG)).block(LONG);
		client.provide(question(KeyQuery.Type.SEARCH, "alice"), LONG).block(LONG);
		assertThat(this.plugin.queryTraces).containsExactly(traceparent, "none");
	}

	@Test
	void aPluginMayLeaveAQueryToTheKeyserver() {
		assertThat(client().provide(question(KeyQuery.Type.SEARCH, "declined"), LONG).block(LONG))
			.isEqualTo(Optional.empty());
		assertThat(client().provide(question(KeyQuery.Type.SEARCH, "nobody"), LONG).block(LONG))
			.contains(new KeyPage(List.of(), 0));
	}

	@ParameterizedTest
	@CsvSource({ "fails, 'expected: an answer, got: UNKNOWN'",
			"no fingerprint, 'fingerprint: expected: 32, 40 or 64 upper-case hex digits, got: ''0XABC'''",
			"negative, 'expected: from 0, got: -1 and 2'", "too few, 'expected: a total_count from 2, got: 1'",
			"too many, 'expected: at most 100 keys, got: 101'", "no data, 'because of FETCH, got: '" })
	void failures(String query, String message) {
		assertFails(client(), question(KeyQuery.Type.FETCH, query), LONG, "protocol-error", message);
	}

	@Test
	void theCallEndsWithItsBudget() {
		assertFails(client(), question(KeyQuery.Type.SEARCH, "hangs"), Duration.ofMillis(60), "timeout",
				"QueryStorage: expected: an answer in time, got: none");
	}

	@Test
	void aProcessThatDoesNotKnowTheMethodIsAskedOnce() {
		this.plugin.providesKeys = false;
		assertFails(client(), question(KeyQuery.Type.SEARCH, "alice"), LONG, "protocol-error",
				"QueryStorage: expected: an answer, because the plugin was granted storage.provide, got: UNIMPLEMENTED");
		assertThat(this.connection.client().keys()).isNull();
	}

	@Test
	void ofARemotePluginThoseEndpointsAreAskedThatCanBe() {
		GrpcPluginClient lost = lost();
		RemoteClient remote = new RemoteClient(new PluginId("fake"));
		assertThat(remote.keys()).isNull();
		remote.use(List.of(lost, this.connection.client()));
		KeyProvider keys = remote.keys();
		for (int i = 0; i < 4; i++) {
			assertThat(keys.provide(question(KeyQuery.Type.SEARCH, "alice"), LONG).block(LONG)).isPresent();
		}
		remote.avoid(lost);
		remote.avoid(this.connection.client());
		assertFails(keys, question(KeyQuery.Type.SEARCH, "alice"), LONG, "unavailable",
				"QueryStorage: expected: an endpoint that is connected, got: none");
	}

	private static GrpcPluginClient lost() {
		ManagedChannel channel = NettyChannelBuilder.forAddress("127.0.0.1", 9).usePlaintext().build();
		channel.shutdown();
		return new GrpcPluginClient(new PluginId("fake"), channel, new EventConverter(), 4 << 20);
	}

	private static void assertFails(KeyProvider keys, KeyProvider.Question question, Duration budget, String kind,
			String message) {
		StepVerifier.create(keys.provide(question, budget))
			.expectErrorSatisfies(
					(failure) -> assertThat(failure).isInstanceOfSatisfying(PluginFailure.class, (pluginFailure) -> {
						assertThat(pluginFailure.kind()).isEqualTo(kind);
						assertThat(pluginFailure).hasMessageStartingWith("plugin fake: QueryStorage: ")
							.hasMessageContaining(message);
					}))
			.verify(LONG);
	}

}
