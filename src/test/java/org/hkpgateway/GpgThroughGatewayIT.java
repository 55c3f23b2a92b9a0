package org.hkpgateway;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

import org.hkpgateway.testsupport.Command;
import org.hkpgateway.testsupport.GatewayProcess;
import org.hkpgateway.testsupport.GpgHome;
import org.hkpgateway.testsupport.LargeKey;
import org.hkpgateway.testsupport.RawClient;
import org.hkpgateway.testsupport.SksServer;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * The main job: gpg, through the gateway and a plugin process, to a keyserver.
 */
@Timeout(180)
class GpgThroughGatewayIT {

	private static final String PLUGINS = "hkp.plugins.directories=" + GatewayProcess.ANTIABUSE;

	private static final String REQUIRED = "hkp.plugins.settings.antiabuse.required=true";

	/** Longer than a busy machine needs. */
	private static final String TIMEOUT = "hkp.plugins.settings.antiabuse.timeout=15s";

	private static final String BUDGET = "hkp.plugins.chain-budget=20s";

	/** With a gateway before it, for tests that count nothing. */
	private static SksServer sks;

	private static GatewayProcess gateway;

	@BeforeAll
	static void startGateway() {
		sks = SksServer.start();
		gateway = before(sks);
	}

	@AfterAll
	static void stopGateway() throws Exception {
		try (SksServer first = sks; GatewayProcess second = gateway) {
			// Closed even if a start has failed.
		}
	}

	private static GatewayProcess before(SksServer sks) {
		return GatewayProcess.start(PLUGINS, REQUIRED, TIMEOUT, BUDGET, "hkp.upstream.urls=" + sks.uri());
	}

	@Test
	void withTheEmbeddedKeyserver() {
		try (GpgHome alice = GpgHome.create();
				GpgHome bob = GpgHome.create();
				GatewayProcess embedded = GatewayProcess.start(PLUGINS, REQUIRED, TIMEOUT, BUDGET)) {
			sendSearchAndReceive(alice, bob, embedded);
			Pattern line = Pattern.compile("operation=ADD plugins=antiabuse:continue\\([\\d.]+ms\\) decision=forward "
					+ "status=200 plugin=- upstream=\\S+:\\d+ in=[1-9]\\d* out=[1-9]");
			embedded.await("the line of the upload", () -> embedded.accessLog().stream().anyMatch(line.asPredicate()));
		}
	}

	@Test
	void withSks() {
		try (GpgHome alice = GpgHome.create(); GpgHome bob = GpgHome.create()) {
			String fingerprint = sendSearchAndReceive(alice, bob, gateway);
			String index = get(gateway, "/pks/lookup?op=index&options=mr&search=0x" + fingerprint);
			assertThat(index).contains("info:1:1").containsIgnoringCase(fingerprint);
			assertThat(index).isEqualTo(get(sks.port(), "/pks/lookup?op=index&options=mr&search=0x" + fingerprint));
			assertThat(sks.logLines()).anySatisfy((line) -> assertThat(line).contains("/pks/lookup"));
		}
	}

	@Test
	void aKeyOfAMebibyteThroughSks() {
		LargeKey key = LargeKey.ofAtLeast(1024 * 1024);
		try (GpgHome alice = GpgHome.create(); GpgHome bob = GpgHome.create()) {
			alice.importKeys(key.packets());
			alice.runWithKeyserver(gateway.uri(), "--send-keys", key.fingerprint()).orFail();
			bob.runWithKeyserver(gateway.uri(), "--recv-keys", key.fingerprint()).orFail();
			assertThat(bob.exportKey(key.fingerprint())).isEqualTo(alice.exportKey(key.fingerprint()));
		}
	}

	@Test
	void aPeersHashqueryWithoutHostIsReplayedByteForByte() throws IOException {
		try (GpgHome alice = GpgHome.create()) {
			String fingerprint = alice.generate("Alice Lab <alice@lab.example>");
			alice.runWithKeyserver(gateway.uri(), "--send-keys", fingerprint).orFail();
			byte[] request = hashquery(get(gateway, "/pks/lookup?op=index&hash=on&search=0x" + fingerprint));
			byte[] direct = exchange(sks.port(), request);
			byte[] through = exchange(gateway.port(), request);
			assertThat(direct).hasSizeGreaterThan(100);
			assertThat(through).isEqualTo(direct);
		}
	}

	/** The hash is that of sks's own index page. */
	private static byte[] hashquery(String index) {
		Matcher matcher = Pattern.compile("op=hget&amp;search=([0-9A-F]{32})").matcher(index);
		assertThat(matcher.find()).as(index).isTrue();
		byte[] md5 = HexFormat.of().parseHex(matcher.group(1).toLowerCase(Locale.ROOT));
		ByteBuffer body = ByteBuffer.allocate(24).putInt(1).putInt(16).put(md5);
		byte[] head = "POST /pks/hashquery HTTP/1.0\r\ncontent-length: 24\r\n\r\n"
			.getBytes(StandardCharsets.ISO_8859_1);
		return ByteBuffer.allocate(head.length + 24).put(head).put(body.array()).array();
	}

	private static byte[] exchange(int port, byte[] request) throws IOException {
		try (RawClient client = new RawClient(port)) {
			RawClient.Answer answer = client.send(request).readToEnd();
			assertThat(answer.status()).isEqualTo(200);
			return answer.body().getBytes(StandardCharsets.ISO_8859_1);
		}
	}

	@Test
	void refreshOfNinetyKeysPassesByDefault() {
		try (GpgHome alice = GpgHome.create();
				SksServer own = SksServer.start();
				GatewayProcess counted = before(own)) {
			for (int i = 0; i < 90; i++) {
				alice.importKeys(LargeKey.ofAtLeast(1, "Key " + i + " <k" + i + "@lab.example>").packets());
			}
			List<String> sendKeys = new ArrayList<>(List.of("--send-keys"));
			sendKeys.addAll(alice.fingerprints());
			assertThat(sendKeys).hasSize(91);
			alice.runWithKeyserver(own.uri(), sendKeys.toArray(String[]::new)).orFail();
			Command.Result refresh = alice.runWithKeyserver(counted.uri(), "--refresh-keys").orFail();
			counted.await("all lines", () -> counted.accessLog().size() >= 90);
			assertThat(counted.accessLog()).hasSize(90).allMatch((line) -> line.contains("status=200"));
			assertThat(refresh.errors().lines().filter((line) -> line.endsWith(" not changed"))).hasSize(90);
		}
	}

	private static String sendSearchAndReceive(GpgHome alice, GpgHome bob, GatewayProcess gateway) {
		String fingerprint = alice.generate("Alice Lab <alice@lab.example>");
		alice.runWithKeyserver(gateway.uri(), "--send-keys", fingerprint).orFail();
		Command.Result search = bob.runWithKeyserver(gateway.uri(), "--with-colons", "--search-keys",
				"alice@lab.example");
		assertThat(search.text()).contains(fingerprint.substring(fingerprint.length() - 16))
			.contains("alice@lab.example");
		bob.runWithKeyserver(gateway.uri(), "--recv-keys", fingerprint).orFail();
		assertThat(bob.exportKey(fingerprint)).isEqualTo(alice.exportKey(fingerprint));
		return fingerprint;
	}

	private static String get(GatewayProcess gateway, String target) {
		return get(gateway.port(), target);
	}

	private static String get(int port, String target) {
		try {
			return RawClient.exchange(port, "GET " + target + " HTTP/1.0\r\nHost: localhost\r\n\r\n").body();
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
	}

}
