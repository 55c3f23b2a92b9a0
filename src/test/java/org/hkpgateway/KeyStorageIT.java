package org.hkpgateway;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

import com.google.common.util.concurrent.Uninterruptibles;
import org.hkpgateway.grpc.FakePluginProgram;
import org.hkpgateway.testsupport.GatewayProcess;
import org.hkpgateway.testsupport.GpgHome;
import org.hkpgateway.testsupport.RawClient;
import org.hkpgateway.testsupport.RawUpstream;
import org.hkpgateway.testsupport.SksServer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Plugins' processes ask their host for keys that real keyservers have.
 */
@Timeout(240)
class KeyStorageIT {

	private static final String FPR = "0123456789ABCDEF0123456789ABCDEF01234567";

	@TempDir
	private Path plugins;

	private GatewayProcess gateway(URI keyserver, String... more) throws IOException {
		List<String> properties = new ArrayList<>(
				List.of("hkp.plugins.directories=" + this.plugins, "hkp.upstream.urls=" + keyserver));
		for (String name : List.of("granted", "denied")) {
			boolean denied = name.equals("denied");
			FakePluginProgram.installSpeaking(this.plugins, name, "ASKS_STORAGE", false,
					"capabilities = [\"http.request\", \"http.respond\"" + (denied ? "]" : ", \"storage.query\"]"));
			String settings = "hkp.plugins.settings." + name;
			properties.add(settings + ".required=true");
			properties.add(settings + ".timeout=40s");
			properties.add(settings + ".match.paths=/" + name);
			properties.add(settings + ".grants=http.request,http.respond" + (denied ? "" : ",storage.query"));
		}
		properties.add("hkp.plugins.chain-budget=40s");
		properties.addAll(List.of(more));
		return GatewayProcess.start(properties.toArray(String[]::new));
	}

	private static String ask(GatewayProcess gateway, String plugin, String type, String query, String more) {
		try {
			String octets = RawClient
				.exchange(gateway.port(), "GET /" + plugin + "?type=" + type + "&query="
						+ URLEncoder.encode(query, StandardCharsets.UTF_8) + more + " HTTP/1.0\r\nHost: k\r\n\r\n")
				.body();
			return new String(octets.getBytes(StandardCharsets.ISO_8859_1), StandardCharsets.UTF_8);
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
	}

	private static String ask(GatewayProcess gateway, String type, String query) {
		return ask(gateway, "granted", type, query, "");
	}

	@Test
	void keysOfARealKeyserverAreFound() throws Exception {
		try (SksServer sks = SksServer.start();
				GpgHome gpg = GpgHome.create();
				GatewayProcess gateway = gateway(sks.uri(), "hkp.storage.cache-ttl=1ms")) {
			String alice = gpg.generate("Alice Ä <alice@lab.example>");
			String bob = gpg.generate("Bob: <bob@lab.example>");
			String carol = gpg.generate("Carol <carol@elsewhere.example>");
			gpg.revoke(carol);
			gpg.runWithKeyserver(sks.uri(), "--send-keys", alice, bob, carol).orFail();

			String keyId = alice.substring(24);
			String facts = alice + " " + keyId + " [Alice Ä <alice@lab.example>] created \ntotal 1\n";
			assertThat(ask(gateway, "LOOKUP", alice)).isEqualTo(facts);
			assertThat(ask(gateway, "LOOKUP", "0x" + keyId)).isEqualTo(facts);
			assertThat(ask(gateway, "SEARCH", "alice@lab.example")).isEqualTo(facts);
			assertThat(ask(gateway, "FETCH", alice)).startsWith(alice + " " + keyId)
				.isEqualTo(facts.replace(" \n", " " + HexFormat.of().formatHex(gpg.exportKey(alice)) + "\n"));

			String all = ask(gateway, "SEARCH", "lab.example");
			assertThat(all.lines()).hasSize(3)
				.anyMatch((line) -> line.startsWith(bob + " " + bob.substring(24) + " [Bob: <bob@lab.example>]"))
				.endsWith("total 2");
			assertThat(ask(gateway, "granted", "SEARCH", "lab.example", "&limit=1").lines()).hasSize(2)
				.startsWith(all.lines().findFirst().orElseThrow())
				.endsWith("total 2");
			assertThat(ask(gateway, "granted", "SEARCH", "lab.example", "&limit=1&offset=1").lines()).hasSize(2)
				.startsWith(all.lines().skip(1).findFirst().orElseThrow());
			assertThat(ask(gateway, "granted", "SEARCH", "lab.example", "&stream"))
				.isEqualTo(all.replace("total 2", "end"));
			assertThat(ask(gateway, "granted", "FETCH", "lab.example", "&stream"))
				.contains(HexFormat.of().formatHex(gpg.exportKey(alice)), HexFormat.of().formatHex(gpg.exportKey(bob)))
				.endsWith("end\n");

			for (String type : List.of("LOOKUP", "FETCH")) {
				assertThat(ask(gateway, type, carol)).contains("[Carol <carol@elsewhere.example>] created revoked ");
			}
			assertThat(ask(gateway, "LOOKUP", FPR)).isEqualTo("total 0\n");
			assertThat(ask(gateway, "granted", "SEARCH", "nobody@lab.example", "&stream")).isEqualTo("end\n");

			sks.kill();
			assertThat(ask(gateway, "LOOKUP", alice))
				.startsWith("UNAVAILABLE: keyserver " + sks.uri().getAuthority() + ": expected: a connection, got: ");
		}
	}

	@Test
	void aKeyserverThatHangsIsWaitedForUntilTheDeadline() throws Exception {
		try (SksServer sks = SksServer.start(); GatewayProcess gateway = gateway(sks.uri(), "hkp.storage.timeout=1s")) {
			sks.freeze();
			assertThat(ask(gateway, "LOOKUP", FPR))
				.isEqualTo("UNAVAILABLE: expected: an answer of the keyserver within 1000 ms, got: none");
			sks.thaw();
			gateway.await("an answer", () -> ask(gateway, "LOOKUP", FPR).equals("total 0\n"));
		}
	}

	/**
	 * By eight connections, because on one there may be 128 calls at once. The keyserver
	 * does not answer before all thousand wait.
	 */
	@Test
	void aThousandEqualFetchesAreOneRequest() throws Exception {
		CountDownLatch allWait = new CountDownLatch(1);
		try (GpgHome gpg = GpgHome.create()) {
			String alice = gpg.generate("Alice <alice@lab.example>");
			String armor = gpg.run("--armor", "--export", alice).orFail().text();
			try (RawUpstream keyserver = new RawUpstream((socket, request) -> {
				Uninterruptibles.awaitUninterruptibly(allWait, 90, TimeUnit.SECONDS);
				socket.getOutputStream()
					.write(("HTTP/1.0 200 OK\r\n\r\n" + armor).getBytes(StandardCharsets.ISO_8859_1));
				socket.close();
			});
					GatewayProcess gateway = gateway(keyserver.uri(), "hkp.storage.cache-ttl=60s",
							"hkp.storage.timeout=100s", "hkp.plugins.settings.granted.timeout=100s",
							"hkp.plugins.chain-budget=100s")) {
				CompletableFuture<String> answers = CompletableFuture
					.supplyAsync(() -> ask(gateway, "granted", "FETCH", alice, "&times=1000&connections=8"));
				gateway.await("all but the first wait with it",
						() -> answers.isDone() || metric(gateway, "cache.lookups?tag=result:shared") == 999);
				assertThat(answers).isNotDone();
				assertThat(metric(gateway, "queries?tag=type:fetch")).as("answered by now").isEqualTo(-1);
				assertThat(keyserver.waiting()).isEqualTo(1);
				allWait.countDown();
				assertThat(answers.get(60, TimeUnit.SECONDS)).startsWith("1000 answers:\n" + alice)
					.endsWith("\ntotal 1\n")
					.hasLineCount(3);
				assertThat(keyserver.take().requestLine())
					.isEqualTo("GET /pks/lookup?op=get&options=mr&search=0x" + alice + " HTTP/1.1");
				assertThat(keyserver.waiting()).isZero();

				gateway.await("all queries", () -> metric(gateway, "queries?tag=type:fetch&tag=result:found") == 1000);
				assertThat(metric(gateway, "cache.lookups?tag=result:miss")).isEqualTo(1);
				assertThat(metric(gateway, "cache.lookups?tag=result:shared")).isEqualTo(999);
				assertThat(metric(gateway, "cache.lookups?tag=result:hit")).as("asked too late").isEqualTo(-1);
				assertThat(metric(gateway, "cache.answers")).isEqualTo(1);
				assertThat(metric(gateway, "cache.bytes")).isBetween(armor.length() / 2, 8 * armor.length());
			}
			finally {
				allWait.countDown();
			}
		}
	}

	@Test
	void withoutTheGrantNobodyIsAsked() throws Exception {
		try (RawUpstream keyserver = RawUpstream.answering("HTTP/1.0 404 Not found\r\n\r\n");
				GatewayProcess gateway = gateway(keyserver.uri())) {
			String refusal = "PERMISSION_DENIED: expected: the grant storage.query, got: a plugin without it; the "
					+ "manifest of denied has to request it, and the operator to grant it";
			assertThat(ask(gateway, "denied", "LOOKUP", FPR, "")).isEqualTo(refusal);
			assertThat(ask(gateway, "denied", "LOOKUP", FPR, "&stream")).isEqualTo(refusal);
			assertThat(keyserver.waiting()).isZero();
			assertThat(ask(gateway, "LOOKUP", FPR)).isEqualTo("total 0\n");
			// Past the chain: the plugins were asked about the request for them alone.
			assertThat(keyserver.take().requestLine()).startsWith("GET /pks/lookup?op=index&");
			assertThat(keyserver.waiting()).isZero();
		}
	}

	@Test
	void aPluginThatHasKeysIsAskedInTheKeyserversPlace() throws Exception {
		List<String> settings = new ArrayList<>();
		for (String name : List.of("provider", "provider-2")) {
			FakePluginProgram.installSpeaking(this.plugins, name, "ASKS_STORAGE", false,
					"capabilities = [\"http.request\", \"http.respond\", \"storage.query\", \"storage.provide\"]");
			String prefix = "hkp.plugins.settings." + name;
			settings.addAll(List.of(prefix + ".required=true", prefix + ".timeout=40s",
					prefix + ".order=" + (name.equals("provider") ? 1 : 2), prefix + ".match.paths=/" + name,
					prefix + ".grants=http.request,http.respond,storage.query,storage.provide"));
		}
		// What hangs takes it up, and nothing else may, whatever the machine is busy
		// with.
		settings.add("hkp.storage.timeout=10s");
		String keyservers = FPR + " " + FPR.substring(24) + " [Alice] created \ntotal 1\n";
		try (RawUpstream keyserver = RawUpstream
			.answering("HTTP/1.0 200 OK\r\n\r\npub:" + FPR + ":1:1:1::\nuid:Alice:::\n");
				GatewayProcess gateway = gateway(keyserver.uri(), settings.toArray(String[]::new))) {
			assertThat(ask(gateway, "SEARCH", "alice")).contains("[SEARCH alice {}] created expires revoked ")
				.endsWith("\ntotal 1\n");
			assertThat(ask(gateway, "SEARCH", "2500 keys")).endsWith("\ntotal 2500\n").hasLineCount(101);
			assertThat(ask(gateway, "granted", "SEARCH", "2500 keys", "&stream")).endsWith("\nend\n")
				.hasLineCount(2501);
			assertThat(keyserver.waiting()).isZero();

			for (String query : List.of("declined", "fails", "hangs", "no fingerprint", "too few")) {
				assertThat(ask(gateway, "SEARCH", query)).as(query).isEqualTo(keyservers);
				assertThat(keyserver.take().requestLine()).contains("op=index");
			}
			// Its process has not asked its host yet, which takes a moment to begin with.
			assertThat(ask(gateway, "provider", "SEARCH", "alice", "")).isEqualTo(keyservers);
			// The first asks its host while it is asked, and so does the second of the
			// first.
			assertThat(ask(gateway, "SEARCH", "mirror"))
				.contains("[SEARCH mirror {}, host: " + keyservers.strip() + "]");
			assertThat(ask(gateway, "provider-2", "SEARCH", "mirror", ""))
				.contains("[SEARCH mirror {}, host: " + keyservers.strip() + "]");

			gateway.await("the counts of the provider", () -> provided(gateway, "answered") >= 4
					&& provided(gateway, "declined") == 1 && provided(gateway, "failed") == 4);
			assertThat(gateway.change("plugins/provider", "{\"action\":\"disable\"}").status()).isEqualTo(200);
			assertThat(ask(gateway, "SEARCH", "bob")).contains("[SEARCH bob {}]");
			assertThat(gateway.change("plugins/provider-2", "{\"action\":\"disable\"}").status()).isEqualTo(200);
			assertThat(ask(gateway, "SEARCH", "carol")).isEqualTo(keyservers);
		}
	}

	private static int provided(GatewayProcess gateway, String outcome) {
		return gateway.actuator("metrics/hkp.plugin.storage.queries?tag=plugin:provider&tag=outcome:" + outcome)
			.path("measurements")
			.path(0)
			.path("value")
			.asInt(0);
	}

	private static int metric(GatewayProcess gateway, String name) {
		return gateway.actuator("metrics/hkp.storage." + name).path("measurements").path(0).path("value").asInt(-1);
	}

}
