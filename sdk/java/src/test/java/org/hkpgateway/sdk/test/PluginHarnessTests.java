package org.hkpgateway.sdk.test;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Function;

import org.hkpgateway.sdk.AnsweredRequest;
import org.hkpgateway.sdk.Body;
import org.hkpgateway.sdk.Decision;
import org.hkpgateway.sdk.PluginContext;
import org.hkpgateway.sdk.PluginHandler;
import org.hkpgateway.sdk.PluginOptions;
import org.hkpgateway.sdk.Request;
import org.hkpgateway.sdk.ResponseDecision;
import org.hkpgateway.sdk.UpstreamResponse;
import org.hkpgateway.sdk.config.ConfigException;
import org.hkpgateway.sdk.host.Event;
import org.hkpgateway.sdk.host.EventBatch;
import org.hkpgateway.sdk.host.KeyPage;
import org.hkpgateway.sdk.host.KeyQuery;
import org.hkpgateway.sdk.log.RequestScope;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

/**
 * Tests for {@link PluginHarness}.
 */
class PluginHarnessTests {

	private final Plugin plugin = new Plugin();

	@Test
	void theRequestIsWhatAGatewayShows() throws Exception {
		try (PluginHarness harness = PluginHarness.of(this.plugin).start()) {
			harness.post("/pks/add?x=%61")
				.from("2001:db8::7")
				.header("User-Agent", "gpg")
				.header("Cookie", "secret")
				.body("keytext=x")
				.annotation("other.k", "v")
				.tls()
				.deadline(Duration.ofMinutes(1))
				.traceparent("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01")
				.handle();
		}
		Request request = this.plugin.requests.get(0);
		assertThat(request.path()).isEqualTo("/pks/add");
		assertThat(request.target()).isEqualTo("/pks/add?x=%61");
		assertThat(request.query()).containsEntry("x", "a");
		assertThat(request.clientAddress().getHostAddress()).isEqualTo("2001:db8:0:0:0:0:0:7");
		assertThat(request.headers().first("user-agent")).contains("gpg");
		assertThat(request.headers().first("cookie")).isEmpty();
		assertThat(request.body().state()).isEqualTo(Body.State.WITHHELD);
		assertThat(request.body().declaredLength()).isEqualTo(9);
		assertThat(request.annotations()).containsEntry("other.k", "v");
		assertThat(request.tls()).isTrue();
		assertThat(request.deadline().remaining()).isPositive();
		assertThat(this.plugin.scopes).containsExactly(new RequestScope(request.id(), request.traceparent()));
		assertThat(this.plugin.closed).isTrue();
	}

	@Test
	void grantsShowMore() throws Exception {
		PluginHarness harness = PluginHarness.of(this.plugin).grant("http.request.body", "http.credentials").start();
		Request request = harness.post("/pks/add").header("Cookie", "c").body("text").build();
		assertThat(request.headers().first("cookie")).contains("c");
		assertThat(request.body().state()).isEqualTo(Body.State.COMPLETE);
		assertThat(harness.post("/pks/add").bodyPrefix(new byte[3], 9).build().body().state())
			.isEqualTo(Body.State.PREFIX);
	}

	/** Each with what has to be granted for it. */
	enum Change {

		ANSWER("http.respond", Decision.deny(403)),

		RESPONSE_HEADER("http.respond", Decision.allow().addResponseHeader("X-A", "b")),

		REQUEST_HEADER("http.request.modify", Decision.allow().removeRequestHeader("X-A")),

		TARGET("http.request.rewrite", Decision.allow().rewriteQuery("")),

		BODY("http.request.rewrite", Decision.allow().replaceBody(new byte[1]));

		private final String grant;

		private final Decision decision;

		Change(String grant, Decision decision) {
			this.grant = grant;
			this.decision = decision;
		}

	}

	@ParameterizedTest
	@EnumSource
	void aDecisionWithoutItsGrantFailsTheTest(Change change) throws Exception {
		this.plugin.decision = (request) -> change.decision;
		PluginHarness poor = PluginHarness.of(this.plugin).grant("http.request.body").withhold("http.respond").start();
		assertThatIllegalStateException().isThrownBy(() -> poor.post("/pks/add").body("x").handle())
			.withMessageContaining("expected: the grant " + change.grant);
		PluginHarness rich = PluginHarness.of(this.plugin).grant("http.request.body", change.grant).start();
		assertThat(rich.post("/pks/add").body("x").handle()).isSameAs(change.decision);
	}

	@Test
	void onlyWholeBodiesAreReplaced() throws Exception {
		this.plugin.decision = (request) -> Decision.allow().replaceBody(new byte[1]);
		PluginHarness harness = PluginHarness.of(this.plugin)
			.grant("http.request.body", "http.request.rewrite")
			.start();
		assertThatIllegalStateException().isThrownBy(() -> harness.post("/pks/add").handle())
			.withMessageContaining("got: ABSENT");
		assertThatIllegalStateException().isThrownBy(() -> harness.post("/pks/hashquery").body("x").handle());
	}

	@Test
	void credentialsNeedTheirGrant() throws Exception {
		this.plugin.decision = (request) -> Decision.allow().setRequestHeader("Authorization", "x");
		PluginHarness harness = PluginHarness.of(this.plugin).grant("http.request.modify").start();
		assertThatIllegalStateException().isThrownBy(() -> harness.get("/").handle())
			.withMessageContaining("http.credentials");
	}

	@Test
	void theResponsePhase() throws Exception {
		PluginHarness harness = PluginHarness.of(this.plugin).grant("http.response").start();
		ResponseDecision decision = harness.get("/pks/lookup?op=get&search=0xa1b2c3d4")
			.from("192.0.2.9")
			.answered(404)
			.header("Server", "sks")
			.header("Set-Cookie", "s")
			.after(Duration.ofMillis(7))
			.onResponse();
		assertThat(decision.annotations()).containsEntry("status", "404");
		UpstreamResponse response = this.plugin.responses.get(0);
		assertThat(response.request().map(AnsweredRequest::clientAddress)).get().hasToString("/192.0.2.9");
		assertThat(response.headers().fields()).hasSize(1);
		assertThat(response.upstream()).hasMillis(7);
		PluginHarness blind = PluginHarness.of(this.plugin).grant("http.response").withhold("http.request").start();
		assertThat(blind.get("/").answered(200).build().request()).isEmpty();
	}

	@Test
	void whatAGatewayWouldNotCallIsNotCalled() throws Exception {
		PluginHarness harness = PluginHarness.of(this.plugin).start();
		assertThatIllegalStateException().isThrownBy(() -> harness.get("/").answered(200).onResponse())
			.withMessageContaining("the grant http.response, got: no grant");
		assertThatIllegalStateException().isThrownBy(() -> harness.deliver(Event.of("key.changed")))
			.withMessageContaining("events.subscribe");
		assertThatIllegalStateException().isThrownBy(() -> harness.provideKeys(KeyQuery.search("a")))
			.withMessageContaining("storage.provide");
		assertThatIllegalStateException().isThrownBy(() -> harness.get("/").dryRun().handle())
			.withMessageContaining("supportsDryRun()")
			.withMessageContaining("no such option");
	}

	@Test
	void eventsAndKeys() throws Exception {
		PluginHarness harness = PluginHarness.of(this.plugin).grant("events.subscribe", "storage.provide").start();
		harness.deliver(Event.of("key.changed").metadata("fingerprint", "AB"));
		assertThat(this.plugin.batches).singleElement()
			.satisfies((batch) -> assertThat(batch.events()).singleElement().returns("gateway", Event::source));
		assertThat(harness.provideKeys(KeyQuery.search("a"))).isEmpty();
		assertThat(harness.health().message()).isEmpty();
	}

	@Test
	void initFailsAsAnOperatorReadsIt() {
		assertThatExceptionOfType(ConfigException.class)
			.isThrownBy(() -> PluginHarness.of(this.plugin).config("{\"n\": \"x\"}").start())
			.withMessage("configuration key 'n': expected: a whole number from 1 to 9, got: \"x\"");
	}

	@Test
	void exceptionsComeAsTheyAreThrown() throws Exception {
		this.plugin.decision = (request) -> {
			throw new IllegalStateException("now");
		};
		PluginHarness harness = PluginHarness.of(this.plugin).start();
		assertThatIllegalStateException().isThrownBy(() -> harness.get("/").handle()).withMessage("now");
		PluginHarness later = PluginHarness.of(new PluginHandler() {
			@Override
			public Decision handle(Request request) {
				return Decision.allow();
			}

			@Override
			public CompletionStage<Decision> handleAsync(Request request) {
				return CompletableFuture.failedStage(new IOException("later"));
			}
		}).start();
		assertThatExceptionOfType(IOException.class).isThrownBy(() -> later.get("/").handle()).withMessage("later");
	}

	@Test
	void stateIsThereWithItsGrant() throws Exception {
		assertThat(PluginHarness.of(this.plugin).start().context().state()).isNull();
		PluginHarness harness = PluginHarness.of(this.plugin).grant("state").environment("A", "b").start();
		assertThat(harness.context().state()).isSameAs(harness.host().state());
		assertThat(harness.context().environment()).containsEntry("A", "b");
	}

	@Test
	void addressesAreLiteral() throws Exception {
		PluginHarness harness = PluginHarness.of(this.plugin).start();
		assertThatIllegalArgumentException().isThrownBy(() -> harness.get("/").from("localhost"));
	}

	private static final class Plugin implements PluginHandler {

		private final List<Request> requests = new ArrayList<>();

		private final List<UpstreamResponse> responses = new ArrayList<>();

		private final List<EventBatch> batches = new ArrayList<>();

		private final List<RequestScope> scopes = new ArrayList<>();

		private Function<Request, Decision> decision = (request) -> Decision.allow();

		private boolean closed;

		@Override
		public void init(PluginContext context) {
			context.config().getInt("n", 1, 1, 9);
		}

		@Override
		public Decision handle(Request request) {
			this.requests.add(request);
			this.scopes.add(RequestScope.current());
			return this.decision.apply(request);
		}

		@Override
		public ResponseDecision onResponse(UpstreamResponse response) {
			this.responses.add(response);
			return ResponseDecision.unchanged().annotate("status", Integer.toString(response.status()));
		}

		@Override
		public void onEvents(EventBatch batch) {
			this.batches.add(batch);
		}

		@Override
		public Optional<KeyPage> provideKeys(KeyQuery query) {
			return Optional.empty();
		}

		@Override
		public PluginOptions options() {
			return PluginOptions.defaults().handlesResponses().handlesEvents().providesKeys();
		}

		@Override
		public void close() {
			this.closed = true;
		}

	}

}
