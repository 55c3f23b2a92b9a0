package org.hkpgateway.grpc;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;

import io.grpc.ManagedChannel;
import io.grpc.netty.NettyChannelBuilder;
import org.hkpgateway.grpc.FakePlugin.Manners;
import org.hkpgateway.grpc.FakePlugin.ResponseManners;
import org.hkpgateway.grpc.FakePlugin.StreamManners;
import org.hkpgateway.http.HeaderMutation;
import org.hkpgateway.http.Headers;
import org.hkpgateway.plugin.PluginFailure;
import org.hkpgateway.plugin.PluginId;
import org.hkpgateway.plugin.ResponseClient;
import org.hkpgateway.plugin.ResponseDecision;
import org.hkpgateway.plugin.ResponseEvent;
import org.hkpgateway.proto.HkpRequest;
import org.hkpgateway.proto.UpstreamResponseEvent;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import reactor.core.Disposable;
import reactor.test.StepVerifier;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link GrpcResponseClient} and what leads to it.
 */
@Timeout(60)
class GrpcResponseClientTests {

	private static final Duration LONG = Duration.ofSeconds(20);

	private static final ResponseEvent ANSWER = new ResponseEvent(TestEvents.lookup(), true, 200,
			Headers.of("Content-Type", "application/pgp-keys", "X-Latin", "\u00e9", "X-Latin", "2"),
			Duration.ofMillis(7));

	private FakePlugin plugin;

	private GrpcConnector connector;

	private GrpcPluginConnection connection;

	@BeforeEach
	void connect(@TempDir Path directory) throws Exception {
		this.plugin = new FakePlugin(directory);
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

	private ResponseClient client(ResponseManners manners) {
		this.plugin.responseManners = manners;
		this.connection.initialize("i-1", LONG);
		return this.connection.client().responses();
	}

	@ParameterizedTest
	@EnumSource(names = { "OFF", "UNDECLARED" })
	void onlyThoseThatDeclareTheFeatureTakePart(ResponseManners manners) {
		assertThat(client(manners)).isNull();
	}

	@ParameterizedTest
	@EnumSource(names = { "OFF", "BEHAVES" })
	void theAnswerIsToldAsTheProtocolSays(StreamManners stream) {
		this.plugin.streamManners = stream;
		ResponseDecision decision = client(ResponseManners.TELLS).review(ANSWER, LONG).block(LONG);
		assertThat(decision.headers()).containsExactly(new HeaderMutation.Append("X-Reviewed",
				"null 200 GET /pks/lookup?op=get&options=mr,nm&search=0xA1B2C3D4&exact=on"));
		assertThat(decision.reason()).isEqualTo("told");
		UpstreamResponseEvent told = this.plugin.responses.remove();
		assertThat(told.getRequestId()).isEqualTo("r-1");
		assertThat(told.getHeaderFieldsList())
			.extracting((field) -> field.getName() + "=" + field.getValue().toString(StandardCharsets.ISO_8859_1))
			.containsExactly("Content-Type=application/pgp-keys", "X-Latin=\u00e9", "X-Latin=2");
		assertThat(told.getHkp().getOperation()).isEqualTo(HkpRequest.Operation.LOOKUP_GET);
		assertThat(told.getRemoteAddr()).isEqualTo("192.0.2.7:4711");
		assertThat(told.getAnnotationsMap()).containsEntry("other.note", "seen");
		assertThat(told.getDeadlineMs()).isBetween(1L, LONG.toMillis());
		assertThat(told.getUpstreamMs()).isEqualTo(7);
		assertThat(this.plugin.calls).doesNotContain("HandleRequest");
	}

	@Test
	void whoMaySeeNoRequestsIsToldNothingOfIt() {
		client(ResponseManners.NOTHING).review(ANSWER.withoutRequest(), LONG).block(LONG);
		UpstreamResponseEvent told = this.plugin.responses.remove();
		assertThat(told.getMethod() + told.getRawTarget().toStringUtf8() + told.getRemoteAddr()).isEmpty();
		assertThat(told.hasHkp()).isFalse();
		assertThat(told.getStatusCode()).isEqualTo(200);
		assertThat(told.getHeaderFieldsCount()).isEqualTo(3);
		assertThat(told.getAnnotationsMap()).isEmpty();
	}

	@Test
	void anAnswerThatSaysNothingIsValid() {
		assertThat(client(ResponseManners.NOTHING).review(ANSWER, LONG).block(LONG))
			.isSameAs(ResponseDecision.UNCHANGED);
	}

	@Test
	void annotations() {
		assertThat(client(ResponseManners.ANNOTATES).review(ANSWER, LONG).block(LONG).annotations())
			.containsEntry("seen", "[Content-Type, X-Latin, X-Latin]");
	}

	@ParameterizedTest
	@CsvSource({ "UNIMPLEMENTED,'HandleUpstreamResponse: expected: an answer, because the plugin declares the feature'",
			"FAILS_UNKNOWN,'HandleUpstreamResponse: expected: an answer, got: UNKNOWN'",
			"CRLF_IN_HEADER,'HandleUpstreamResponse: invalid answer: value of header X-A'",
			"TOO_MANY_CHANGES,'header changes: expected: at most 64, got: 65'" })
	void failures(ResponseManners manners, String message) {
		assertFails(client(manners), LONG, "protocol-error", message);
	}

	@Test
	void theCallEndsWithItsBudget() throws Exception {
		assertFails(client(ResponseManners.NEVER_ANSWERS), Duration.ofMillis(60), "timeout",
				"HandleUpstreamResponse: expected: an answer in time, got: none");
		assertThat(this.plugin.cancelled.await(10, TimeUnit.SECONDS)).isTrue();
		assertThat(this.plugin.responses.remove().getDeadlineMs()).isBetween(1L, 60L);
	}

	@Test
	void cancellingCancelsTheCall() throws Exception {
		Disposable call = client(ResponseManners.NEVER_ANSWERS).review(ANSWER, LONG).subscribe();
		long end = System.nanoTime() + LONG.toNanos();
		while (this.plugin.responses.isEmpty() && System.nanoTime() < end) {
			Thread.onSpinWait();
		}
		call.dispose();
		assertThat(this.plugin.cancelled.await(10, TimeUnit.SECONDS)).isTrue();
	}

	@Test
	void aMessageThatIsTooLargeIsNotSent() {
		this.plugin.manners = Manners.ACCEPTS_1_KB;
		ResponseEvent large = ANSWER.withHeaders(Headers.of("X-Large", "x".repeat(2000)));
		this.plugin.responseManners = ResponseManners.TELLS;
		this.connection.initialize("i-1", LONG);
		StepVerifier.create(this.connection.client().responses().review(large, LONG))
			.expectError(PluginFailure.TooLarge.class)
			.verify(LONG);
		assertThat(this.plugin.responses).isEmpty();
	}

	@Test
	void aPluginThatIsGone() {
		ResponseClient client = client(ResponseManners.TELLS);
		this.connection.close();
		assertFails(client, LONG, "unavailable", "HandleUpstreamResponse: expected: an answer, got: UNAVAILABLE");
	}

	@Test
	void ofARemotePluginThoseEndpointsAreAskedThatDeclareTheFeature() {
		GrpcPluginClient unaware = lost();
		GrpcPluginClient lost = lost();
		lost.showResponses();
		RemoteClient remote = new RemoteClient(new PluginId("fake"));
		assertThat(remote.responses()).isNull();
		remote.use(List.of(unaware));
		assertThat(remote.responses()).isNull();
		client(ResponseManners.TELLS);
		remote.use(List.of(unaware, lost, this.connection.client()));
		for (int i = 0; i < 6; i++) {
			assertThat(remote.responses().review(ANSWER, LONG).block(LONG).reason()).isEqualTo("told");
		}
		assertThat(this.plugin.responses).hasSize(6);
	}

	@Test
	void aRemotePluginWithoutAnEndpointHasFailedAndIsNotForgotten() {
		RemoteClient remote = new RemoteClient(new PluginId("fake"));
		GrpcPluginClient lost = lost();
		lost.showResponses();
		remote.use(List.of(lost));
		assertFails(remote.responses(), LONG, "unavailable", "got: UNAVAILABLE");
		remote.avoid(lost);
		assertFails(remote.responses(), LONG, "unavailable", "expected: an endpoint that is connected, got: none");
	}

	private static GrpcPluginClient lost() {
		ManagedChannel channel = NettyChannelBuilder.forAddress("127.0.0.1", 9).usePlaintext().build();
		channel.shutdown();
		return new GrpcPluginClient(new PluginId("fake"), channel, new EventConverter(), 4 << 20);
	}

	private static void assertFails(ResponseClient client, Duration budget, String kind, String message) {
		StepVerifier.create(client.review(ANSWER, budget))
			.expectErrorSatisfies(
					(failure) -> assertThat(failure).isInstanceOfSatisfying(PluginFailure.class, (pluginFailure) -> {
						assertThat(pluginFailure.kind()).isEqualTo(kind);
						assertThat(pluginFailure).hasMessageStartingWith("plugin fake: ").hasMessageContaining(message);
					}))
			.verify(LONG);
	}

}
