package org.hkpgateway;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

import com.google.protobuf.DescriptorProtos.FileDescriptorProto;
import com.google.protobuf.DescriptorProtos.FileDescriptorSet;
import org.hkpgateway.proto.HkpHostProto;
import org.hkpgateway.proto.HkpPluginProto;
import org.hkpgateway.testsupport.Command;
import org.hkpgateway.testsupport.ForeignPlugins;
import org.hkpgateway.testsupport.ForeignPlugins.Language;
import org.hkpgateway.testsupport.GatewayProcess;
import org.hkpgateway.testsupport.RawClient;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Plugins written with the tools of other languages, and a host that is not ours: the
 * protocol is what the documents say and not what our own two ends agree on.
 */
@Timeout(value = 10, unit = TimeUnit.MINUTES)
class ForeignPluginsIT {

	@TempDir
	private Path plugins;

	/** Which plugin, and {@code hkp.plugins.transport}. */
	static Stream<Arguments> combinations() {
		return Stream.of(Arguments.of(Language.GO, "mtls"), Arguments.of(Language.GO, "plaintext"),
				Arguments.of(Language.PYTHON, "mtls"), Arguments.of(Language.PYTHON, "secret"),
				Arguments.of(Language.RUST, "mtls"));
	}

	@ParameterizedTest
	@MethodSource("combinations")
	void aPluginIsReadyDecidesIsReplacedWhenItCrashesAndStopsWithTheGateway(Language language, String transport)
			throws Exception {
		try (GatewayProcess gateway = start(language, transport)) {
			decides(gateway, language, transport);
			isReplaced(gateway, language);
			ProcessHandle plugin = ProcessHandle.of(gateway.pluginPid(language.label())).orElseThrow();
			assertThat(gateway.stop()).isEqualTo(143);
			assertThat(plugin.isAlive()).isFalse();
			assertThat(gateway.leftovers()).isEmpty();
			assertThat(gateway.log()).contains("plugin stops").containsPattern("DRAINING -> STOPPED");
		}
	}

	private static void decides(GatewayProcess gateway, Language language, String transport) throws IOException {
		ProcessHandle plugin = ProcessHandle.of(gateway.pluginPid(language.label())).orElseThrow();
		assertThat(startLine(gateway)).contains("language=" + language.label(), "pid=" + plugin.pid(),
				"mtls=" + transport.equals("mtls"));

		RawClient.Answer passed = get(gateway, "/pks/stats");
		assertThat(passed.status()).isEqualTo(200);
		assertThat(passed.header("x-plugin-language")).isEqualTo(language.label());
		RawClient.Answer denied = get(gateway, "/deny");
		assertThat(denied.status()).isEqualTo(403);
		assertThat(denied.body()).isEqualTo("denied by " + language.label() + "\n");

		assertThat(gateway.actuator("plugins/" + language.label()).path("transport").asString("")).isEqualTo(transport);
		assertThat(gateway.leftovers()).as("the plugin's socket and the host's").hasSize(2);
	}

	private static void isReplaced(GatewayProcess gateway, Language language) throws IOException {
		String name = language.label();
		long before = gateway.pluginPid(name);
		List<Path> socketBefore = gateway.leftovers();
		assertThat(get(gateway, "/crash").status()).isEqualTo(500);
		gateway.otherPluginPid(name, before);
		assertThat(ProcessHandle.of(before)).isEmpty();
		assertThat(gateway.leftovers()).hasSize(2).doesNotContainAnyElementsOf(socketBefore);
		assertThat(gateway.actuator("plugins/" + name).path("restarts").asInt()).isEqualTo(1);
		assertThat(get(gateway, "/pks/stats").header("x-plugin-language")).isEqualTo(name);
	}

	/** The gateway's certificate is one that rustls's own verifier takes. */
	@Test
	void aPluginWithTheStockVerifierOfRustlsTakesTheGatewaysCertificate() throws Exception {
		ForeignPlugins.install(this.plugins, Language.RUST, "rust", "args = [\"stock-verifier\"]");
		try (GatewayProcess gateway = GatewayProcess.start("hkp.plugins.directories=" + this.plugins,
				"hkp.plugins.settings.rust.required=true", "hkp.plugins.settings.rust.timeout=15s",
				"hkp.plugins.chain-budget=20s")) {
			gateway.pluginPid("rust");
			assertThat(get(gateway, "/pks/stats").header("x-plugin-language")).isEqualTo("rust");
		}
	}

	/**
	 * A host with AutoMTLS shows a P-521 certificate that says CA:TRUE. Not every
	 * tool-kit takes that; all of them take P-256 and CA:FALSE.
	 */
	@ParameterizedTest
	@CsvSource({ "GO,P-521,true,''", "RUST,P-521,true,''", "GO,P-256,false,''", "PYTHON,P-256,false,''",
			"RUST,P-256,false,''", "RUST,P-256,false,stock-verifier" })
	void goPluginsOwnClientAcceptsThePluginAndThePluginRefusesStrangers(Language language, String curve, boolean ca,
			String argument) {
		assertThat(hostcheck(language, curve, ca, argument).orFail().text()).isEqualTo("ok\n");
	}

	@ParameterizedTest
	@CsvSource({ "PYTHON,P-521,false,'',PEER_DID_NOT_RETURN_A_CERTIFICATE",
			"RUST,P-256,true,stock-verifier,CaUsedAsEndEntity" })
	void someToolKitsRefuseTheCurveOrTheCaFlagOfAutoMtls(Language language, String curve, boolean ca, String argument,
			String reason) {
		Command.Result result = hostcheck(language, curve, ca, argument);
		assertThat(result.exitCode()).isEqualTo(1);
		assertThat(result.errors()).contains(reason, "expected: an answer to Initialize");
	}

	@Test
	void theCommittedGoStubsAreThoseOfTheProtocol() throws IOException {
		byte[] descriptor = Command
			.run(this.plugins, Duration.ofSeconds(10), new byte[0],
					List.of(ForeignPlugins.hostcheck().toString(), "-descriptor"))
			.orFail()
			.output();
		assertThat(
				FileDescriptorSet.parseFrom(descriptor).getFileList().stream().map(ForeignPluginsIT::withoutJsonNames))
			.as("what sdk/go/generate.sh was run with, compared with proto")
			.containsExactly(withoutJsonNames(HkpPluginProto.getDescriptor().toProto()),
					withoutJsonNames(HkpHostProto.getDescriptor().toProto()));
	}

	/** Go's generator keeps the names that protoc derives; Java's does not. */
	private static List<String> withoutJsonNames(FileDescriptorProto file) {
		return file.toString().lines().filter((line) -> !line.strip().startsWith("json_name:")).toList();
	}

	private Command.Result hostcheck(Language language, String curve, boolean ca, String argument) {
		List<String> command = new ArrayList<>(List.of(ForeignPlugins.hostcheck().toString(), "-curve=" + curve,
				"-ca=" + ca, ForeignPlugins.program(language).toString(), language.label()));
		if (!argument.isEmpty()) {
			command.add(argument);
		}
		return Command.run(this.plugins, Duration.ofSeconds(60), new byte[0], command);
	}

	private GatewayProcess start(Language language, String transport) {
		ForeignPlugins.install(this.plugins, language, language.label());
		String settings = "hkp.plugins.settings." + language.label();
		List<String> properties = new ArrayList<>(List.of("hkp.plugins.directories=" + this.plugins,
				settings + ".required=true", settings + ".timeout=15s", "hkp.plugins.chain-budget=20s"));
		properties.add("hkp.plugins.transport=" + transport);
		return GatewayProcess.start(properties.toArray(String[]::new));
	}

	private static String startLine(GatewayProcess gateway) {
		return gateway.log().lines().filter((line) -> line.contains("plugin starts")).findFirst().orElse("none");
	}

	private static RawClient.Answer get(GatewayProcess gateway, String target) throws IOException {
		return RawClient.exchange(gateway.port(), "GET " + target + " HTTP/1.0\r\n\r\n");
	}

}
