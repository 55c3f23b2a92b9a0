package org.hkpgateway.proxy;

import java.io.IOException;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

import io.netty.util.NetUtil;
import org.hkpgateway.plugin.BodyMode;
import org.hkpgateway.plugin.Decision;
import org.hkpgateway.plugin.PluginRegistry;
import org.hkpgateway.plugin.RequestEvent;
import org.hkpgateway.testsupport.Command;
import org.hkpgateway.testsupport.FreePorts;
import org.hkpgateway.testsupport.RawClient;
import org.hkpgateway.testsupport.RawUpstream;
import org.hkpgateway.testsupport.Requirements;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import reactor.core.publisher.Mono;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Attempts to be taken for somebody else: whom plugins see, and the bytes that the
 * keyserver gets.
 */
@Timeout(60)
class ClientAddressIT {

	private static final String OK = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

	private static final String UNTRUSTED = "hkp.client-address.trusted-proxies=192.0.2.0/24";

	private static final String TRUSTED = "hkp.client-address.trusted-proxies=127.0.0.1,10.0.0.0/8,2001:db8:1::/48";

	private final BlockingQueue<RequestEvent> seen = new LinkedBlockingQueue<>();

	@TempDir
	private Path temp;

	@ParameterizedTest
	@CsvSource(delimiter = '|', quoteCharacter = '`', nullValues = "none", value = {
			// trusted | configured header | what is sent, a line each | the client |
			// X-Forwarded-For at the keyserver
			"no | none | X-Forwarded-For: 6.6.6.6 | 127.0.0.1 | 127.0.0.1",
			"no | none | X_Forwarded_For: 6.6.6.6 | 127.0.0.1 | 127.0.0.1",
			"no | none | X-Real-IP: 6.6.6.6 | 127.0.0.1 | 127.0.0.1",
			"no | none | X-Forwarded-For: 6.6.6.6; Forwarded: for=6.6.6.6 | 127.0.0.1 | 127.0.0.1",
			"no | none | x-forwarded-client: 6.6.6.6 | 127.0.0.1 | 127.0.0.1",
			"no | Fastly-Client-IP | Fastly-Client-IP: 6.6.6.6 | 127.0.0.1 | 127.0.0.1",
			"no | Fastly-Client-IP | Fastly_Client_IP: 6.6.6.6 | 127.0.0.1 | 127.0.0.1",
			"yes | none | X-Forwarded-For: 6.6.6.6, 203.0.113.7 | 203.0.113.7 | 6.6.6.6, 203.0.113.7, 127.0.0.1",
			"yes | none | X-Forwarded-For: 6.6.6.6; X-Forwarded-For: 203.0.113.7 | 203.0.113.7 | 6.6.6.6, 203.0.113.7, 127.0.0.1",
			"yes | none | X-Forwarded-For: 6.6.6.6, 203.0.113.7, 10.1.1.1 | 203.0.113.7 | 6.6.6.6, 203.0.113.7, 10.1.1.1, 127.0.0.1",
			"yes | none | X-Forwarded-For: [2001:db8:2::7]:443, 2001:db8:1::5 | 2001:db8:2::7 | [2001:db8:2::7]:443, 2001:db8:1::5, 127.0.0.1",
			"yes | none | X-Forwarded-For: ::ffff:203.0.113.7 | 203.0.113.7 | ::ffff:203.0.113.7, 127.0.0.1",
			"yes | none | X-Forwarded-For: 6.6.6.6, garbage | 127.0.0.1 | 6.6.6.6, garbage, 127.0.0.1",
			"yes | none | X-Forwarded-For: | 127.0.0.1 | 127.0.0.1",
			"yes | none | X_Forwarded_For: 6.6.6.6 | 127.0.0.1 | 127.0.0.1",
			"yes | none | X-Real-IP: 6.6.6.6 | 127.0.0.1 | 127.0.0.1",
			"yes | none | Forwarded: for=6.6.6.6, for=203.0.113.7 | 203.0.113.7 | 203.0.113.7, 127.0.0.1",
			"yes | none | Forwarded: for=203.0.113.7,host=`x;for=6.6.6.6` | 127.0.0.1 | 127.0.0.1",
			"yes | Forwarded | X-Forwarded-For: 6.6.6.6; Forwarded: for=203.0.113.7 | 203.0.113.7 | 203.0.113.7, 127.0.0.1",
			"yes | X-Real-IP | X-Forwarded-For: 6.6.6.6; X-Real-IP: 203.0.113.7 | 203.0.113.7 | 203.0.113.7, 127.0.0.1",
			"yes | Fastly-Client-IP | Fastly-Client-IP: 203.0.113.7; X-Forwarded-For: 6.6.6.6 | 203.0.113.7 | 203.0.113.7, 127.0.0.1",
			"yes | Fastly-Client-IP | Fastly_Client_IP: 6.6.6.6 | 127.0.0.1 | 127.0.0.1",
			"yes | Fastly-Client-IP | X-Forwarded-For: 6.6.6.6 | 127.0.0.1 | 127.0.0.1" })
	void aClientIsWhoItIs(String trusted, String header, String sent, String client, String chain) throws Exception {
		try (RawUpstream upstream = RawUpstream.answering(OK);
				TestEdge edge = new TestEdge(upstream.uri(), List.of(watching()),
						trusted.equals("yes") ? TRUSTED : UNTRUSTED,
						"hkp.client-address.header=" + ((header != null) ? header : ""))) {
			RawClient.Answer answer = RawClient.exchange(edge.port(),
					"GET /pks/lookup?op=stats HTTP/1.1\r\nHost: keys\r\n" + sent.replace('`', '"').replace("; ", "\r\n")
							+ "\r\nConnection: close\r\n\r\n");
			assertThat(answer.status()).isEqualTo(200);
			RequestEvent event = this.seen.poll(10, TimeUnit.SECONDS);
			assertThat(NetUtil.toAddressString(event.client().getAddress())).isEqualTo(client);
			assertThat(event.head().headers().toString()).doesNotContain("6.6.6.6");
			List<String> received = upstream.take().headers();
			assertThat(received).containsOnlyOnce("X-Forwarded-For: " + chain, "X-Real-IP: " + client);
			assertThat(received).filteredOn((line) -> line.contains("6.6.6.6"))
				.allMatch((line) -> line.equals("X-Forwarded-For: " + chain));
			assertThat(received).noneMatch((line) -> line.toLowerCase(java.util.Locale.ROOT).startsWith("forwarded"));
		}
	}

	@ParameterizedTest
	@CsvSource(delimiter = '|', quoteCharacter = '`', nullValues = "none", value = {
			// trusted | configured header | what is sent, a line each | scheme | host
			"no | none | X-Forwarded-For: 6.6.6.6; X-Forwarded-Proto: https; X-Forwarded-Host: evil | http | keys",
			"no | Forwarded | Forwarded: for=6.6.6.6,proto=https,host=evil | http | keys",
			"no | Fastly-Client-IP | Fastly-Client-IP: 6.6.6.6; X-Forwarded-Proto: https | http | keys",
			"yes | none | X-Forwarded-For: 192.0.2.1; X-Forwarded-Proto: https; X-Forwarded-Host: asked | https | asked",
			"yes | none | X-Forwarded-Proto: https; X-Forwarded-Proto: http; X-Forwarded-Host: evil; X-Forwarded-Host: asked | http | asked",
			"yes | none | X-Forwarded-Proto: https, http; X-Forwarded-Host: evil, asked | http | asked",
			"yes | none | X-Forwarded-Host: <evil> | http | keys",
			"yes | none | X_Forwarded_Proto: https | http | keys",
			"yes | none | X-Forwarded-For: 192.0.2.1; Forwarded: for=6.6.6.6,proto=https,host=evil | http | keys",
			"yes | none | Forwarded: for=192.0.2.1,proto=https,host=asked; X-Forwarded-Proto: http; X-Forwarded-Host: evil | https | asked",
			"yes | X-Forwarded-For | X-Forwarded-For: 192.0.2.1; Forwarded: for=6.6.6.6,proto=https | http | keys",
			"yes | Forwarded | Forwarded: for=192.0.2.1; X-Forwarded-Proto: https; X-Forwarded-Host: evil | http | keys",
			"yes | Forwarded | X-Forwarded-For: 6.6.6.6; X-Forwarded-Proto: https; X-Forwarded-Host: evil | http | keys",
			"yes | Forwarded | Forwarded: for=192.0.2.1,Proto=HTTPS,host=`asked:443` | https | asked:443",
			"yes | Forwarded | Forwarded: for=6.6.6.6,proto=https,host=evil, for=192.0.2.1,proto=http,host=asked | http | asked",
			"yes | Forwarded | Forwarded: for=6.6.6.6,proto=https,host=evil; Forwarded: for=192.0.2.1 | http | keys",
			"yes | Forwarded | Forwarded: for=192.0.2.1,proto=https,host=asked, for=10.1.1.1,proto=http,host=inner | https | asked",
			"yes | Forwarded | Forwarded: for=6.6.6.6,proto=https, for=_hidden,proto=http | http | keys",
			"yes | Forwarded | Forwarded: for=_hidden,proto=https,host=asked | https | asked",
			"yes | Forwarded | Forwarded: for=192.0.2.1,proto=http,proto=https,host=evil,host=evil | http | keys",
			"yes | Forwarded | Forwarded: for=192.0.2.1,host=`<evil>` | http | keys",
			"yes | Forwarded | Forwarded: for=192.0.2.1,host=`a,proto=https` | http | keys",
			"yes | Fastly-Client-IP | Fastly-Client-IP: 192.0.2.1; X-Forwarded-Proto: https | https | keys",
			"yes | Fastly-Client-IP | Fastly-Client-IP: 192.0.2.1; X-Forwarded-Proto: https; X-Forwarded-Proto: http | http | keys",
			"yes | Fastly-Client-IP | Fastly-Client-IP: 192.0.2.1; X-Forwarded-Host: evil | http | keys",
			"yes | Fastly-Client-IP | Fastly-Client-IP: 192.0.2.1; Forwarded: for=6.6.6.6,proto=https,host=evil | http | keys" })
	void schemeAndHostAreWhatTheProxySaysWhoNamesTheClient(String trusted, String header, String sent, String scheme,
			String host) throws Exception {
		try (RawUpstream upstream = RawUpstream.answering(OK);
				TestEdge edge = new TestEdge(upstream.uri(), List.of(watching()),
						trusted.equals("yes") ? TRUSTED : UNTRUSTED,
						"hkp.client-address.header=" + ((header != null) ? header : ""))) {
			// Semicolons of Forwarded are commas without a space above.
			String lines = sent.replace("; ", "\r\n").replaceAll(",(?! )", ";").replace('`', '"');
			assertThat(
					RawClient
						.exchange(edge.port(),
								"GET /pks/lookup?op=stats HTTP/1.1\r\nHost: keys\r\n" + lines
										+ "\r\nConnection: close\r\n\r\n")
						.status())
				.isEqualTo(200);
			assertThat(this.seen.take().tls()).isEqualTo(scheme.equals("https"));
			assertThat(upstream.take().headers()).containsOnlyOnce("X-Forwarded-Proto: " + scheme,
					"X-Forwarded-Host: " + host);
		}
	}

	/** The server library would, where it is told to. */
	@ParameterizedTest
	@ValueSource(strings = { "X-Forwarded-Proto: https", "Forwarded: proto=https;for=6.6.6.6;host=evil.example:x",
			"X-Forwarded-Host: evil.example\r\nX-Forwarded-Port: none", "X-Forwarded-Prefix: none" })
	void nothingInFrontOfTheGatewayReadsWhatAStrangerForwards(String sent) throws Exception {
		try (RawUpstream upstream = RawUpstream.answering(OK);
				TestEdge edge = new TestEdge(upstream.uri(), List.of(watching()), UNTRUSTED, "hkp.edge.hsts=1d")) {
			RawClient.Answer answer = RawClient.exchange(edge.port(),
					"GET /pks/lookup?op=stats HTTP/1.1\r\nHost: keys\r\n" + sent + "\r\nConnection: close\r\n\r\n");
			assertThat(answer.status()).isEqualTo(200);
			assertThat(answer.bytes()).doesNotContainIgnoringCase("Strict-Transport-Security");
			assertThat(this.seen.take().tls()).isFalse();
			assertThat(upstream.take().headers()).contains("X-Forwarded-Proto: http", "X-Forwarded-Host: keys");
		}
	}

	/** Its clients come from 127.0.0.2, it asks the gateway from 127.0.0.1. */
	@Test
	void behindNginxAClientIsWhoNginxSaysItIs() throws Exception {
		Path nginx = Requirements.program("nginx");
		Path curl = Requirements.program("curl");
		int port = FreePorts.next();
		try (RawUpstream upstream = RawUpstream.answering(OK);
				TestEdge edge = new TestEdge(upstream.uri(), List.of(watching()),
						"hkp.client-address.trusted-proxies=127.0.0.1")) {
			Files.writeString(this.temp.resolve("nginx.conf"),
					"""
							daemon off; master_process off; pid nginx.pid; error_log error.log;
							events {}
							http {
							  access_log off;
							  client_body_temp_path b; proxy_temp_path p; fastcgi_temp_path f; uwsgi_temp_path u; scgi_temp_path s;
							  underscores_in_headers on;
							  server {
							    listen 127.0.0.1:%d;
							    location / {
							      proxy_pass http://127.0.0.1:%d;
							      proxy_bind 127.0.0.1;
							      proxy_set_header Host $http_host;
							      proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
							      proxy_set_header X-Forwarded-Proto $scheme;
							    }
							  }
							}
							"""
						.formatted(port, edge.port()));
			Process running = new ProcessBuilder(nginx.toString(), "-p", this.temp.toString(), "-c", "nginx.conf", "-e",
					"error.log")
				.redirectErrorStream(true)
				.redirectOutput(this.temp.resolve("nginx.log").toFile())
				.start();
			try {
				awaitPort(port, running);
				Command
					.run(this.temp, Duration.ofSeconds(30), new byte[0],
							List.of(curl.toString(), "-sS", "--interface", "127.0.0.2", "-H",
									"X-Forwarded-For: 6.6.6.6", "-H", "X_Forwarded_For: 6.6.6.6", "-H",
									"Forwarded: for=6.6.6.6", "-H", "X-Real-IP: 6.6.6.6", "-H",
									"X-Forwarded-Proto: https", "http://127.0.0.1:" + port + "/pks/lookup?op=stats"))
					.orFail();
			}
			finally {
				running.destroy();
				running.waitFor(10, TimeUnit.SECONDS);
				running.destroyForcibly();
			}
			RequestEvent event = this.seen.poll(10, TimeUnit.SECONDS);
			assertThat(event).isNotNull();
			assertThat(NetUtil.toAddressString(event.client().getAddress())).isEqualTo("127.0.0.2");
			assertThat(event.tls()).isFalse();
			assertThat(event.head().headers().toString()).doesNotContain("6.6.6.6");
			assertThat(upstream.take().headers()).contains("X-Real-IP: 127.0.0.2",
					"X-Forwarded-For: 6.6.6.6, 127.0.0.2, 127.0.0.1", "X-Forwarded-Proto: http");
		}
	}

	private PluginRegistry.Entry watching() {
		return TestEdge.plugin(BodyMode.NONE, (event, budget) -> {
			this.seen.add(event);
			return Mono.just(new Decision.Continue(List.of(), List.of(), Map.of(), ""));
		});
	}

	private void awaitPort(int port, Process process) throws Exception {
		long end = System.nanoTime() + Duration.ofSeconds(20).toNanos();
		while (true) {
			try (Socket socket = new Socket("127.0.0.1", port)) {
				return;
			}
			catch (IOException ex) {
				assertThat(process.isAlive() && System.nanoTime() < end).as(() -> "nginx listens; it wrote " + log())
					.isTrue();
				TimeUnit.MILLISECONDS.sleep(20);
			}
		}
	}

	private String log() {
		try {
			return Files.readString(this.temp.resolve("nginx.log"));
		}
		catch (IOException ex) {
			return ex.toString();
		}
	}

}
