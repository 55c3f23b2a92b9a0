package org.hkpgateway.antiabuse;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.math.BigInteger;
import java.net.UnixDomainSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.PrivateKey;
import java.security.cert.CertificateEncodingException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.security.spec.ECGenParameterSpec;
import java.time.Instant;
import java.util.Base64;
import java.util.Date;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import java.util.stream.Stream;

import com.google.protobuf.ByteString;
import io.grpc.ManagedChannel;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.netty.GrpcSslContexts;
import io.grpc.netty.NettyChannelBuilder;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioDomainSocketChannel;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.SslProvider;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.asn1.x509.SubjectPublicKeyInfo;
import org.bouncycastle.cert.X509v3CertificateBuilder;
import org.bouncycastle.cert.jcajce.JcaX509CertificateConverter;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;
import org.hkpgateway.proto.BodyState;
import org.hkpgateway.proto.Empty;
import org.hkpgateway.proto.HKPPluginGrpc;
import org.hkpgateway.proto.HandleRequestEvent;
import org.hkpgateway.proto.HandleResponse;
import org.hkpgateway.proto.HealthStatus;
import org.hkpgateway.proto.HkpRequest;
import org.hkpgateway.proto.InitRequest;
import org.hkpgateway.proto.InitResponse;
import org.hkpgateway.proto.ShutdownRequest;
import org.hkpgateway.proto.UpstreamResponseDecision;
import org.hkpgateway.proto.UpstreamResponseEvent;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

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

	private void launch() throws IOException {
		String handshake = start(Map.of());
		assertThat(handshake).matches("1\\|1\\|unix\\|" + this.directory + "/[^|]+\\|grpc\\|");
		this.channel = channel(handshake).usePlaintext().build();
	}

	private String start(Map<String, String> more) throws IOException {
		this.directory = Files.createTempDirectory("aa");
		ProcessBuilder builder = new ProcessBuilder(DIST.resolve("hkp-plugin-antiabuse").toString());
		builder.directory(DIST.toFile());
		Map<String, String> environment = new HashMap<>(Map.of("HKP_PLUGIN_COOKIE",
				"hkp-gateway-plugin-7b1e5c1f0d3a4e2c", "PLUGIN_PROTOCOL_VERSIONS", "1", "PLUGIN_UNIX_SOCKET_DIR",
				this.directory.toString(), "PLUGIN_NAME", "antiabuse", "PLUGIN_VERSION", "9"));
		environment.put("JAVA_HOME", System.getProperty("java.home"));
		environment.put("PATH", "/usr/bin:/bin");
		environment.putAll(more);
		builder.environment().clear();
		builder.environment().putAll(environment);
		this.process = builder.start();
		this.stderr = CompletableFuture.supplyAsync(() -> this.process.errorReader(StandardCharsets.UTF_8)
			.lines()
			.reduce("", (text, line) -> text + line + "\n"));
		return this.process.inputReader().readLine();
	}

	private NettyChannelBuilder channel(String handshake) {
		return NettyChannelBuilder.forAddress(UnixDomainSocketAddress.of(handshake.split("\\|")[3]))
			.channelType(NioDomainSocketChannel.class, UnixDomainSocketAddress.class)
			.eventLoopGroup(this.group)
			.overrideAuthority("localhost");
	}

	@AfterEach
	void cleanUp() throws Exception {
		if (this.channel != null) {
			this.channel.shutdownNow();
		}
		this.group.shutdownGracefully(0, 1, TimeUnit.SECONDS).awaitUninterruptibly(2, TimeUnit.SECONDS);
		if (this.process == null) {
			return;
		}
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
		launch();
		InitResponse introduced = initialize("{\"block\": [\"203.0.113.0/24\"], \"unheard_of\": 1}");
		assertThat(introduced.getError()).isEmpty();
		assertThat(introduced.getSuccess()).isTrue();
		assertThat(introduced.getInfo().getName()).isEqualTo("antiabuse");
		assertThat(introduced.getFeaturesList()).containsExactlyInAnyOrder("dry_run", "response", "stream");
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
	void everyRuleThroughTheProtocol() throws Exception {
		launch();
		InitResponse introduced = plugin().initialize(InitRequest.newBuilder()
			.setConfigJson("""
					{"harvest_broad_searches": 2, "errors_threshold": 2, "user_agents": ["bad/*"],
					 "block_list_mode": "observe", "block": ["192.0.2.4"]}""")
			.setInstanceId("i")
			.addAllGrantedCapabilities(List.of("http.request", "http.respond", "http.response", "http.request.body"))
			.build());
		assertThat(introduced.getError()).isEmpty();
		assertThat(plugin().healthCheck(Empty.getDefaultInstance()).getDetailsMap()).containsEntry("answers", "seen")
			.containsEntry("state", "own")
			.containsEntry("uploads", "size, type and content as far as it is shown");

		assertThat(search("192.0.2.1", "@one.example").getContinueChain()).isTrue();
		assertThat(search("192.0.2.1", "@two.example").getContinueChain()).isTrue();
		HandleResponse harvester = search("192.0.2.1", "@three.example");
		assertThat(harvester.getStatusCode()).isEqualTo(429);
		assertThat(harvester.getAnnotationsMap()).isEqualTo(
				Map.of("rule", "harvest", "reason", "more than 2 broad searches in 600 s, block 1 of this client"));
		assertThat(harvester.getReason()).isEqualTo(harvester.getAnnotationsMap().get("reason"));

		assertThat(fail("192.0.2.2").getAnnotationsMap()).isEmpty();
		assertThat(fail("192.0.2.2").getAnnotationsMap()).isEmpty();
		assertThat(fail("192.0.2.2").getAnnotationsMap()).containsEntry("rule", "errors");
		assertThat(send("192.0.2.2:1").getAnnotationsMap()).containsEntry("rule", "errors");

		HandleResponse program = plugin().handleRequest(event("192.0.2.3:1").putHeaders("User-Agent", "Bad/2").build());
		assertThat(program.getStatusCode()).isEqualTo(403);
		HandleResponse upload = plugin().handleRequest(event("192.0.2.3:1").setMethod("POST")
			.setHkp(HkpRequest.newBuilder().setOperation(HkpRequest.Operation.ADD))
			.putHeaders("Content-Type", "application/x-www-form-urlencoded")
			.setBodyState(BodyState.BODY_COMPLETE)
			.setBody(ByteString.copyFromUtf8("keytext=nonsense"))
			.setBodyLength(16)
			.build());
		assertThat(upload.getStatusCode()).isEqualTo(400);
		assertThat(upload.getAnnotationsMap()).containsEntry("reason", "no armored key in keytext");

		HandleResponse observed = send("192.0.2.4:1");
		assertThat(observed.getContinueChain()).isTrue();
		assertThat(observed.getAnnotationsMap())
			.isEqualTo(Map.of("observed", "block-list", "observed_reason", "the address is on the block list"));
	}

	private HandleResponse search(String client, String text) {
		return plugin().handleRequest(event(client + ":1")
			.setHkp(HkpRequest.newBuilder().setOperation(HkpRequest.Operation.LOOKUP_INDEX).setSearch(text))
			.build());
	}

	private UpstreamResponseDecision fail(String client) {
		return plugin().handleUpstreamResponse(UpstreamResponseEvent.newBuilder()
			.setRequestId("r")
			.setStatusCode(404)
			.setMethod("GET")
			.setRawTarget(ByteString.copyFromUtf8("/pks/lookup?op=index&search=nobody"))
			.setRemoteAddr(client + ":1")
			.setHkp(HkpRequest.newBuilder().setOperation(HkpRequest.Operation.LOOKUP_INDEX).setSearch("nobody"))
			.build());
	}

	@Test
	void aBadConfigurationIsRefused() throws IOException {
		launch();
		InitResponse refused = initialize("{\"window\": \"soon\"}");
		assertThat(refused.getSuccess()).isFalse();
		assertThat(refused.getError())
			.isEqualTo("configuration key 'window': expected: a duration such as \"500ms\", \"10s\", \"5m\", \"1h\" or"
					+ " \"7d\", got: \"soon\"");
	}

	@Test
	void withTheGatewaysCertificateItSpeaksTlsWithTheGatewayOnly() throws Exception {
		Identity gateway = Identity.create();
		Identity stranger = Identity.create();
		String handshake = start(Map.of("PLUGIN_CLIENT_CERT", gateway.pem()));
		ManagedChannel refused = channel(handshake).sslContext(tls(handshake, stranger)).build();
		try {
			assertThatExceptionOfType(StatusRuntimeException.class)
				.isThrownBy(() -> HKPPluginGrpc.newBlockingStub(refused)
					.withDeadlineAfter(20, TimeUnit.SECONDS)
					.healthCheck(Empty.getDefaultInstance()))
				.satisfies((ex) -> assertThat(ex.getStatus().getCode()).isEqualTo(Status.Code.UNAVAILABLE));
		}
		finally {
			refused.shutdownNow();
		}
		this.channel = channel(handshake).sslContext(tls(handshake, gateway)).build();
		assertThat(initialize("{}").getSuccess()).isTrue();
		assertThat(send("192.0.2.1:1").getContinueChain()).isTrue();
		assertThat(plugin().shutdown(ShutdownRequest.newBuilder().setTimeoutSeconds(10).build()).getSuccess()).isTrue();
		assertThat(this.process.waitFor(20, TimeUnit.SECONDS)).isTrue();
		assertThat(this.process.exitValue()).isZero();
		assertThat(this.stderr.get()).contains("a client that is not the gateway was refused");
	}

	@Test
	void aStartDoesNotLoadTheEventsOfNetty() throws Exception {
		Path classes = Files.createTempFile("classes", ".log");
		try {
			Identity gateway = Identity.create();
			// Options of this variable come after the launcher's.
			String handshake = start(
					Map.of("PLUGIN_CLIENT_CERT", gateway.pem(), "_JAVA_OPTIONS", "-Xlog:class+load:file=" + classes));
			this.channel = channel(handshake).sslContext(tls(handshake, gateway)).build();
			assertThat(initialize("{}").getSuccess()).isTrue();
			assertThat(send("192.0.2.1:1").getContinueChain()).isTrue();
			assertThat(Files.readString(classes)).contains(" io.netty.buffer.AdaptiveByteBufAllocator ")
				.doesNotContain(" io.netty.buffer.AllocateBufferEvent ")
				.doesNotContain(" jdk.jfr.internal.handlers.");
		}
		finally {
			Files.delete(classes);
		}
	}

	@Test
	void whatServesRequestsIsOptimizedInTheEnd() throws Exception {
		Path compilations = Files.createTempFile("compilations", ".log");
		try {
			String handshake = start(Map.of("_JAVA_OPTIONS", "-Xlog:jit+compilation=debug:file=" + compilations));
			this.channel = channel(handshake).usePlaintext().build();
			assertThat(initialize("{\"allow\": [\"192.0.2.1\"]}").getSuccess()).isTrue();
			long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(100);
			// Level 4 is the optimizing compiler's.
			Pattern optimized = Pattern
				.compile("\\s4\\s+(io\\.netty|io\\.grpc|com\\.google\\.protobuf|org\\.hkpgateway)\\.");
			while (!optimized.matcher(Files.readString(compilations)).find()) {
				assertThat(System.nanoTime()).as("deadline for the first method at level 4").isLessThan(deadline);
				for (int i = 0; i < 500; i++) {
					assertThat(send("192.0.2.1:1").getContinueChain()).isTrue();
				}
			}
		}
		finally {
			Files.delete(compilations);
		}
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

	private static SslContext tls(String handshake, Identity identity) throws Exception {
		byte[] der = Base64.getDecoder().decode(handshake.split("\\|")[5]);
		return GrpcSslContexts.configure(SslContextBuilder.forClient(), SslProvider.JDK)
			.keyManager(identity.key(), identity.certificate())
			.trustManager((X509Certificate) CertificateFactory.getInstance("X.509")
				.generateCertificate(new ByteArrayInputStream(der)))
			.build();
	}

	/**
	 * A gateway's key and certificate, on the curve that go-plugin takes.
	 *
	 * @param key the private key
	 * @param certificate the certificate
	 */
	private record Identity(PrivateKey key, X509Certificate certificate) {

		static Identity create() throws Exception {
			KeyPairGenerator generator = KeyPairGenerator.getInstance("EC");
			generator.initialize(new ECGenParameterSpec("secp521r1"));
			KeyPair pair = generator.generateKeyPair();
			X500Name name = new X500Name("CN=localhost");
			Instant now = Instant.now();
			return new Identity(pair.getPrivate(),
					new JcaX509CertificateConverter().getCertificate(new X509v3CertificateBuilder(name, BigInteger.ONE,
							Date.from(now.minusSeconds(30)), Date.from(now.plusSeconds(3600)), name,
							SubjectPublicKeyInfo.getInstance(pair.getPublic().getEncoded()))
						.build(new JcaContentSignerBuilder("SHA512withECDSA").build(pair.getPrivate()))));
		}

		String pem() throws CertificateEncodingException {
			return "-----BEGIN CERTIFICATE-----\n"
					+ Base64.getMimeEncoder(64, new byte[] { '\n' }).encodeToString(this.certificate.getEncoded())
					+ "\n-----END CERTIFICATE-----\n";
		}

	}

}
