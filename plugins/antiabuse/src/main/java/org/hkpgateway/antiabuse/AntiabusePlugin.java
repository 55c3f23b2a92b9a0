package org.hkpgateway.antiabuse;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;

import org.hkpgateway.antiabuse.rule.Rules;
import org.hkpgateway.sdk.AnsweredRequest;
import org.hkpgateway.sdk.Decision;
import org.hkpgateway.sdk.Health;
import org.hkpgateway.sdk.HkpPlugin;
import org.hkpgateway.sdk.HkpQuery;
import org.hkpgateway.sdk.Operation;
import org.hkpgateway.sdk.PluginContext;
import org.hkpgateway.sdk.PluginHandler;
import org.hkpgateway.sdk.PluginOptions;
import org.hkpgateway.sdk.Request;
import org.hkpgateway.sdk.ResponseDecision;
import org.hkpgateway.sdk.UpstreamResponse;
import org.hkpgateway.sdk.log.PluginLog;
import org.jspecify.annotations.Nullable;

/**
 * The plugin {@code hkp-plugin-antiabuse}: refuses clients that ask too often, harvest
 * addresses, or search in vain, programs that are not wanted, and uploads that are no
 * keys.
 */
public final class AntiabusePlugin implements PluginHandler {

	private static final long WARM_UP_SECONDS = 5;

	private static final PluginLog log = PluginLog.get("antiabuse");

	private static final CompletionStage<ResponseDecision> UNCHANGED = CompletableFuture
		.completedFuture(ResponseDecision.unchanged());

	private final LongSupplier nanos;

	private volatile @Nullable Running running;

	/** Makes the plugin as the gateway runs it. */
	public AntiabusePlugin() {
		this(System::nanoTime);
	}

	AntiabusePlugin(LongSupplier nanos) {
		this.nanos = nanos;
	}

	/**
	 * Runs the plugin; started by the gateway.
	 * @param args none
	 */
	public static void main(String[] args) {
		HkpPlugin.serve(new AntiabusePlugin());
	}

	@Override
	public void init(PluginContext context) {
		AntiabuseConfig config = AntiabuseConfig.parse(context.config());
		config.warnings().forEach(log::warn);
		AntiabuseGuard guard = new AntiabuseGuard(config, context.state(), this.nanos);
		Running ready = new Running(guard, Sight.of(context));
		this.running = ready;
		warmUp(guard);
		log.info("ready", "state", guard.state(), "answers", ready.sight().answers(), "uploads",
				ready.sight().uploads(), "rules", config.rules());
	}

	/** So that the first request is not the first to ask each rule, and the gateway. */
	private static void warmUp(AntiabuseGuard guard) {
		var unused = guard
			.decide(Request.builder("GET", "/pks/lookup?op=index&search=warm+up")
				.hkp(HkpQuery.of(Operation.LOOKUP_INDEX, "warm up"))
				.dryRun()
				.build())
			.toCompletableFuture()
			.completeOnTimeout(Decision.allow(), WARM_UP_SECONDS, TimeUnit.SECONDS)
			.join();
	}

	@Override
	public Decision handle(Request request) {
		return handleAsync(request).toCompletableFuture().join();
	}

	@Override
	public CompletionStage<Decision> handleAsync(Request request) {
		return running().guard().decide(request);
	}

	@Override
	public CompletionStage<ResponseDecision> onResponseAsync(UpstreamResponse response) {
		AnsweredRequest request = response.request().orElse(null);
		if (request == null || request.hkp().isEmpty()) {
			return UNCHANGED;
		}
		CompletionStage<Rules.Outcome> outcome = running().guard()
			.answered(response.status(), request.hkp().get().operation(), request.clientAddress(), response.dryRun());
		return (outcome == Rules.NOTHING) ? UNCHANGED : outcome.thenApply(AntiabusePlugin::noted);
	}

	private static ResponseDecision noted(Rules.Outcome outcome) {
		ResponseDecision decision = ResponseDecision.unchanged();
		for (AntiabuseGuard.Note note : AntiabuseGuard.notes(outcome)) {
			decision = decision.annotate(note.key(), note.text());
		}
		return (outcome.refused() != null) ? decision.reason(outcome.refused().reason()) : decision;
	}

	private Running running() {
		Running current = this.running;
		if (current == null) {
			throw new IllegalStateException("expected: init before the first request");
		}
		return current;
	}

	@Override
	public Health health() {
		Running current = this.running;
		return (current == null) ? Health.healthy()
				: Health.healthy()
					.detail("state", current.guard().state())
					.detail("answers", current.sight().answers())
					.detail("uploads", current.sight().uploads())
					.detail("clients", current.guard().clients())
					.detail("offenders", current.guard().offenders());
	}

	@Override
	public PluginOptions options() {
		// Nothing here waits on a thread, so the network thread may do it.
		return PluginOptions.defaults()
			.description("Limits per client; harvesting, errors, programs and uploads; allow and block lists")
			.capabilities("http.request", "http.respond", "http.request.body", "http.response", "state")
			.threads(0)
			.handlesResponses()
			.supportsDryRun();
	}

	private record Running(AntiabuseGuard guard, Sight sight) {
	}

	/**
	 * What the plugin is shown, for the operator.
	 *
	 * @param answers whether it sees what the keyserver answers, without which the rule
	 * {@code errors} counts nothing
	 * @param uploads what of uploads can be judged
	 */
	private record Sight(String answers, String uploads) {

		static Sight of(PluginContext context) {
			return new Sight(context.isGranted("http.response") ? "seen" : "not granted: errors are not counted",
					context.isGranted("http.request.body") ? "size, type and content as far as it is shown"
							: "size and type only: bodies are not granted");
		}

	}

}
