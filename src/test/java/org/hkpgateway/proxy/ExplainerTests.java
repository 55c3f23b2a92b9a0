package org.hkpgateway.proxy;

import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

import org.hkpgateway.http.Headers;
import org.hkpgateway.plugin.BodyMode;
import org.hkpgateway.plugin.Decision;
import org.hkpgateway.plugin.PluginClient;
import org.hkpgateway.plugin.PluginRegistry;
import org.hkpgateway.plugin.PluginSpec;
import org.hkpgateway.plugin.RequestEvent;
import org.hkpgateway.plugin.TestSpec;

import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import reactor.core.publisher.Mono;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

/**
 * Tests for {@link Explainer}, without plugins: how a request is read, and what the
 * keyserver would get, which nobody listens to here.
 */
class ExplainerTests {

	private static final URI FIRST = URI.create("http://127.0.0.1:1");

	@ParameterizedTest
	@CsvSource(delimiter = '|', textBlock = """
			GET     | /pks//lookup?op=get         | Host: keys               | 400
			GET     | /pks/lookup?op=get&op=index | Host: keys               | 400
			GET     | /pks/lookup?op=stats        | X-No: host               | 400
			GET     | /pks/lookup?op=stats        | Host: keys, Host: other  | 400
			GET     | /pks/a b                    | Host: keys               | 400
			GET     | http://keys/                | Host: keys               | 400
			TRACE   | /                           | Host: keys               | 405
			BREW    | /                           | Host: keys               | 501
			GET     | /                           | Host: elsewhere.example  | 421
			POST    | /pks/add                    | Host: keys, Content-Length: 2000000 | 413
			POST    | /pks/hashquery              | Host: keys, Content-Length: 5 | 400
			POST    | /                           | Host: keys, Transfer-Encoding: gzip | 400
			POST    | /                           | Host: keys, Content-Length: 1, Transfer-Encoding: chunked | 400
			GET     | /                           | Host: keys, X : blank    | 400
			GET     | /                           | Host: keys, Expect: tea  | 417
			""")
	void whatTheEdgeRefusesIsRefusedInItsWords(String method, String target, String fields, int status) {
		Explanation explanation = explain(new ExplainedRequest(method, target, "1.1", List.of(fields.split(", ")),
				ByteBuffer.allocate(0), peer(), false, false), "hkp.edge.allowed-hosts=keys");
		assertThat(explanation.result()).isInstanceOfSatisfying(Explanation.Refused.class, (refused) -> {
			assertThat(refused.head().status()).isEqualTo(status);
			assertThat(refused.reason()).isNotEmpty();
		});
		assertThat(explanation.seats()).isEmpty();
	}

	@Test
	void aHeadThatIsTooLongIsRefused() {
		Explanation explanation = explain(get("/", "Host: keys", "X-Long: " + "x".repeat(TestEdge.MAX_HEAD)));
		assertThat(((Explanation.Refused) explanation.result()).head().status()).isEqualTo(431);
		assertThat(explanation.understood()).isNull();
	}

	@Test
	void aLookupGoesToAnyKeyserverWithTheHeadThatItWouldHave() {
		Explanation explanation = explain(get("/pks/lookup?op=get&search=0x0123456789abcdef", "Host: keys",
				"Connection: X-Private", "X-Private: 1", "X-Kept: 1", "X-Forwarded-For: 192.0.2.66"));
		assertThat(explanation.understood()).isNotNull();
		assertThat(explanation.understood().hkp().keyId()).isEqualTo("0123456789ABCDEF");
		assertThat(explanation.understood().client().getAddress().getHostAddress()).isEqualTo("203.0.113.7");
		Explanation.Forward forward = (Explanation.Forward) explanation.result();
		assertThat(forward.reads()).isTrue();
		assertThat(forward.keyservers()).extracting(UpstreamStatus::url).containsExactly(FIRST);
		assertThat(forward.target()).isEqualTo("/pks/lookup?op=get&search=0x0123456789abcdef");
		assertThat(forward.bodyLength()).isZero();
		assertThat(forward.fields())
			.isEqualTo(Headers.of("Host", "keys", "X-Kept", "1", "X-Forwarded-For", "203.0.113.7", "X-Real-IP",
					"203.0.113.7", "X-Forwarded-Proto", "http", "X-Forwarded-Host", "keys", "Via", "1.1 hkp-gateway"));
	}

	@Test
	void theClientOfATrustedProxyIsBelieved() {
		Explanation explanation = explain(get("/", "Host: keys", "X-Forwarded-For: 192.0.2.66"),
				"hkp.client-address.trusted-proxies=203.0.113.0/24");
		assertThat(explanation.understood()).isNotNull();
		assertThat(explanation.understood().client().getAddress().getHostAddress()).isEqualTo("192.0.2.66");
		assertThat(explanation.understood().trustedPeer()).isTrue();
	}

	@Test
	void anUploadGoesToThePrimaryWithItsLength() {
		Explanation.Forward forward = (Explanation.Forward) explain(post("/pks/add", "keytext=x", "Host: keys"))
			.result();
		assertThat(forward.reads()).isFalse();
		assertThat(forward.keyservers()).singleElement().matches(UpstreamStatus::primary);
		assertThat(forward.bodyLength()).isEqualTo(9);
		assertThat(forward.fields().first("content-length")).isEqualTo("9");
	}

	@Test
	void aBodyOfUnknownLengthHasItsLengthOnlyIfTheKeyserverNeedsIt() {
		ExplainedRequest chunked = post("/pks/add", "keytext=x", "Host: keys", "Transfer-Encoding: chunked");
		Explanation.Forward required = (Explanation.Forward) explain(chunked, "hkp.upstream.content-length=require")
			.result();
		assertThat(required.fields().first("content-length")).isEqualTo("9");
		Explanation.Forward chunks = (Explanation.Forward) explain(chunked, "hkp.upstream.content-length=stream")
			.result();
		assertThat(chunks.fields().first("transfer-encoding")).isEqualTo("chunked");
		assertThat(chunks.bodyLength()).isEqualTo(-1);
	}

	@Test
	void aHashqueryIsChecked() {
		Explanation explanation = explain(post("/pks/hashquery", "\0\0\0\1", "Host: keys"));
		assertThat(((Explanation.Refused) explanation.result()).reason()).contains("got the count 1 in 4 bytes");
		assertThat(explain(post("/pks/hashquery", "\0\0\0\0", "Host: keys")).result())
			.isInstanceOf(Explanation.Forward.class);
	}

	/** No body goes by that it could see, so it is at hand. */
	@ParameterizedTest
	@CsvSource({ "NONE, ''", "PREFIX, keytext=01", "FULL, keytext=0123456789" })
	void aShadowSeesAllThatItWouldAndOthersNoMoreForThat(BodyMode mode, String shown) {
		Rehearsed other = new Rehearsed(TestSpec.named("a").body(mode, 10).build(), new ArrayList<>());
		Rehearsed shadow = new Rehearsed(TestSpec.named("s").shadow().body(BodyMode.FULL, 0).build(),
				new ArrayList<>());
		try (TestEdge edge = new TestEdge(FIRST, List.of(other, shadow))) {
			edge.gateway().explain(post("/pks/add", "keytext=0123456789", "Host: keys")).block(Duration.ofSeconds(10));
		}
		assertThat(other.texts()).containsExactly(shown);
		assertThat(shadow.texts()).containsExactly("keytext=0123456789");
		assertThat(other.seen().get(0).body().length()).isEqualTo(18);
	}

	@Test
	void optionsAreAnsweredHere() {
		Explanation explanation = explain(new ExplainedRequest("OPTIONS", "/pks/add", "1.1", List.of("Host: keys"),
				ByteBuffer.allocate(0), peer(), true, false), "hkp.edge.hsts=1d");
		Explanation.Answer answer = (Explanation.Answer) explanation.result();
		assertThat(answer.head().status()).isEqualTo(204);
		assertThat(answer.head().headers().first("strict-transport-security")).isEqualTo("max-age=86400");
	}

	@Test
	void whatCannotBeSentCannotBeExplained() {
		assertThatIllegalArgumentException().isThrownBy(() -> get("/", "Host: keys", "X: a\r\nY: b"))
			.withMessage("headers: expected: no line end, got: 0x0d at position 4");
		assertThatIllegalArgumentException()
			.isThrownBy(() -> explain(post("/pks/add", "abc", "Host: keys", "Content-Length: 4")))
			.withMessageContaining("expected: as many bytes as its Content-Length says, 4, got: 3");
	}

	private static ExplainedRequest get(String target, String... fields) {
		return new ExplainedRequest("GET", target, "1.1", List.of(fields), ByteBuffer.allocate(0), peer(), false,
				false);
	}

	private static ExplainedRequest post(String target, String body, String... fields) {
		return new ExplainedRequest("POST", target, "1.1", List.of(fields),
				ByteBuffer.wrap(body.getBytes(StandardCharsets.UTF_8)), peer(), false, false);
	}

	private static InetSocketAddress peer() {
		InetSocketAddress peer = ExplainedRequest.peer("203.0.113.7");
		assertThat(peer).isNotNull();
		return peer;
	}

	private static Explanation explain(ExplainedRequest request, String... properties) {
		try (TestEdge edge = new TestEdge(FIRST, List.of(), properties)) {
			Explanation explanation = edge.gateway().explain(request).block(Duration.ofSeconds(10));
			assertThat(explanation).isNotNull();
			return explanation;
		}
	}

	/** A plugin that can be asked about requests that are not real. */
	private record Rehearsed(PluginSpec spec, List<RequestEvent> seen) implements PluginRegistry.Entry {

		@Override
		public @Nullable PluginClient client() {
			return null;
		}

		@Override
		public PluginClient rehearsal() {
			return new PluginClient() {

				@Override
				public Mono<Decision> decide(RequestEvent event, Duration budget) {
					Rehearsed.this.seen.add(event);
					return Mono.just(Decision.Continue.UNCHANGED);
				}

				@Override
				public boolean declaresDryRun() {
					return true;
				}

			};
		}

		List<String> texts() {
			return this.seen.stream()
				.map((event) -> StandardCharsets.UTF_8.decode(event.body().bytes().duplicate()).toString())
				.toList();
		}

	}

}
