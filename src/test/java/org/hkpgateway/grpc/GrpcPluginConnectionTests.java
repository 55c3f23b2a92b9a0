package org.hkpgateway.grpc;

import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;

import org.hkpgateway.grpc.FakePlugin.Manners;
import org.hkpgateway.plugin.HealthReport;
import org.hkpgateway.plugin.PluginConnection;
import org.hkpgateway.plugin.PluginFailure;
import org.hkpgateway.plugin.PluginIntroduction;
import org.hkpgateway.plugin.PluginSpec;
import org.hkpgateway.plugin.PluginStartException;
import org.hkpgateway.plugin.RequestBody;
import org.hkpgateway.plugin.RequestEvent;
import org.hkpgateway.plugin.TestSpec;
import org.hkpgateway.proto.InitRequest;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

@Timeout(30)
@ExtendWith(OutputCaptureExtension.class)
class GrpcPluginConnectionTests {

	private static final Duration LONG = Duration.ofSeconds(20);

	private static final Duration SHORT = Duration.ofMillis(60);

	private FakePlugin plugin;

	private GrpcConnector connector;

	private PluginConnection connection;

	@BeforeEach
	void connect(@TempDir Path directory) throws Exception {
		this.plugin = new FakePlugin(directory);
		this.connector = new GrpcConnector(new Gateway("0.1", Duration.ofSeconds(1)));
		this.connection = this.connector.offer(TestEvents.spec()).connect(this.plugin.endpoint(), null, LONG);
	}

	@AfterEach
	void close() throws Exception {
		this.connection.close();
		this.connector.close();
		this.plugin.close();
	}

	@Test
	void initialize() {
		PluginIntroduction introduction = this.connection.initialize("i-1", LONG);
		assertThat(introduction.name()).isEqualTo("fake");
		assertThat(introduction.version()).isEqualTo("9.9");
		assertThat(introduction.features()).containsExactly("dry_run");
		InitRequest request = this.plugin.initialized.remove();
		assertThat(request.getConfigJson()).isEqualTo("{\"threshold\":3}");
		assertThat(request.getHockeypuckVersion()).isEqualTo("0.1");
		assertThat(request.getProtocolVersion()).isEqualTo("1.0");
		assertThat(request.getEnvironmentMap()).isEqualTo(Map.of("LEVEL", "7"));
		assertThat(request.getGrantedCapabilitiesList()).containsExactly("http.request", "http.respond");
		assertThat(request.getInstanceId()).isEqualTo("i-1");
		assertThat(request.getNonce().isEmpty()).isTrue();
		assertThat(request.getHost().getConfigurationMap())
			.isEqualTo(Map.of("chain_budget_ms", "1000", "timeout_ms", "200"));
		assertThat(this.plugin.calls).containsExactly("Initialize");
	}

	@Test
	void withoutInfoItIsAskedFor() {
		this.plugin.manners = Manners.NO_INFO;
		assertThat(this.connection.initialize("i-1", LONG).version()).isEqualTo("8.8");
		assertThat(this.plugin.calls).containsExactly("Initialize", "GetInfo");
	}

	@Test
	void withoutAnyInfoTheManifestHolds() {
		this.plugin.manners = Manners.NO_INFO_NO_GETINFO;
		PluginIntroduction introduction = this.connection.initialize("i-1", LONG);
		assertThat(introduction.name()).isEqualTo("fake");
		assertThat(introduction.version()).isEqualTo("1.2.3");
	}

	@Test
	void otherNameIsWarnedAbout(CapturedOutput output) {
		this.plugin.manners = Manners.OTHER_NAME;
		assertThat(this.connection.initialize("i-1", LONG).name()).isEqualTo("other");
		assertThat(output).contains("Plugin fake calls itself 'other'");
	}

	@ParameterizedTest
	@CsvSource(delimiter = '|', textBlock = """
			REFUSES | plugin fake: Initialize: expected: success, got: a refusal: no database at /var/lib/x
			REFUSES_WITHOUT_REASON | plugin fake: Initialize: expected: success, got: a refusal without a reason
			NOT_A_PLUGIN | plugin fake: Initialize: expected: an answer, got: UNIMPLEMENTED \
			(does it serve the service hkpplugin.HKPPlugin?)
			NEEDS_NEWER_GATEWAY | plugin fake: protocol version: expected: a gateway of at least 1.7, \
			got: this one, 1.0; update the gateway or use an older version of the plugin
			""")
	void failedStarts(Manners manners, String message) {
		this.plugin.manners = manners;
		assertThatExceptionOfType(PluginStartException.class).isThrownBy(() -> this.connection.initialize("i-1", LONG))
			.withMessage(message);
	}

	@ParameterizedTest
	@CsvSource({ "1.0, 1.0", "1.7, 1.0", "1.7.3, 1.0" })
	void versionInUseIsTheSmallerMinor(String plugins, String expected) {
		try (PluginConnection other = connect(plugins)) {
			assertThat(other.initialize("i-1", LONG).protocolVersion()).hasToString(expected);
		}
	}

	@Test
	void noCommonVersion() {
		try (PluginConnection other = connect("2.1")) {
			assertThatExceptionOfType(PluginStartException.class).isThrownBy(() -> other.initialize("i-1", LONG))
				.withMessage("plugin fake: protocol version: expected: a common major version, got: none (the gateway "
						+ "speaks 1.0, the plugin 2.1); use a version of the plugin that speaks the gateway's");
			assertThat(this.plugin.calls).isEmpty();
		}
	}

	@Test
	void patchOfTheLowestGatewayDoesNotMatter() {
		this.plugin.manners = Manners.OTHER_PATCH;
		assertThat(this.connection.initialize("i-1", LONG).protocolVersion()).hasToString("1.0");
	}

	private PluginConnection connect(String protocolVersion) {
		return this.connector.offer(TestSpec.named("fake").protocolVersion(protocolVersion).build())
			.connect(this.plugin.endpoint(), null, LONG);
	}

	@Test
	void silentInitialize() {
		this.plugin.manners = Manners.SILENT;
		assertThatExceptionOfType(PluginStartException.class).isThrownBy(() -> this.connection.initialize("i-1", SHORT))
			.withMessage("plugin fake: Initialize: expected: an answer within 60 ms, got: none");
	}

	@Test
	void initializeOfADeadPlugin() {
		this.plugin.stop();
		assertThatExceptionOfType(PluginStartException.class).isThrownBy(() -> this.connection.initialize("i-1", LONG))
			// The latter if the end of its server comes after the call's beginning.
			.withMessageMatching("plugin fake: Initialize: expected: an answer, got: (UNAVAILABLE|CANCELLED)(?s).*");
	}

	@Test
	void messageLimitOfThePluginHolds() {
		this.plugin.manners = Manners.ACCEPTS_1_KB;
		this.connection.initialize("i-1", LONG);
		RequestEvent event = TestEvents.lookup();
		RequestEvent large = event
			.withBody(new RequestBody(RequestBody.State.COMPLETE, ByteBuffer.allocate(1024), 1024));
		assertThat(this.connection.client().decide(event, LONG).block(LONG)).isNotNull();
		assertThatExceptionOfType(PluginFailure.TooLarge.class)
			.isThrownBy(() -> this.connection.client().decide(large, LONG).block(LONG))
			.withMessageContaining("at most 1024 bytes");
	}

	@Test
	void messageLimitOfTheManifestHoldsOtherwise(@TempDir Path directory) throws Exception {
		PluginSpec spec = TestEvents.spec(16 << 20);
		try (FakePlugin other = new FakePlugin(directory);
				PluginConnection otherConnection = this.connector.offer(spec).connect(other.endpoint(), null, LONG)) {
			otherConnection.initialize("i-1", LONG);
			RequestEvent large = TestEvents.lookup()
				.withBody(new RequestBody(RequestBody.State.COMPLETE, ByteBuffer.allocate(17 << 20), 17 << 20));
			assertThatExceptionOfType(PluginFailure.TooLarge.class)
				.isThrownBy(() -> otherConnection.client().decide(large, LONG).block(LONG))
				.withMessageContaining("at most 16777216 bytes");
		}
	}

	@Test
	void health() {
		assertThat(this.connection.checkHealth(LONG))
			.isEqualTo(new HealthReport(HealthReport.Status.DEGRADED, "one of two", Map.of("shards", "1")));
	}

	@Test
	void silentHealth() {
		this.plugin.manners = Manners.SILENT;
		assertThatExceptionOfType(PluginFailure.Timeout.class).isThrownBy(() -> this.connection.checkHealth(SHORT));
	}

	@Test
	void healthCheckUnknown() {
		this.plugin.manners = Manners.NOT_A_PLUGIN;
		assertThat(this.connection.checkHealth(LONG).status()).isEqualTo(HealthReport.Status.UNKNOWN);
	}

	@ParameterizedTest
	@CsvSource({ "GOOD", "EXITS_DURING_SHUTDOWN", "NOT_A_PLUGIN" })
	void cleanShutdown(Manners manners) {
		this.plugin.manners = manners;
		this.connection.shutdown("gateway stops", LONG);
		assertThat(this.plugin.calls).containsExactly("Shutdown");
	}

	@Test
	void silentShutdown() {
		this.plugin.manners = Manners.SILENT;
		assertThatExceptionOfType(PluginFailure.Timeout.class)
			.isThrownBy(() -> this.connection.shutdown("gateway stops", SHORT));
	}

}
