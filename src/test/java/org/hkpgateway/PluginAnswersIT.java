package org.hkpgateway;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;

import com.google.protobuf.ByteString;
import org.hkpgateway.grpc.FakePluginProgram;
import org.hkpgateway.testsupport.GatewayProcess;
import org.hkpgateway.testsupport.RawClient;
import org.hkpgateway.testsupport.RawUpstream;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * What clients get when a plugin process answers well, badly or not at all.
 */
@Timeout(120)
class PluginAnswersIT {

	@TempDir
	private Path plugins;

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
	@CsvSource({ "CONTINUES,closed,200", "LEGACY_ONLY,closed,200", "DENIES,closed,403", "STATUS_502,closed,500",
			"ALL_DEFAULT_MESSAGE,closed,500", "STATUS_999,closed,500", "CRLF_IN_HEADER,closed,500",
			"NEVER_ANSWERS,closed,500", "ANSWERS_5_MB,closed,500", "HALTS,closed,500", "ALL_DEFAULT_MESSAGE,open,200",
			"NEVER_ANSWERS,open,200", "HALTS,open,200" })
	void theClientGetsTheKeyserversAnswerThePluginsOrTheConfiguredFailure(String behaviour, String policy, int status)
			throws Exception {
		String name = FakePluginProgram.install(this.plugins, behaviour);
		String settings = "hkp.plugins.settings." + name;
		try (GatewayProcess gateway = GatewayProcess.start("hkp.plugins.directories=" + this.plugins,
				"hkp.upstream.urls=" + this.upstream.uri(), settings + ".required=true", settings + ".fail=" + policy,
				settings + ".timeout=" + (behaviour.equals("NEVER_ANSWERS") ? "700ms" : "15s"),
				"hkp.plugins.chain-budget=20s")) {
			RawClient.Answer answer = RawClient.exchange(gateway.port(), "GET /pks/stats HTTP/1.0\r\n\r\n");
			assertThat(answer.status()).as(gateway.log()).isEqualTo(status);
			assertThat(answer.header("access-control-allow-origin")).isEqualTo("*");
			assertThat(this.upstream.waiting()).isEqualTo((status == 200) ? 1 : 0);
			if (status == 500 && !behaviour.equals("STATUS_502")) {
				assertThat(answer.body()).isEqualTo("The request could not be processed.\n");
			}
		}
	}

	@ParameterizedTest
	@CsvSource({ "'http.request,http.respond,http.request.body',full,BODY_COMPLETE,300000",
			"'http.request,http.respond,http.request.body',prefix,BODY_PREFIX,65536",
			"'http.request,http.respond,http.request.body',none,BODY_WITHHELD,0",
			"'http.request,http.respond',full,BODY_WITHHELD,0" })
	void aBodyReachesAPluginThatWantsItAndIsGrantedIt(String grants, String wanted, String state, int shown)
			throws Exception {
		String name = installBodyReader();
		String settings = "hkp.plugins.settings." + name;
		byte[] body = new byte[300_000];
		for (int i = 0; i < body.length; i++) {
			body[i] = (byte) (i * 31);
		}
		try (GatewayProcess gateway = GatewayProcess.start("hkp.plugins.directories=" + this.plugins,
				"hkp.upstream.urls=" + this.upstream.uri(), settings + ".required=true", settings + ".grants=" + grants,
				settings + ".body=" + wanted, settings + ".timeout=15s", "hkp.plugins.chain-budget=20s")) {
			try (RawClient client = new RawClient(gateway.port())) {
				client.send("POST /pks/add HTTP/1.0\r\nContent-Length: " + body.length + "\r\n\r\n").send(body);
				RawClient.Answer answer = client.readToEnd();
				assertThat(answer.body()).as(gateway.log())
					.isEqualTo(state + " 300000 " + shown + " " + ByteString.copyFrom(body, 0, shown).hashCode());
			}
		}
	}

	@Test
	void aBodyOverTheLimitIs413AndNeverEvadesThePlugin() throws Exception {
		String name = installBodyReader();
		String settings = "hkp.plugins.settings." + name;
		try (GatewayProcess gateway = GatewayProcess.start("hkp.plugins.directories=" + this.plugins,
				"hkp.upstream.urls=" + this.upstream.uri(), settings + ".required=true", settings + ".fail=open",
				settings + ".grants=http.request,http.respond,http.request.body", settings + ".body=full",
				"hkp.edge.max-body=8MB")) {
			assertThat(upload(gateway, 5 * 1024 * 1024).status()).isEqualTo(413);
			assertThat(upload(gateway, 9 * 1024 * 1024).status()).isEqualTo(413);
			assertThat(this.upstream.waiting()).isZero();
		}
	}

	private String installBodyReader() throws IOException {
		return FakePluginProgram.install(this.plugins, "TELLS_BODY",
				"capabilities = [\"http.request\", \"http.respond\", \"http.request.body\"]");
	}

	private static RawClient.Answer upload(GatewayProcess gateway, int bytes) throws IOException {
		try (RawClient client = new RawClient(gateway.port())) {
			client.send(("POST /pks/add HTTP/1.0\r\nContent-Length: " + bytes + "\r\n\r\n")
				.getBytes(StandardCharsets.ISO_8859_1));
			client.send(new byte[bytes]);
			return client.readToEnd();
		}
	}

}
