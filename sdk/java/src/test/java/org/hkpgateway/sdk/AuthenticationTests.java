package org.hkpgateway.sdk;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.TimeUnit;

import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

import com.google.protobuf.ByteString;
import io.grpc.CallOptions;
import io.grpc.MethodDescriptor;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.protobuf.ProtoUtils;
import io.grpc.stub.ClientCalls;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.hkpgateway.proto.Empty;
import org.hkpgateway.proto.HealthStatus;
import org.hkpgateway.proto.InitRequest;
import org.hkpgateway.sdk.log.LogLevel;
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
 * Tests of who gets through to a {@link PluginServer}, with real clients.
 */
@Timeout(60)
class AuthenticationTests {

	private static final String SECRET = "c2VjcmV0LXNlY3JldC1zZWNyZXQtc2VjcmV0LXNlY3I";

	private final Deque<AutoCloseable> open = new ArrayDeque<>();

	private Path directory;

	@BeforeEach
	void makeDirectory() throws IOException {
		this.directory = Files.createTempDirectory("sdk");
	}

	@AfterEach
	void cleanUp() throws Exception {
		for (AutoCloseable closeable : this.open) {
			closeable.close();
		}
		Files.delete(this.directory);
	}

	@ParameterizedTest
	@CsvSource({ "secp256r1,TLSv1.3", "secp521r1,TLSv1.3", "secp256r1,TLSv1.2", "secp521r1,TLSv1.2" })
	void theGatewayGetsThrough(String curve, String protocol) throws Exception {
		GatewayIdentity gateway = GatewayIdentity.create(curve);
		TestGateway client = opened(TestGateway.tls(mtls(gateway), gateway, protocol));
		assertThat(health(client)).isEqualTo(HealthStatus.Status.UNKNOWN);
	}

	@Test
	void overTcpToo() throws Exception {
		GatewayIdentity gateway = GatewayIdentity.create("secp256r1");
		String handshake = start(new Listen.Tcp(0, 0), new Credentials(gateway.certificate(), null));
		assertThat(handshake).startsWith("1|1|tcp|127.0.0.1:");
		assertThat(health(opened(TestGateway.tls(handshake, gateway, "TLSv1.3"))))
			.isEqualTo(HealthStatus.Status.UNKNOWN);
	}

	@ParameterizedTest
	@ValueSource(strings = { "TLSv1.3", "TLSv1.2" })
	void strangersDoNot(String protocol) throws Exception {
		GatewayIdentity gateway = GatewayIdentity.create("secp256r1");
		String handshake = mtls(gateway);
		TestGateway another = opened(TestGateway.tls(handshake, GatewayIdentity.create("secp256r1"), protocol));
		TestGateway signedByIt = opened(TestGateway.tls(handshake, gateway.issue(), protocol));
		TestGateway none = opened(TestGateway.tls(handshake, null, protocol));
		TestGateway plaintext = opened(new TestGateway(handshake));
		assertStatus(Status.Code.UNAVAILABLE, () -> health(another));
		assertStatus(Status.Code.UNAVAILABLE, () -> health(signedByIt));
		assertStatus(Status.Code.UNAVAILABLE, () -> health(none));
		assertStatus(Status.Code.UNAVAILABLE, () -> health(plaintext));
		// It was not the plugin that failed.
		assertThat(health(opened(TestGateway.tls(handshake, gateway, protocol)))).isNotNull();
	}

	@Test
	void whoHoldsTheSecretIsTheGatewayAndGetsAProof() throws Exception {
		TestGateway client = opened(TestGateway.authorized(secret(), "Bearer " + SECRET));
		byte[] nonce = { 1, 2, 3 };
		Mac mac = Mac.getInstance("HmacSHA256");
		mac.init(new SecretKeySpec(SECRET.getBytes(StandardCharsets.US_ASCII), "HmacSHA256"));
		InitRequest.Builder request = InitRequest.newBuilder().setInstanceId("i").setConfigJson("{}");
		assertThat(client.plugin().initialize(request.setNonce(ByteString.copyFrom(nonce)).build()).getAuthProof())
			.isEqualTo(ByteString.copyFrom(mac.doFinal(nonce)));
		// The same instance with another nonce, and a refusal: both are proven afresh.
		assertThat(client.plugin().initialize(request.clearNonce().build()).getAuthProof())
			.isEqualTo(ByteString.copyFrom(mac.doFinal()));
		assertThat(client.plugin().initialize(request.setInstanceId("j").build()))
			.satisfies((refusal) -> assertThat(refusal.getSuccess()).isFalse())
			.satisfies((refusal) -> assertThat(refusal.getAuthProof()).hasSize(32));
		assertStatus(Status.Code.UNIMPLEMENTED, () -> call(client, "plugin.GRPCController/Shutdown"));
	}

	@Test
	void whoDoesNotIsRefusedWhateverIsCalled() throws Exception {
		String handshake = secret();
		for (TestGateway client : new TestGateway[] { opened(new TestGateway(handshake)),
				opened(TestGateway.authorized(handshake, "Bearer " + SECRET + "x")),
				opened(TestGateway.authorized(handshake, SECRET)) }) {
			assertStatus(Status.Code.UNAUTHENTICATED, () -> health(client));
			assertStatus(Status.Code.UNAUTHENTICATED, () -> client.initialize("{}"));
			assertStatus(Status.Code.UNAUTHENTICATED, () -> call(client, "grpc.health.v1.Health/Check"));
			assertStatus(Status.Code.UNAUTHENTICATED, () -> call(client, "plugin.GRPCController/Shutdown"));
		}
	}

	@Test
	void withoutASecretThereIsNoProof() throws Exception {
		TestGateway client = opened(new TestGateway(start(new Listen.UnixSocket(this.directory), Credentials.NONE)));
		assertThat(client.initialize("{}").getAuthProof().isEmpty()).isTrue();
		assertStatus(Status.Code.UNIMPLEMENTED, () -> call(client, "plugin.GRPCController/Shutdown"));
	}

	@Test
	void gatewaysMayComeAndGoAtAPluginStartedByHand() throws Exception {
		String handshake = start(new Listen.OwnDirectory(), Credentials.NONE);
		Path socket = Path.of(handshake.split("\\|")[3]);
		assertThat(Files.getPosixFilePermissions(socket.getParent())).hasSize(3);
		InitRequest.Builder request = InitRequest.newBuilder().setConfigJson("{}").addGrantedCapabilities("a");
		TestGateway client = opened(new TestGateway(handshake));
		assertThat(client.plugin().initialize(request.setInstanceId("1").build()).getSuccess()).isTrue();
		assertThat(client.plugin().initialize(request.setInstanceId("2").build()).getSuccess()).isTrue();
		assertThat(client.plugin().initialize(request.setConfigJson("{\"a\":1}").setInstanceId("3").build()).getError())
			.startsWith("expected: the configuration and the grants of the first Initialize");
		cleanUp();
		this.open.clear();
		assertThat(socket.getParent()).doesNotExist();
		makeDirectory();
	}

	private static HealthStatus.Status health(TestGateway client) {
		return client.plugin().healthCheck(Empty.getDefaultInstance()).getStatus();
	}

	private static void call(TestGateway client, String method) {
		MethodDescriptor<Empty, Empty> descriptor = MethodDescriptor
			.newBuilder(ProtoUtils.marshaller(Empty.getDefaultInstance()),
					ProtoUtils.marshaller(Empty.getDefaultInstance()))
			.setType(MethodDescriptor.MethodType.UNARY)
			.setFullMethodName(method)
			.build();
		ClientCalls.blockingUnaryCall(client.channel(), descriptor,
				CallOptions.DEFAULT.withDeadlineAfter(20, TimeUnit.SECONDS), Empty.getDefaultInstance());
	}

	private static void assertStatus(Status.Code code, ThrowingCallable call) {
		assertThatExceptionOfType(StatusRuntimeException.class).isThrownBy(call)
			.satisfies((ex) -> assertThat(ex.getStatus().getCode()).as("%s", ex).isEqualTo(code));
	}

	private String mtls(GatewayIdentity gateway) throws Exception {
		return start(new Listen.UnixSocket(this.directory), new Credentials(gateway.certificate(), null));
	}

	private String secret() throws Exception {
		return start(new Listen.UnixSocket(this.directory), new Credentials(null, Secret.parse(SECRET)));
	}

	private TestGateway opened(TestGateway gateway) {
		this.open.addFirst(gateway);
		return gateway;
	}

	private String start(Listen listen, Credentials credentials) throws LaunchException {
		PluginServer server = PluginServer.start((request) -> Decision.allow(),
				new Launch("", "", listen, credentials, null, null, LogLevel.INFO), true, (limit) -> {
				});
		this.open.addFirst(() -> server.stop(Duration.ofSeconds(5)));
		return server.handshake();
	}

}
