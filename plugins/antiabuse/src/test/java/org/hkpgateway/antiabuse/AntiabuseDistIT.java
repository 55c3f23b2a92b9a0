package org.hkpgateway.antiabuse;

import java.io.IOException;
import java.net.UnixDomainSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

import io.grpc.ManagedChannel;
import io.grpc.netty.NettyChannelBuilder;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioDomainSocketChannel;
import org.hkpgateway.proto.Empty;
import org.hkpgateway.proto.HKPPluginGrpc;
import org.hkpgateway.proto.HandleRequestEvent;
import org.hkpgateway.proto.HandleResponse;
import org.hkpgateway.proto.HealthStatus;
import org.hkpgateway.proto.HkpRequest;
import org.hkpgateway.proto.InitRequest;
import org.hkpgateway.proto.InitResponse;
import org.hkpgateway.proto.ShutdownRequest;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests of {@code target/dist} as a gateway uses it: the launcher as a process, and a
 * client that knows nothing but the protocol.
 */
@Timeout(120)
class AntiabuseDistIT {

	private static final Path DIST = Path.of("target/dist").toAbsolutePath();

	private final EventLoopGroup group = new MultiThreadIoEventLoopGroup(1, NioIoHandler.newFactory());

	private Path directory;

	private Process process;

	private CompletableFuture<String> stderr;

	private ManagedChannel channel;

	@BeforeEach
	void launch() throws IOException {
		this.directory = Files.createTempDirectory("aa");
		ProcessBuilder builder = new ProcessBuilder(DIST.resolve("hkp-plugin-antiabuse").toString());
		builder.directory(DIST.toFile());
		Map<String, String> environment = new HashMap<>(Map.of("HKP_PLUGIN_COOKIE",
				"hkp-gateway-plugin-7b1e5c1f0d3a4e2c", "PLUGIN_PROTOCOL_VERSIONS", "1", "PLUGIN_UNIX_SOCKET_DIR",
				this.directory.toString(), "PLUGIN_NAME", "antiabuse", "PLUGIN_VERSION", "9"));
		environment.put("JAVA_HOME", System.getProperty("java.home"));
		environment.put("PATH", "/usr/bin:/bin");
		builder.environment().clear();
		builder.environment().putAll(environment);
		this.process = builder.start();
		this.stderr = CompletableFuture.supplyAsync(() -> this.process.errorReader(StandardCharsets.UTF_8)
			.lines()
			.reduce("", (text, line) -> text + line + "\n"));
		String handshake = this.process.inputReader().readLine();
		assertThat(handshake).matches("1\\|1\\|unix\\|" + this.directory + "/[^|]+\\|grpc\\|");
		this.channel = NettyChannelBuilder.forAddress(UnixDomainSocketAddress.of(handshake.split("\\|")[3]))
			.channelType(NioDomainSocketChannel.class, UnixDomainSocketAddress.class)
			.eventLoopGroup(this.group)
			.overrideAuthority("localhost")
			.usePlaintext()
			.build();
	}

	@AfterEach
	void cleanUp() throws Exception {
		this.channel.shutdownNow();
		this.group.shutdownGracefully(0, 1, TimeUnit.SECONDS).awaitUninterruptibly(2, TimeUnit.SECONDS);
		this.process.toHandle().destroy();
		boolean ended = this.process.waitFor(20, TimeUnit.SECONDS);
		this.process.destroyForcibly().waitFor();
		assertThat(ended).as("the process has ended by itself").isTrue();
		try (Stream<Path> left = Files.list(this.directory)) {
			assertThat(left).as("socket files left").isEmpty();
		}
		Files.delete(this.directory);
	}

	@Test
	void aLifeOfThePlugin() throws Exception {
		InitResponse introduced = initialize("{\"block\": [\"203.0.113.0/24\"], \"unheard_of\": 1}");
		assertThat(introduced.getError()).isEmpty();
		assertThat(introduced.getSuccess()).isTrue();
		assertThat(introduced.getInfo().getName()).isEqualTo("antiabuse");
		assertThat(introduced.getFeaturesList()).containsExactly("dry_run", "stream");
		assertThat(plugin().healthCheck(Empty.getDefaultInstance()).getStatus()).isEqualTo(HealthStatus.Status.HEALTHY);
		for (int i = 1; i <= 100; i++) {
			assertThat(send("192.0.2.1:" + (1000 + i)).getContinueChain()).as("request %d", i).isTrue();
		}
		HandleResponse refused = send("192.0.2.1:4711");
		assertThat(refused.getContinueChain()).isFalse();
		assertThat(refused.getStatusCode()).isEqualTo(429);
		assertThat(Integer.parseInt(refused.getHeadersMap().get("Retry-After"))).isBetween(10, 12);
		assertThat(refused.getHeadersMap()).containsEntry("Content-Type", "text/plain; charset=utf-8");
		assertThat(refused.getBody().toStringUtf8()).startsWith("Too many requests from your address.");
		assertThat(refused.getAnnotationsMap()).containsEntry("rule", "rate-limit");
		assertThat(send("192.0.2.1:4711").getStatusCode()).isEqualTo(429);
		assertThat(send("[2001:db8::1]:1").getContinueChain()).isTrue();
		assertThat(send("203.0.113.9:1").getStatusCode()).isEqualTo(403);
		HandleRequestEvent health = event("192.0.2.1:4711")
			.setHkp(HkpRequest.newBuilder().setOperation(HkpRequest.Operation.HEALTH))
			.build();
		assertThat(plugin().handleRequest(health).getContinueChain()).isTrue();
		assertThat(plugin().shutdown(ShutdownRequest.newBuilder().setTimeoutSeconds(10).setReason("test").build())
			.getSuccess()).isTrue();
		assertThat(this.process.waitFor(20, TimeUnit.SECONDS)).isTrue();
		assertThat(this.process.exitValue()).isZero();
		assertThat(this.stderr.get()).contains("'unheard_of' is unknown")
			.containsOnlyOnce("\"@message\":\"client blocked\"")
			.contains("\"client\":\"192.0.2.1\",\"rule\":\"rate-limit\"");
	}

	@Test
	void aBadConfigurationIsRefused() {
		InitResponse refused = initialize("{\"window\": \"soon\"}");
		assertThat(refused.getSuccess()).isFalse();
		assertThat(refused.getError())
			.isEqualTo("configuration key 'window': expected: a duration such as \"500ms\", \"10s\", \"5m\", \"1h\" or"
					+ " \"7d\", got: \"soon\"");
	}

	@Test
	void theDirectoryIsAsTheGatewayWantsIt() throws IOException {
		try (Stream<Path> files = Files.walk(DIST)) {
			assertThat(files).allSatisfy((file) -> assertThat(Files.getPosixFilePermissions(file))
				.doesNotContain(PosixFilePermission.GROUP_WRITE, PosixFilePermission.OTHERS_WRITE));
		}
		assertThat(Files.isExecutable(DIST.resolve("hkp-plugin-antiabuse"))).isTrue();
		assertThat(Files.readString(DIST.resolve("plugin.toml"))).contains("name = \"antiabuse\"")
			.containsPattern("version = \"\\d+\\.\\d+\\.\\d+.*\"")
			.doesNotContain("${");
	}

	private InitResponse initialize(String config) {
		return plugin().initialize(InitRequest.newBuilder().setConfigJson(config).setInstanceId("i").build());
	}

	private HandleResponse send(String client) {
		return plugin().handleRequest(event(client).build());
	}

	private static HandleRequestEvent.Builder event(String client) {
		return HandleRequestEvent.newBuilder()
			.setRequestId("r")
			.setMethod("GET")
			.setPath("/pks/lookup")
			.setRemoteAddr(client)
			.setHkp(HkpRequest.newBuilder().setOperation(HkpRequest.Operation.LOOKUP_GET).setSearch("0xAB"));
	}

	private HKPPluginGrpc.HKPPluginBlockingStub plugin() {
		return HKPPluginGrpc.newBlockingStub(this.channel).withDeadlineAfter(20, TimeUnit.SECONDS);
	}

}
