package org.hkpgateway.actuate;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

import com.fasterxml.jackson.annotation.JsonInclude;
import org.hkpgateway.chain.Change;
import org.hkpgateway.chain.Delay;
import org.hkpgateway.chain.PluginOutcome;
import org.hkpgateway.chain.Seat;
import org.hkpgateway.hkp.HkpRequest;
import org.hkpgateway.http.Headers;
import org.hkpgateway.http.ResponseHead;
import org.hkpgateway.lifecycle.PluginStatus;
import org.hkpgateway.plugin.PluginId;
import org.hkpgateway.proxy.Explanation;
import org.hkpgateway.proxy.UpstreamStatus;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.json.JsonMapper;

/**
 * An explanation as an operator reads it. What there is nothing to say of is left out.
 *
 * @param understood how the gateway reads the request; null if it cannot
 * @param plugins the chain, in order; empty if the request does not come so far
 * @param result what would be done
 * @param upstream what the keyserver would get; null if nothing
 * @param changes who changed what, in order, as the access log has it
 * @param delay how long plugins want the request to be held; null for not at all
 * @param chainMillis how long the plugins took
 * @param notes what to know when reading this
 */
record ExplanationView(@Nullable Understood understood, List<ExplainedPlugin> plugins, Result result,
		@Nullable Upstream upstream, List<String> changes, @Nullable DelayView delay, double chainMillis,
		List<String> notes) {

	/** Of a body that is shown, in bytes. */
	private static final int MOST_SHOWN = 4096;

	private static final double NANOS_IN_A_MILLISECOND = 1e6;

	static JsonMapper mapper() {
		return JsonMapper.builder()
			.changeDefaultPropertyInclusion((inclusion) -> inclusion.withValueInclusion(JsonInclude.Include.NON_NULL))
			.build();
	}

	/**
	 * Makes the view.
	 * @param explanation what would be done
	 * @param known all plugins, also those that are not in the chain
	 * @return for JSON
	 */
	static ExplanationView of(Explanation explanation, List<PluginStatus> known) {
		Explanation.Result result = explanation.result();
		Map<PluginId, PluginOutcome> outcomes = new HashMap<>();
		explanation.trace().outcomes().forEach((outcome) -> outcomes.put(outcome.plugin(), outcome));
		List<ExplainedPlugin> plugins = explanation.seats()
			.stream()
			.map((seat) -> ExplainedPlugin.of(seat, outcomes.get(seat.spec().id()),
					explanation.notCalled().contains(seat.spec().id()), explanation.forced().contains(seat.spec().id()),
					result instanceof Explanation.Forward))
			.toList();
		return new ExplanationView(Understood.of(explanation.understood()), plugins, Result.of(result),
				(result instanceof Explanation.Forward forward) ? Upstream.of(forward) : null,
				explanation.trace().changes().stream().map(Change::toString).toList(),
				DelayView.of(explanation.trace().delay()), millis(explanation.chainNanos()), notes(explanation, known));
	}

	static double millis(long nanos) {
		return Math.round(nanos / NANOS_IN_A_MILLISECOND * 1000) / 1000.0;
	}

	private static List<String> notes(Explanation explanation, List<PluginStatus> known) {
		List<String> notes = new ArrayList<>();
		if (!explanation.notCalled().isEmpty()) {
			notes.add("Not called, because they do not declare dry_run and would change their state: "
					+ names(explanation.notCalled()) + ". A real request may be decided differently. "
					+ "With \"force\": true they are called.");
		}
		if (!explanation.forced().isEmpty()) {
			notes.add("Called by force; they may have changed their state: " + names(explanation.forced()) + ".");
		}
		if (explanation.result() instanceof Explanation.Refused) {
			notes.add("The gateway itself refuses the request; no plugin hears of it.");
			return notes;
		}
		notes.addAll(BreakerNotes.of(explanation, known));
		List<PluginId> seated = explanation.seats().stream().map((seat) -> seat.spec().id()).toList();
		for (PluginStatus status : known) {
			if (!seated.contains(status.id())) {
				notes.add("Not in the chain: " + status.id() + ", "
						+ (status.enabled() ? "it is granted neither http.request nor http.response" : "it is disabled")
						+ ".");
			}
		}
		if (explanation.result() instanceof Explanation.Forward forward && forward.method().equals("HEAD")) {
			notes.add("A keyserver that does not serve HEAD would be sent GET.");
		}
		return notes;
	}

	private static String names(Iterable<PluginId> ids) {
		List<String> names = new ArrayList<>();
		ids.forEach((id) -> names.add(id.name()));
		names.sort(null);
		return String.join(", ", names);
	}

	private static List<String> lines(Headers headers) {
		return headers.fields().stream().map((field) -> field.name() + ": " + field.value()).toList();
	}

	/**
	 * How the gateway reads the request.
	 *
	 * @param method as sent
	 * @param target as sent
	 * @param operation of HKP; null outside of it
	 * @param search decoded search term
	 * @param fingerprint if the search is one
	 * @param keyId if the search is one
	 * @param options of the lookup
	 * @param client who sent it, as plugins see it; null if it was refused before
	 * @param trustedProxy whether a trusted proxy said so
	 * @param tls whether the client spoke TLS
	 */
	record Understood(String method, String target, @Nullable String operation, @Nullable String search,
			@Nullable String fingerprint, @Nullable String keyId, @Nullable List<String> options,
			@Nullable String client, boolean trustedProxy, boolean tls) {

		static @Nullable Understood of(Explanation.@Nullable Understood from) {
			if (from == null) {
				return null;
			}
			HkpRequest hkp = from.hkp();
			String client = (from.client() != null) ? from.client().getAddress().getHostAddress() : null;
			return (hkp != null)
					? new Understood(from.method(), from.target(), hkp.operation().word(), hkp.search(),
							hkp.fingerprint(), hkp.keyId(), hkp.options(), client, from.trustedPeer(), from.tls())
					: new Understood(from.method(), from.target(), null, null, null, null, null, client,
							from.trustedPeer(), from.tls());
		}

	}

	/**
	 * What would be done.
	 *
	 * @param kind forward, answer (in the keyserver's place) or refused (by the gateway)
	 * @param status what the client would get; null for forward
	 * @param headers of that answer
	 * @param body of that answer, if it is text and not long
	 * @param bodyLength of that answer in bytes
	 * @param answerHeaders for forward: what plugins change of the keyserver's answer
	 * @param reviewers for forward: who would be shown the keyserver's answer, in order
	 */
	record Result(String kind, @Nullable Integer status, @Nullable List<String> headers, @Nullable String body,
			@Nullable Integer bodyLength, @Nullable List<String> answerHeaders, @Nullable List<String> reviewers) {

		static Result of(Explanation.Result result) {
			if (result instanceof Explanation.Forward forward) {
				return new Result("forward", null, null, null, null,
						forward.answerFields().stream().map(ExplainedPlugin::text).toList(),
						forward.reviewers().stream().map(PluginId::name).toList());
			}
			if (result instanceof Explanation.Answer answer) {
				return of("answer", answer.head(), answer.body());
			}
			Explanation.Refused refused = (Explanation.Refused) result;
			return of("refused", refused.head(), BodyText.bytes(refused.reason()));
		}

		private static Result of(String kind, ResponseHead head, ByteBuffer body) {
			return new Result(kind, head.status(), lines(head.headers()), BodyText.of(body, MOST_SHOWN),
					body.remaining(), null, null);
		}

	}

	/**
	 * What a keyserver would get.
	 *
	 * @param role primary, or any for what only reads
	 * @param keyservers which may be asked
	 * @param method as sent
	 * @param target as sent
	 * @param headers as sent
	 * @param bodyLength in bytes; -1 if it is not known before it has come
	 * @param bodyReplaced whether it is a plugin's, not the client's
	 */
	record Upstream(String role, List<Keyserver> keyservers, String method, String target, List<String> headers,
			long bodyLength, boolean bodyReplaced) {

		static Upstream of(Explanation.Forward forward) {
			return new Upstream(forward.reads() ? "any" : "primary",
					forward.keyservers().stream().map(Keyserver::of).toList(), forward.method(), forward.target(),
					lines(forward.fields()), forward.bodyLength(), forward.bodyReplaced());
		}

	}

	/**
	 * One keyserver.
	 *
	 * @param url where
	 * @param primary whether writes go there
	 * @param up as the latest checks have it
	 */
	record Keyserver(String url, boolean primary, boolean up) {

		static Keyserver of(UpstreamStatus status) {
			return new Keyserver(status.url().toString(), status.primary(), status.up());
		}

	}

	/**
	 * How long plugins want a request to be held.
	 *
	 * @param plugin who wants the longest
	 * @param wantedMillis how long; a real request is held within the limits of the
	 * gateway, this one is not held at all
	 */
	record DelayView(String plugin, long wantedMillis) {

		static @Nullable DelayView of(@Nullable Delay delay) {
			return (delay != null) ? new DelayView(delay.plugin().name(), delay.wanted().toMillis()) : null;
		}

	}

}
