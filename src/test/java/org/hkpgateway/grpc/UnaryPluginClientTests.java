package org.hkpgateway.grpc;

import java.nio.file.Path;
import java.time.Duration;

import org.hkpgateway.grpc.FakePlugin.Behaviour;
import org.hkpgateway.plugin.Decision;
import org.hkpgateway.plugin.PluginClient;
import org.hkpgateway.plugin.PluginConnection;
import org.hkpgateway.plugin.PluginFailure;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import reactor.core.publisher.Mono;
import reactor.test.StepVerifier;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Statuses that belong to one call, and plugins of the older kind.
 */
@Timeout(30)
class UnaryPluginClientTests {

	private static final Duration LONG = Duration.ofSeconds(20);

	private FakePlugin plugin;

	private GrpcConnector connector;

	private PluginConnection connection;

	private PluginClient client;

	@BeforeEach
	void connect(@TempDir Path directory) throws Exception {
		this.plugin = new FakePlugin(directory);
		this.connector = new GrpcConnector(new Gateway("0.1", Duration.ofSeconds(1)));
		this.connection = this.connector.offer(TestEvents.spec()).connect(this.plugin.endpoint(), null, LONG);
		this.client = this.connection.client();
	}

	@AfterEach
	void close() throws Exception {
		this.connection.close();
		this.connector.close();
		this.plugin.close();
	}

	@ParameterizedTest
	@CsvSource({ "FAILS_UNKNOWN, protocol-error, UNKNOWN",
			"FAILS_UNAUTHENTICATED, protocol-error, UNAUTHENTICATED: who?",
			"ANSWERS_DEADLINE_EXCEEDED, timeout, an answer in time", "ANSWERS_5_MB, protocol-error, RESOURCE_EXHAUSTED",
			"COMPLETES_WITHOUT_ANSWER, unavailable, CANCELLED", "KNOWS_NO_REQUESTS, protocol-error, UNIMPLEMENTED" })
	void statuses(Behaviour behaviour, String kind, String message) {
		this.plugin.behaviour = behaviour;
		StepVerifier.create(this.client.decide(TestEvents.lookup(), LONG))
			.expectErrorSatisfies(
					(failure) -> assertThat(failure).isInstanceOfSatisfying(PluginFailure.class, (pluginFailure) -> {
						assertThat(pluginFailure.kind()).isEqualTo(kind);
						assertThat(pluginFailure).hasMessageStartingWith("plugin fake: ").hasMessageContaining(message);
					}))
			.verify(LONG);
	}

	@Test
	void eachRequestIsACall() {
		Mono<Decision> decision = this.client.decide(TestEvents.lookup(), LONG);
		assertThat(this.plugin.calls).isEmpty();
		decision.block(LONG);
		decision.block(LONG);
		assertThat(this.plugin.calls).containsExactly("HandleRequest", "HandleRequest");
	}

	@Test
	void olderPluginIsAskedByTheOlderName() {
		this.plugin.behaviour = Behaviour.LEGACY_ONLY;
		for (int i = 0; i < 3; i++) {
			assertThat(this.client.decide(TestEvents.lookup(), LONG).block(LONG)).isInstanceOf(Decision.Continue.class);
		}
		assertThat(this.plugin.calls).containsExactly("HandleRequest", "HandleHTTPRequest", "HandleHTTPRequest",
				"HandleHTTPRequest");
	}

	@Test
	void oneUnimplementedRequestDoesNotMakeAPluginOld() {
		this.plugin.behaviour = Behaviour.KNOWS_NO_REQUESTS;
		StepVerifier.create(this.client.decide(TestEvents.lookup(), LONG))
			.expectError(PluginFailure.ProtocolError.class)
			.verify(LONG);
		this.plugin.behaviour = Behaviour.CONTINUES;
		assertThat(this.client.decide(TestEvents.lookup(), LONG).block(LONG)).isInstanceOf(Decision.Continue.class);
		assertThat(this.plugin.calls).containsExactly("HandleRequest", "HandleHTTPRequest", "HandleRequest");
	}

}
