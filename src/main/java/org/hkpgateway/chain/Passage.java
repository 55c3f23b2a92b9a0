package org.hkpgateway.chain;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Function;

import org.hkpgateway.http.HeaderMutation;
import org.hkpgateway.http.Headers;
import org.hkpgateway.http.ResponseHead;
import org.hkpgateway.log.LogFields;
import org.hkpgateway.plugin.Decision;
import org.hkpgateway.plugin.PluginFailure;
import org.hkpgateway.plugin.PluginId;
import org.hkpgateway.plugin.PluginRegistry;
import org.hkpgateway.plugin.PluginSpec;
import org.hkpgateway.plugin.RequestBody;
import org.hkpgateway.plugin.RequestEvent;

import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;

/**
 * One request on its way through the places of a chain. Each plugin has its turn; at its
 * turn it is asked, or its early answer is taken if that is about the request as it
 * stands. So whatever was asked early, what is done is what would be done in sequence.
 * Used once, by one thread at a time.
 */
final class Passage {

	private static final Logger logger = LoggerFactory.getLogger(Passage.class);

	private final ChainParts parts;

	/** The request as it came, without its body: match rules are about it. */
	private final RequestEvent arrived;

	/** The same with what was read of its body. */
	private final RequestEvent request;

	/** What stays in memory of the client's body as long as there is no result. */
	private final long heldBytes;

	private final List<Place> places;

	private final CallSpans spans;

	/** Where shadows see the body; null without any. */
	private final @Nullable BodyTap tap;

	/** Shadows wait for this; null without any. */
	private final Sinks.@Nullable One<Done> done;

	private final Account account;

	/** Who was asked, and who comes in when the keyserver answers. */
	private final List<PluginRegistry.Entry> plugins;

	private final List<HeaderMutation> responseHeaders = new ArrayList<>(0);

	/** Read by {@link #soFar} too. */
	private volatile RequestState state;

	private @Nullable EarlyAnswers early;

	private @Nullable PluginId delayedBy;

	private Duration delay = Duration.ZERO;

	private volatile @Nullable Hold hold;

	Passage(ChainParts parts, RequestEvent arrived, RequestBody body, long heldBytes, List<Place> places,
			List<PluginOutcome> skipped, CallSpans spans, @Nullable BodyTap tap) {
		this.parts = parts;
		this.arrived = arrived;
		this.request = arrived.withBody(body);
		this.heldBytes = heldBytes;
		this.places = places;
		this.spans = spans;
		this.tap = tap;
		this.done = (tap != null) ? Sinks.one() : null;
		this.account = Account.ofRequest(parts.settings().budget(), now(), skipped);
		this.plugins = new ArrayList<>(places.size());
		this.state = RequestState.of(this.request);
	}

	Mono<ChainResult> run() {
		Sinks.One<Done> done = this.done;
		// If the client has left, nobody will know what would have been done.
		return (done != null) ? Mono.defer(() -> from(0)).doFinally((signal) -> done.tryEmitEmpty()) : from(0);
	}

	private Mono<ChainResult> from(int index) {
		if (index == this.places.size()) {
			return end((trace) -> new ChainResult.Forward(this.arrived, this.state.event(), this.state.bodyReplaced(),
					this.plugins, this.responseHeaders, trace));
		}
		if (this.places.get(index).onlyReviews()) {
			return passedBy(index);
		}
		if (this.places.get(index).isShadow()) {
			return shadow(index);
		}
		if (this.early == null || !this.early.covers(index)) {
			if (Place.endOfStage(this.places, index) > index + 1) {
				return Mono.using(() -> openStage(index), (opened) -> turn(index, Place.MOST_LOOKS),
						EarlyAnswers::close);
			}
		}
		return turn(index, Place.MOST_LOOKS);
	}

	/** It is not shown the request, but perhaps the answer. */
	private Mono<ChainResult> passedBy(int index) {
		PluginRegistry.Entry entry = this.places.get(index).now(this.request).entry();
		if (entry != null && !this.places.get(index).isShadow()) {
			this.plugins.add(entry);
		}
		return from(index + 1);
	}

	private EarlyAnswers openStage(int index) {
		EarlyAnswers opened = EarlyAnswers.ask(this.places, index, this::askEarly);
		this.early = opened;
		return opened;
	}

	private EarlyAnswers.@Nullable Call askEarly(Place place) {
		PluginRegistry.Entry entry = place.now(this.request).entry();
		if (entry == null || !entry.spec().speculative()) {
			return null;
		}
		RequestEvent view = view(entry);
		return new EarlyAnswers.Call(entry, view, ask(entry, view).toFuture());
	}

	private Mono<ChainResult> turn(int index, int looks) {
		EarlyAnswers stage = this.early;
		EarlyAnswers.Call call = (stage != null) ? stage.at(index) : null;
		if (stage != null && call != null) {
			RequestEvent view = view(call.entry());
			this.account.asks(call.entry().spec().id());
			if (RequestState.alike(call.shown(), view)) {
				return Mono.fromFuture(call.answer()).flatMap((answered) -> {
					stage.drop(index);
					return wasSent(answered) ? settle(index, call.entry(), answered, looks) : askInTurn(index, looks);
				});
			}
			stage.drop(index);
		}
		return askInTurn(index, looks);
	}

	/**
	 * Whether an early call is one that would have been made in sequence too. Later there
	 * may be room, or the breaker closed.
	 */
	private static boolean wasSent(Answered answered) {
		return !(answered.reply() instanceof Reply.Failed<Decision> failed
				&& (failed.failure() instanceof PluginFailure.BulkheadFull
						|| failed.failure() instanceof PluginFailure.BreakerOpen));
	}

	private Mono<ChainResult> askInTurn(int index, int looks) {
		Place.Now now = this.places.get(index).now(this.request);
		PluginRegistry.Entry entry = now.entry();
		if (entry == null) {
			this.account.skipped(this.places.get(index).chosen().spec().id(), now.why());
			return from(index + 1);
		}
		RequestEvent view = view(entry);
		this.account.asks(entry.spec().id());
		return ask(entry, view).flatMap((answered) -> settle(index, entry, answered, looks));
	}

	/** What a plugin is shown of the request as it stands; see {@link RequestState}. */
	private RequestEvent view(PluginRegistry.Entry entry) {
		this.state = this.state.shownTo(PluginView.of(entry.spec()));
		return this.state.view();
	}

	private Mono<Answered> ask(PluginRegistry.Entry entry, RequestEvent view) {
		long started = now();
		long left = this.account.left(started);
		if (left <= 0) {
			return Mono.just(new Answered(LiveAsker.noTime(entry.spec().id()), left, 0));
		}
		return this.spans.asking(entry.spec(), this.parts.asker().ask(entry, view, Duration.ofNanos(left)))
			.map((reply) -> new Answered(reply, left, now() - started));
	}

	private Mono<ChainResult> settle(int index, PluginRegistry.Entry entry, Answered answered, int looks) {
		PluginId id = entry.spec().id();
		if (answered.reply() instanceof Reply.NotAsked<Decision> notAsked) {
			this.account.skipped(id, notAsked.why());
			return from(index + 1);
		}
		if (answered.reply() instanceof Reply.Failed<Decision> failed) {
			if (failed.failure() instanceof PluginFailure.Withdrawn && looks > 1) {
				return askInTurn(index, looks - 1);
			}
			return failed(index, entry, failed.failure(), answered);
		}
		Decision decision = ((Reply.Decided<Decision>) answered.reply()).decision();
		if (decision instanceof Decision.Respond respond) {
			return responded(entry, respond, answered.nanos());
		}
		Decision.Continue go = (Decision.Continue) decision;
		try {
			this.state = this.state.after(id, go, this.parts.changes());
		}
		catch (IllegalArgumentException ex) {
			return failed(index, entry, new PluginFailure.ProtocolError(id, "refused decision: " + ex.getMessage()),
					answered);
		}
		this.account.changed(id, go);
		this.responseHeaders.addAll(go.responseHeaders());
		delayed(id, go.delay());
		record(entry, PluginOutcome.Kind.CONTINUED, go.reason(), answered.nanos(), go);
		return from(index + 1);
	}

	private Mono<ChainResult> responded(PluginRegistry.Entry entry, Decision.Respond respond, long nanos) {
		PluginId id = entry.spec().id();
		this.state = this.state.noting(id, respond.annotations());
		delayed(id, respond.delay());
		record(entry, PluginOutcome.Kind.RESPONDED, respond.reason(), nanos, respond);
		RequestEvent event = this.state.event();
		ChainAnswers.Sanitized answer = ChainAnswers.sanitize(respond, event.hkp());
		if (!answer.warnings().isEmpty() && this.parts.warnings() != null) {
			this.parts.warnings()
				.run(id, (more) -> logger.atWarn()
					.addKeyValue(LogFields.REQUEST, event.id())
					.addKeyValue(LogFields.PLUGIN, id.name())
					.log("Plugin {} {} [request {}] ({} more since the last such line)", id,
							String.join("; ", answer.warnings()), event.id(), more));
		}
		if (answer.head().status() != respond.head().status()) {
			this.parts.listener().replaced(id, respond.head().status());
		}
		this.account.answered(id, answer.head().headers(), this.responseHeaders);
		return answer(answer);
	}

	/** What the plugins before wanted in the answer is in it, whoever gives it. */
	private Mono<ChainResult> answer(ChainAnswers.Sanitized answer) {
		List<HeaderMutation> wanted = this.responseHeaders;
		if (answer.head().status() >= 400) {
			// Meant for the keyserver's answer, it would let caches keep a denial.
			wanted = wanted.stream().filter((change) -> !change.name().equalsIgnoreCase("cache-control")).toList();
		}
		Headers headers = answer.head().headers().completedBy(wanted);
		return end((trace) -> new ChainResult.Answer(new ResponseHead(answer.head().status(), headers), answer.body(),
				trace));
	}

	private Mono<ChainResult> failed(int index, PluginRegistry.Entry entry, PluginFailure failure, Answered answered) {
		PluginSpec spec = entry.spec();
		boolean tooLarge = failure instanceof PluginFailure.TooLarge;
		PluginOutcome.Kind kind = PluginOutcome.Kind.of(failure, spec.fail());
		String detail = this.account.words(spec, failure, answered.left(), now());
		record(entry, kind, detail, failure.kind(), answered.nanos(), null);
		if (kind == PluginOutcome.Kind.FAILED_OPEN) {
			this.state = this.state.failing(spec.id(), failure.kind());
			return from(index + 1);
		}
		return answer(tooLarge ? ChainAnswers.tooLarge() : ChainAnswers.failedClosed());
	}

	private void record(PluginRegistry.Entry entry, PluginOutcome.Kind kind, String detail, long nanos,
			@Nullable Decision decision) {
		record(entry, kind, detail, "", nanos, decision);
	}

	private void record(PluginRegistry.Entry entry, PluginOutcome.Kind kind, String detail, String failure, long nanos,
			@Nullable Decision decision) {
		if (kind != PluginOutcome.Kind.SHADOW) {
			this.plugins.add(ShortOfBody.unwrapped(entry));
		}
		PluginOutcome outcome = this.account.add(entry.spec().id(), kind, detail, failure, nanos, decision, now());
		this.parts.listener().pluginAsked(this.request.id(), outcome);
	}

	/** The longest counts: each plugin that wants a delay gets at least that. */
	private void delayed(PluginId plugin, Duration wanted) {
		if (wanted.compareTo(this.delay) > 0) {
			this.delay = wanted;
			this.delayedBy = plugin;
		}
	}

	private Mono<ChainResult> end(Function<ChainTrace, ChainResult> result) {
		// Not only when the result is there: it may be held back for long.
		if (this.early != null) {
			this.early.close();
		}
		if (this.delayedBy == null) {
			return Mono.just(done(result.apply(trace(null))));
		}
		if (this.parts.tarpit() == null) {
			return Mono.just(done(result.apply(trace(new Delay(this.delayedBy, this.delay, Duration.ZERO)))));
		}
		long bytes = this.heldBytes + this.account.bytes() + this.state.copied();
		return this.parts.tarpit().hold(this.request.id(), this.delayedBy, this.delay, bytes, (held) -> {
			this.hold = new Hold(held, now());
			return done(result.apply(trace(held)));
		});
	}

	private ChainTrace trace(@Nullable Delay held) {
		return this.account.trace(this.state.event().annotations(), held, now());
	}

	/** See {@link ChainRun#soFar()}. */
	ChainTrace soFar() {
		Hold begun = this.hold;
		return trace((begun != null) ? begun.until(now()) : null);
	}

	private ChainResult done(ChainResult result) {
		if (this.done != null) {
			this.done.tryEmitValue(Done.of(result));
		}
		return result;
	}

	private Mono<ChainResult> shadow(int index) {
		PluginRegistry.Entry entry = this.places.get(index).now(this.request).entry();
		if (entry == null) {
			return from(index + 1);
		}
		if (this.parts.shadows() == null || this.tap == null || this.done == null) {
			return askedInTurn(index, entry);
		}
		this.parts.shadows().ask(entry, view(entry), this.tap, this.done.asMono(), this.spans);
		return from(index + 1);
	}

	/** As an explanation wants it, which has time. */
	private Mono<ChainResult> askedInTurn(int index, PluginRegistry.Entry entry) {
		long started = now();
		return this.parts.asker().ask(entry, view(entry), this.parts.settings().budget()).flatMap((reply) -> {
			long nanos = now() - started;
			this.account.forget(started, started + nanos);
			if (reply instanceof Reply.NotAsked<Decision> notAsked) {
				this.account.skipped(entry.spec().id(), notAsked.why());
			}
			else if (reply instanceof Reply.Failed<Decision> failed) {
				record(entry, PluginOutcome.Kind.SHADOW, failed.failure().kind() + ": " + failed.failure().getMessage(),
						nanos, null);
			}
			else {
				Decision decision = ((Reply.Decided<Decision>) reply).decision();
				record(entry, PluginOutcome.Kind.SHADOW, decision.reason(), nanos, decision);
			}
			return from(index + 1);
		});
	}

	private long now() {
		return this.parts.nanoTime().getAsLong();
	}

	/**
	 * A result that is being held back.
	 *
	 * @param planned for how long
	 * @param since when it began
	 */
	private record Hold(Delay planned, long since) {

		Delay until(long now) {
			Duration longest = this.planned.held();
			Duration held = Duration.ofNanos(Math.max(1, now - this.since));
			return (held.compareTo(longest) < 0) ? new Delay(this.planned.plugin(), this.planned.wanted(), held)
					: this.planned;
		}

	}

}
