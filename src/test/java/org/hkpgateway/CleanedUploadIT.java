package org.hkpgateway;

import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;

import org.hkpgateway.grpc.FakePluginProgram;
import org.hkpgateway.testsupport.GatewayProcess;
import org.hkpgateway.testsupport.GpgHome;
import org.hkpgateway.testsupport.RawClient;

import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * A real plugin that cleans uploads, between gpg and a keyserver.
 */
@Timeout(180)
class CleanedUploadIT {

	@TempDir
	private Path plugins;

	@ParameterizedTest
	@ValueSource(booleans = { false, true })
	void theKeyserverGetsWhatThePluginLeavesOfAnUpload(boolean stream) throws Exception {
		String name = "cleans";
		FakePluginProgram.installSpeaking(this.plugins, name, "CLEANS_UPLOAD", stream,
				"capabilities = [\"http.request\", \"http.request.body\", \"http.request.rewrite\"]",
				"body = \"full\"");
		String settings = "hkp.plugins.settings." + name;
		try (GpgHome alice = GpgHome.create();
				GpgHome bob = GpgHome.create();
				GatewayProcess gateway = GatewayProcess.start("hkp.plugins.directories=" + this.plugins,
						settings + ".required=true", settings + ".match.operations=add", settings + ".timeout=15s",
						settings + ".grants=http.request,http.request.body,http.request.rewrite",
						"hkp.plugins.chain-budget=20s")) {
			assertThat(gateway.actuator("plugins/" + name).path("features").toString().contains("stream"))
				.isEqualTo(stream);
			String kept = alice.generate("Alice Lab <alice@lab.example>");
			String dropped = alice.generate("Eve Spam <eve@lab.example>");
			String upload = "keytext="
					+ URLEncoder.encode(armored(alice, kept) + armored(alice, dropped), StandardCharsets.UTF_8);
			RawClient.Answer answer = RawClient.exchange(gateway.port(),
					"POST /pks/add HTTP/1.0\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: "
							+ upload.length() + "\r\n\r\n" + upload);
			assertThat(answer.status()).as(gateway::log).isEqualTo(200);
			bob.runWithKeyserver(gateway.uri(), "--recv-keys", kept).orFail();
			assertThat(bob.exportKey(kept)).isEqualTo(alice.exportKey(kept));
			bob.runWithKeyserver(gateway.uri(), "--recv-keys", dropped);
			assertThat(bob.fingerprints()).containsExactly(kept);
			gateway.await("the access log",
					() -> gateway.accessLog()
						.stream()
						.anyMatch((line) -> line.contains("operation=ADD")
								&& line.contains(" changes=" + name + ":body," + name + ":content-type")));
			// As gpg sends it.
			alice.runWithKeyserver(gateway.uri(), "--send-keys", dropped).orFail();
			bob.runWithKeyserver(gateway.uri(), "--recv-keys", dropped).orFail();
		}
	}

	private static String armored(GpgHome home, String fingerprint) {
		return home.run("--armor", "--export", fingerprint).orFail().text();
	}

}
