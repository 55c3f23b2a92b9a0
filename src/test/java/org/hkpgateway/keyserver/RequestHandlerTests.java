package org.hkpgateway.keyserver;

import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Locale;

import org.bouncycastle.openpgp.PGPPublicKeyRing;
import org.hkpgateway.testsupport.LargeKey;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link RequestHandler}.
 */
class RequestHandlerTests {

	private static final String FORM = "application/x-www-form-urlencoded";

	private final KeyStore store = new KeyStore(Limits.DEFAULT);

	private final RequestHandler handler = new RequestHandler(this.store);

	private final TestKeys alice = new TestKeys();

	@Test
	void addWhenFormAnswersAsHockeypuckDoes() {
		String entry = "[{\"version\":4,\"fingerprint\":\"" + this.alice.fingerprint().toLowerCase(Locale.ROOT)
				+ "\"}]";
		assertThat(text(addForm(this.alice.withUserIds("Alice")))).isEqualTo("{\"inserted\":" + entry + "}\n");
		assertThat(text(addForm(this.alice.withUserIds("Alice")))).isEqualTo("{\"ignored\":" + entry + "}\n");
		Answer updated = addForm(this.alice.withUserIds("Alice Lab"));
		assertThat(text(updated)).isEqualTo("{\"updated\":" + entry + "}\n");
		assertThat(updated.contentType()).isEqualTo("application/json");
	}

	@Test
	void addWhenBinaryStoresKeys() {
		byte[] packets = TestKeys.packets(this.alice.withUserIds("Alice"));
		assertThat(this.handler.answer("POST", "/pks/add", "application/pgp", packets).status()).isEqualTo(200);
		assertThat(this.handler.answer("POST", "/pks/v2/certs", null, packets).status()).isEqualTo(200);
		assertThat(this.store.size()).isEqualTo(1);
	}

	@Test
	void addWhenArmorHoldsSeveralKeysStoresAll() {
		byte[] first = TestKeys.packets(this.alice.withUserIds("Alice"));
		byte[] second = TestKeys.packets(new TestKeys().withUserIds("Bob"));
		byte[] both = Arrays.copyOf(first, first.length + second.length);
		System.arraycopy(second, 0, both, first.length, second.length);
		assertThat(this.handler.answer("POST", "/pks/add", FORM, form(TestKeys.armor(both))).status()).isEqualTo(200);
		assertThat(this.store.size()).isEqualTo(2);
	}

	@Test
	void addWhenKeyHasMebibytesStoresIt() {
		LargeKey key = LargeKey.ofAtLeast(3 * 1024 * 1024);
		assertThat(this.handler.answer("POST", "/pks/add", FORM, form(key.armored())).status()).isEqualTo(200);
		Answer answer = get("/pks/lookup?op=get&search=0x" + key.fingerprint());
		assertThat(answer.status()).isEqualTo(200);
		assertThat(this.store.bytes()).isEqualTo(key.packets().length);
	}

	@Test
	void addWhenKeytextIsNoArmoredKeyAnswers400() {
		String armor = TestKeys.armor(TestKeys.packets(this.alice.withUserIds("Alice")));
		assertThat(addStatus("")).isEqualTo(400);
		assertThat(addStatus("keytext=")).isEqualTo(400);
		assertThat(addStatus("key=x")).isEqualTo(400);
		assertThat(addStatus("keytext=hello")).isEqualTo(400);
		assertThat(addStatus(
				new String(form(armor.replace("PUBLIC KEY BLOCK", "PRIVATE KEY BLOCK")), StandardCharsets.US_ASCII)))
			.isEqualTo(400);
		int body = armor.indexOf("\n\n") + 10;
		assertThat(addStatus(
				new String(form(armor.substring(0, body) + "!!!!" + armor.substring(body)), StandardCharsets.US_ASCII)))
			.isEqualTo(400);
		assertThat(this.store.size()).isZero();
	}

	@Test
	void addWhenPacketsAreNoPublicKeysAnswers422() {
		byte[] packets = TestKeys.packets(this.alice.withUserIds("Alice"));
		for (int length : new int[] { 0, 1, 10, packets.length - 1 }) {
			assertThat(
					this.handler.answer("POST", "/pks/add", "application/pgp", Arrays.copyOf(packets, length)).status())
				.as("%d bytes", length)
				.isEqualTo(422);
		}
		assertThat(this.handler
			.answer("POST", "/pks/add", "application/pgp", "hello, this is text".getBytes(StandardCharsets.US_ASCII))
			.status()).isEqualTo(422);
		byte[] hugeLength = { (byte) 0xc6, (byte) 0xff, 0x7f, (byte) 0xff, (byte) 0xff, (byte) 0xff, 4 };
		assertThat(this.handler.answer("POST", "/pks/add", "application/pgp", hugeLength).status()).isEqualTo(422);
	}

	@Test
	void addWhenAnyOctetIsDamagedNeverFails() {
		byte[] packets = TestKeys.packets(this.alice.withUserIds("Alice"));
		for (int i = 0; i < packets.length; i++) {
			for (int flip : new int[] { 0x01, 0x80, 0xff }) {
				byte[] damaged = packets.clone();
				damaged[i] ^= (byte) flip;
				Answer answer = new RequestHandler(new KeyStore(Limits.DEFAULT)).answer("POST", "/pks/add",
						"application/pgp", damaged);
				assertThat(answer.status()).as("octet %d flipped by %d", i, flip).isIn(200, 422);
			}
		}
	}

	@Test
	void getReturnsArmorOfTheSamePackets() throws Exception {
		PGPPublicKeyRing ring = this.alice.withUserIds("Alice");
		addForm(ring);
		for (int digits : new int[] { 40, 16, 8 }) {
			Answer answer = get("/pks/lookup?op=get&options=mr&search=0x"
					+ this.alice.fingerprint().substring(40 - digits).toLowerCase(Locale.ROOT));
			assertThat(answer.contentType()).isEqualTo("application/pgp-keys");
			assertThat(KeyParser.dearmor(answer.body())).isEqualTo(TestKeys.packets(ring));
		}
	}

	@ParameterizedTest
	@CsvSource({ "alice,200", "ALICE@LAB.EXAMPLE,200", "lab+alice,200", "M%C3%BCller,200", "bob,404",
			"alice@lab.example&exact=on,200", "alice&exact=on,404", "0x1234567812345678,404" })
	void getWhenTextSearchesUserIds(String search, int status) {
		addForm(this.alice.withUserIds("Alice Lab <alice@lab.example>", "M\u00fcller"));
		Answer answer = get("/pks/lookup?op=get&search=" + search);
		assertThat(answer.status()).isEqualTo(status);
		if (status == 404) {
			assertThat(answer.contentType()).startsWith("text/plain");
		}
	}

	@Test
	void indexWhenMachineReadableWritesLines() {
		addForm(this.alice.withUserIds("Alice: 100% \u00fc\n<alice@lab.example>"));
		addForm(this.alice.withRevokedUserId("Alice: 100% \u00fc\n<alice@lab.example>"));
		for (String op : new String[] { "index", "vindex" }) {
			Answer answer = get("/pks/lookup?op=" + op + "&options=mr&search=alice");
			assertThat(answer.contentType()).startsWith("text/plain");
			assertThat(text(answer)).isEqualTo("info:1:1\npub:" + this.alice.fingerprint() + ":22:256:1700000000::\n"
					+ "uid:Alice%3A 100%25 %C3%BC%0A<alice@lab.example>:1700172800::r\n");
		}
	}

	@Test
	void indexWhenForPeopleEscapesHtml() {
		addForm(this.alice.withUserIds("<script>alert('x')</script> \"&\""));
		Answer answer = get("/pks/lookup?op=index&search=script");
		assertThat(answer.contentType()).startsWith("text/html");
		assertThat(text(answer)).doesNotContain("<script>")
			.contains("&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt; &quot;&amp;&quot;");
	}

	@ParameterizedTest
	@CsvSource({ "GET,/pks/health,200", "GET,/pks/stats,200", "GET,/pks/lookup?op=stats,200",
			"GET,/pks/lookup?op=get,400", "GET,/pks/lookup?op=index&search=+,400", "GET,//pks/lookup?op=stats,400",
			"GET,/pks/lookup?op=hget&search=34192252123E85FB9DC56FE4BA530328,501", "POST,/pks/hashquery,501",
			"POST,/pks/delete,501", "POST,/pks/replace,501", "GET,/pks/v2/index/alice,501", "GET,/,404",
			"GET,/pks/unknown,404", "PUT,/pks/unknown,404", "OPTIONS,/pks/add,204", "GET,/pks/add,405",
			"DELETE,/pks/lookup?op=get&search=a,405", "POST,/pks/lookup?op=get&search=a,405", "TRACE,/pks/health,405" })
	void answersEachEndpoint(String method, String target, int status) {
		assertThat(this.handler.answer(method, target, null, new byte[0]).status()).isEqualTo(status);
	}

	@ParameterizedTest
	@ValueSource(strings = { "PUT", "OPTIONS" })
	void otherMethodsNameTheMethodsThereAre(String method) {
		assertThat(this.handler.answer(method, "/pks/add", null, new byte[0]).allow()).isEqualTo("POST, OPTIONS");
		assertThat(this.handler.answer(method, "/pks/lookup", null, new byte[0]).allow())
			.isEqualTo("GET, HEAD, OPTIONS");
	}

	private Answer addForm(PGPPublicKeyRing ring) {
		return this.handler.answer("POST", "/pks/add", FORM, form(TestKeys.armor(TestKeys.packets(ring))));
	}

	private int addStatus(String body) {
		return this.handler.answer("POST", "/pks/add", FORM, body.getBytes(StandardCharsets.US_ASCII)).status();
	}

	private Answer get(String target) {
		return this.handler.answer("GET", target, null, new byte[0]);
	}

	private static byte[] form(String keytext) {
		return ("options=mr&keytext=" + URLEncoder.encode(keytext, StandardCharsets.US_ASCII) + "&x=y")
			.getBytes(StandardCharsets.US_ASCII);
	}

	private static String text(Answer answer) {
		return new String(answer.body(), StandardCharsets.UTF_8);
	}

}
