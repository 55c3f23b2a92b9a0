package org.hkpgateway;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

import com.google.protobuf.ByteString;
import org.hkpgateway.grpc.FakePluginProgram;
import org.hkpgateway.testsupport.GatewayProcess;
import org.hkpgateway.testsupport.RawClient;
import org.hkpgateway.testsupport.RawUpstream;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * What clients get when a plugin process answers well, badly or not at all, whether it is
 * called once for each request or speaks the stream. Each plugin is shown the paths below
 * its own name.
 */
@Timeout(300)
class PluginAnswersIT {

	@TempDir
	private Path plugins;

	private final List<String> settings = new ArrayList<>();

	private RawUpstream upstream;

	@BeforeEach
	void startUpstream() throws IOException {
		this.upstream = RawUpstream.answering("HTTP/1.0 200 OK\r\nContent-Length: 10\r\n\r\nkeyserver!");
	}

	@AfterEach
	void stopUpstream() throws IOException {
		this.upstream.close();
	}

	@ParameterizedTest
	@ValueSource(booleans = { false, true })
	void theClientGetsTheKeyserversAnswerThePluginsOrTheConfiguredFailure(boolean stream) throws Exception {
		install("closed", "AS_ASKED", stream);
		install("open", "AS_ASKED", stream, "fail=open");
		install("late", "NEVER_ANSWERS", stream, "timeout=700ms");
		install("late-open", "NEVER_ANSWERS", stream, "timeout=700ms", "fail=open");
		install("halts", "HALTS", stream);
		install("halts-open", "HALTS", stream, "fail=open");
		install("legacy", "LEGACY_ONLY", false);
		try (GatewayProcess gateway = start()) {
			assertThat(gateway.actuator("plugins/closed").path("features").toString().contains("stream"))
				.isEqualTo(stream);
			assertAnswer(gateway, "/closed/continues", 200);
			assertAnswer(gateway, "/legacy/x", 200);
			assertAnswer(gateway, "/closed/denies", 403);
			assertAnswer(gateway, "/closed/status-502", 500);
			for (String wrong : List.of("all-default-message", "status-999", "crlf-in-header")) {
				assertFailure(gateway, "/closed/" + wrong);
				assertAnswer(gateway, "/open/" + wrong, 200);
			}
			assertFailure(gateway, "/late/x");
			assertAnswer(gateway, "/late-open/x", 200);
			assertFailure(gateway, "/halts/x");
			assertAnswer(gateway, "/halts-open/x", 200);
			// Last, as a message that is too large breaks a stream.
			assertFailure(gateway, "/closed/answers-5-mb");
			assertAnswer(gateway, "/open/answers-5-mb", 200);
		}
	}

	private void assertFailure(GatewayProcess gateway, String target) throws Exception {
		assertThat(assertAnswer(gateway, target, 500).body()).isEqualTo("The request could not be processed.\n");
	}

	/** With 200 it is the keyserver's, with anything else the keyserver was not asked. */
	private RawClient.Answer assertAnswer(GatewayProcess gateway, String target, int status) throws Exception {
		RawClient.Answer answer = RawClient.exchange(gateway.port(), "GET " + target + " HTTP/1.0\r\n\r\n");
		assertThat(answer.status()).as(() -> target + gateway.log()).isEqualTo(status);
		assertThat(answer.header("access-control-allow-origin")).isEqualTo("*");
		if (status == 200) {
			assertThat(this.upstream.take().requestLine()).startsWith("GET " + target + " ");
		}
		assertThat(this.upstream.waiting()).as(target).isZero();
		return answer;
	}

	@ParameterizedTest
	@ValueSource(booleans = { false, true })
	void aBodyReachesAPluginThatWantsItAndIsGrantedIt(boolean stream) throws Exception {
		String granted = "grants=http.request,http.respond,http.request.body";
		install("full", "TELLS_BODY", stream, granted, "body=full");
		install("prefix", "TELLS_BODY", stream, granted, "body=prefix");
		install("none", "TELLS_BODY", stream, granted, "body=none");
		install("ungranted", "TELLS_BODY", stream, "grants=http.request,http.respond", "body=full");
		install("open", "TELLS_BODY", stream, granted, "body=full", "fail=open");
		byte[] body = new byte[300_000];
		for (int i = 0; i < body.length; i++) {
			body[i] = (byte) (i * 31);
		}
		try (GatewayProcess gateway = start("hkp.edge.max-body=8MB")) {
			assertThat(gateway.actuator("plugins/full").path("features").toString().contains("stream"))
				.isEqualTo(stream);
			assertShown(gateway, "full", body, "BODY_COMPLETE", 300_000);
			assertShown(gateway, "prefix", body, "BODY_PREFIX", 65_536);
			assertShown(gateway, "none", body, "BODY_WITHHELD", 0);
			assertShown(gateway, "ungranted", body, "BODY_WITHHELD", 0);
			// A body over the limit never evades the plugin.
			assertThat(upload(gateway, "open", new byte[5 * 1024 * 1024]).status()).isEqualTo(413);
			assertThat(upload(gateway, "open", new byte[9 * 1024 * 1024]).status()).isEqualTo(413);
			assertThat(this.upstream.waiting()).isZero();
		}
	}

	private static void assertShown(GatewayProcess gateway, String plugin, byte[] body, String state, int bytes)
			throws IOException {
		assertThat(upload(gateway, plugin, body).body()).as(gateway::log)
			.isEqualTo(state + " " + body.length + " " + bytes + " " + ByteString.copyFrom(body, 0, bytes).hashCode());
	}

	private void install(String name, String behaviour, boolean stream, String... more) throws IOException {
		FakePluginProgram.installSpeaking(this.plugins, name, behaviour, stream,
				"capabilities = [\"http.request\", \"http.respond\", \"http.request.body\"]");
		String prefix = "hkp.plugins.settings." + name + ".";
		List<String> own = new ArrayList<>(List.of("match.paths=/" + name + "/**", "required=true"));
		own.addAll(List.of(more));
		if (own.stream().noneMatch((setting) -> setting.startsWith("timeout="))) {
			own.add("timeout=10s");
		}
		own.forEach((setting) -> this.settings.add(prefix + setting));
	}

	private GatewayProcess start(String... more) {
		List<String> all = new ArrayList<>(List.of("hkp.plugins.directories=" + this.plugins,
				"hkp.upstream.urls=" + this.upstream.uri(), "hkp.plugins.chain-budget=20s"));
		all.addAll(this.settings);
		all.addAll(List.of(more));
		return GatewayProcess.start(all.toArray(String[]::new));
	}

	private static RawClient.Answer upload(GatewayProcess gateway, String plugin, byte[] body) throws IOException {
		try (RawClient client = new RawClient(gateway.port())) {
			client.send("POST /" + plugin + "/x HTTP/1.0\r\nContent-Length: " + body.length + "\r\n\r\n").send(body);
			return client.readToEnd();
		}
	}

}
