package org.hkpgateway.antiabuse;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Collectors;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import org.hkpgateway.sdk.Allow;
import org.hkpgateway.sdk.AnsweredRequest;
import org.hkpgateway.sdk.Deadline;
import org.hkpgateway.sdk.Decision;
import org.hkpgateway.sdk.Headers;
import org.hkpgateway.sdk.PluginContext;
import org.hkpgateway.sdk.Request;
import org.hkpgateway.sdk.Respond;
import org.hkpgateway.sdk.ResponseDecision;
import org.hkpgateway.sdk.UpstreamResponse;
import org.hkpgateway.sdk.config.ConfigException;
import org.hkpgateway.sdk.config.PluginConfig;
import org.hkpgateway.sdk.host.HostException;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

/**
 * One case of the table that {@code cases/README.md} describes.
 */
final class Case {

	private final AtomicLong time = new AtomicLong(1_000_000_007L);

	private final FakeState state = new FakeState(this.time);

	private final AntiabusePlugin plugin = new AntiabusePlugin(this.time::get);

	private final Set<String> grants;

	private final PluginConfig config;

	private Case(JsonObject one) {
		this.grants = one.has("grants") ? texts(one.getAsJsonArray("grants")).stream().collect(Collectors.toSet())
				: Set.of("http.request", "http.respond");
		this.config = PluginConfig.parse(one.has("config") ? one.get("config").toString() : "{}");
	}

	static void run(JsonObject one) {
		members(one, "name", "config", "grants", "error", "warnings", "steps");
		Case running = new Case(one);
		if (one.has("error")) {
			assertThat(one.has("steps")).as("a case with an error has no steps").isFalse();
			running.refuses(one.getAsJsonObject("error"));
			return;
		}
		running.init();
		running.warns(one.has("warnings") ? texts(one.getAsJsonArray("warnings")) : List.of());
		long start = running.time.get();
		int number = 0;
		for (JsonElement step : one.getAsJsonArray("steps")) {
			running.step("step " + ++number, step.getAsJsonObject(), start);
		}
	}

	private void init() {
		this.plugin.init(new PluginContext("antiabuse", "0", this.config, this.grants, "test", "1.0", Map.of(), null,
				this.grants.contains("state") ? this.state : null, PluginContext.forTest("{}").host()));
	}

	private void refuses(JsonObject error) {
		members(error, "key", "contains");
		assertThatExceptionOfType(ConfigException.class).isThrownBy(this::init)
			.withMessageStartingWith("configuration key '" + error.get("key").getAsString() + "': expected: ")
			.satisfies((ex) -> assertThat(ex.getMessage()).contains(texts(error.getAsJsonArray("contains"))));
	}

	private void warns(List<String> expected) {
		List<String> warnings = AntiabuseConfig.parse(this.config).warnings();
		assertThat(warnings).hasSameSizeAs(expected);
		for (int i = 0; i < warnings.size(); i++) {
			assertThat(warnings.get(i)).contains(expected.get(i));
		}
	}

	private void step(String name, JsonObject step, long start) {
		members(step, "at", "repeat", "every", "request", "answer", "lift", "state", "keys", "health", "expect");
		if (step.has("at")) {
			long at = start + duration(step, "at").toNanos();
			assertThat(at).as(name + " goes back in time").isGreaterThanOrEqualTo(this.time.get());
			this.time.set(at);
		}
		int times = step.has("repeat") ? step.get("repeat").getAsInt() : 1;
		for (int n = 1; n <= times; n++) {
			String which = name + ((times > 1) ? ", time " + n : "");
			if (step.has("request")) {
				decides(which, new CaseRequest(step.getAsJsonObject("request"), n), step.getAsJsonObject("expect"));
			}
			else if (step.has("answer")) {
				notes(which, new CaseRequest(step.getAsJsonObject("answer"), n), step.getAsJsonObject("expect"));
			}
			else {
				operates(which, step);
			}
			this.time.addAndGet(step.has("every") ? duration(step, "every").toNanos() : 0);
		}
	}

	private void decides(String name, CaseRequest asked, JsonObject expect) {
		members(expect, "allow", "status", "retry_after", "delay", "text", "rule", "reason", "observed",
				"observed_reason");
		Request request = asked.request(this.grants);
		Decision decision = this.plugin.handleAsync(request).toCompletableFuture().join();
		if (expect.has("allow")) {
			assertThat(decision).as(name).isInstanceOf(Allow.class);
			assertThat(expect.has("status")).as(name + " allows and refuses").isFalse();
		}
		else {
			assertThat(decision).as(name).isInstanceOf(Respond.class);
			Respond respond = (Respond) decision;
			assertThat(respond.status()).as(name).isEqualTo(expect.get("status").getAsInt());
			assertThat(respond.notes().headers().first("Retry-After")).as(name)
				.isEqualTo(optional(expect, "retry_after"));
			Duration delay = expect.has("delay") ? duration(expect, "delay") : Duration.ZERO;
			assertThat(respond.notes().delayMillis()).as(name).isEqualTo((int) delay.toMillis());
			assertThat(respond.notes().headers().first("Content-Type")).contains("text/plain; charset=utf-8");
			optional(expect, "text")
				.ifPresent((text) -> assertThat(respond.bodyText()).as(name).isEqualTo(text + "\n"));
		}
		annotations(name, decision.notes().annotations(), expect);
		assertThat(decision.notes().reason()).as(name)
			.isEqualTo(decision.notes().annotations().getOrDefault("reason", ""));
	}

	private void notes(String name, CaseRequest asked, JsonObject expect) {
		members(expect, "rule", "reason", "observed", "observed_reason");
		assertThat(this.grants).as("an answer without the grant").contains("http.response");
		ResponseDecision decision = this.plugin
			.onResponseAsync(new UpstreamResponse("test", asked.status(), Headers.of(List.of()),
					Optional.of(new AnsweredRequest(asked.method(), asked.target(), asked.client(), asked.query())),
					Duration.ofMillis(5), Map.of(), Deadline.none(), "", this.grants, asked.dryRun()))
			.toCompletableFuture()
			.join();
		assertThat(decision.headers()).as(name).isEmpty();
		annotations(name, decision.annotations(), expect);
		assertThat(decision.reason()).as(name).isEqualTo(decision.annotations().getOrDefault("reason", ""));
	}

	private static void annotations(String name, Map<String, String> annotations, JsonObject expect) {
		for (String key : List.of("rule", "observed")) {
			assertThat(Optional.ofNullable(annotations.get(key))).as(name + ": " + key)
				.isEqualTo(optional(expect, key));
			assertThat(annotations.containsKey(key)).as(name + ": " + key)
				.isEqualTo(annotations.containsKey(key.equals("rule") ? "reason" : "observed_reason"));
		}
		for (String key : List.of("reason", "observed_reason")) {
			optional(expect, key).ifPresent((text) -> assertThat(annotations).as(name).containsEntry(key, text));
		}
		assertThat(annotations.keySet()).as(name).isSubsetOf("rule", "reason", "observed", "observed_reason");
	}

	private void operates(String name, JsonObject step) {
		if (step.has("lift")) {
			var unused = this.state.delete(step.get("lift").getAsString());
		}
		else if (step.has("state")) {
			String state = step.get("state").getAsString();
			this.state.full = state.equals("full");
			this.state.failure = switch (state) {
				case "away" -> HostException.Reason.UNAVAILABLE;
				case "refused" -> HostException.Reason.NOT_GRANTED;
				case "full", "back" -> null;
				default -> throw new AssertionError(step.toString());
			};
		}
		else if (step.has("keys")) {
			keys(name, step.getAsJsonObject("keys"));
		}
		else {
			Map<String, String> details = this.plugin.health().details();
			step.getAsJsonObject("health")
				.asMap()
				.forEach((key, value) -> assertThat(details).as(name).containsEntry(key, value.getAsString()));
		}
	}

	private void keys(String name, JsonObject expected) {
		boolean strikes = expected.keySet().stream().anyMatch((key) -> key.startsWith("strikes:"));
		Map<String, Optional<String>> there = new TreeMap<>();
		for (String key : this.state.keys()) {
			if (strikes || !key.startsWith("strikes:")) {
				there.put(key, this.state.text(key));
			}
		}
		assertThat(there.keySet()).as(name).containsExactlyInAnyOrderElementsOf(expected.keySet());
		there.forEach((key, value) -> {
			String text = optional(expected, key).orElse(null);
			if (text != null && text.endsWith("…")) {
				assertThat(value.orElse("")).as(name).startsWith(text.substring(0, text.length() - 1));
			}
			else {
				assertThat(value).as(name + ": " + key).isEqualTo(Optional.ofNullable(text));
			}
		});
	}

	/** A member that nobody reads would make a case pass that says something else. */
	static void members(JsonObject object, String... known) {
		assertThat(object.keySet()).as("members of " + object).isSubsetOf(known);
	}

	static Optional<String> optional(JsonObject object, String member) {
		JsonElement value = object.get(member);
		return (value == null || value.isJsonNull()) ? Optional.empty() : Optional.of(value.getAsString());
	}

	static List<String> texts(JsonArray array) {
		return array.asList().stream().map(JsonElement::getAsString).toList();
	}

	static InetSocketAddress address(String text) {
		try {
			return new InetSocketAddress(InetAddress.getByName(text), 40000);
		}
		catch (UnknownHostException ex) {
			throw new AssertionError(text, ex);
		}
	}

	private static Duration duration(JsonObject step, String member) {
		return PluginConfig.parse(step.toString()).getDuration(member, Duration.ZERO);
	}

}
