package org.hkpgateway.antiabuse;

import java.net.InetAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Function;
import java.util.function.LongSupplier;
import java.util.stream.Collectors;

import org.hkpgateway.antiabuse.count.ClientKey;
import org.hkpgateway.antiabuse.ledger.Standing;
import org.hkpgateway.antiabuse.ledger.StateLink;
import org.hkpgateway.antiabuse.rule.Rules;
import org.hkpgateway.antiabuse.rule.RulesFactory;
import org.hkpgateway.antiabuse.rule.Verdict;
import org.hkpgateway.sdk.Decision;
import org.hkpgateway.sdk.Operation;
import org.hkpgateway.sdk.Request;
import org.hkpgateway.sdk.Respond;
import org.hkpgateway.sdk.host.SharedState;
import org.hkpgateway.sdk.log.PluginLog;
import org.jspecify.annotations.Nullable;

/**
 * Makes decisions of what the rules say, and log lines of blocks. Knows who is never
 * asked about. Safe for any number of threads; never blocks.
 */
final class AntiabuseGuard {

	private static final PluginLog log = PluginLog.get("antiabuse");

	private static final CompletionStage<Decision> ALLOWED = CompletableFuture.completedFuture(Decision.allow());

	private final AntiabuseConfig config;

	private final @Nullable StateLink link;

	private final RulesFactory factory;

	private final Rules rules;

	/**
	 * Makes the guard.
	 * @param config what is allowed
	 * @param state where clients are counted; null: in this process
	 * @param nanos the time, as {@link System#nanoTime()}
	 */
	AntiabuseGuard(AntiabuseConfig config, @Nullable SharedState state, LongSupplier nanos) {
		this.config = config;
		this.link = (state != null) ? new StateLink(state, nanos) : null;
		this.factory = new RulesFactory(config.rules(), this.link, nanos);
		this.rules = this.factory.rules();
	}

	/**
	 * Decides about a request.
	 * @param request the request
	 * @return the decision, now or later
	 */
	CompletionStage<Decision> decide(Request request) {
		if (request.is(Operation.HEALTH) || this.config.allow().contains(request.clientAddress())) {
			return ALLOWED;
		}
		ClientKey client = client(request.clientAddress());
		CompletionStage<Rules.Outcome> outcome = this.rules.judge(request, client);
		return (outcome == Rules.NOTHING) ? ALLOWED
				: outcome.thenApply((result) -> decision(result, client, request.dryRun()));
	}

	private ClientKey client(InetAddress address) {
		return this.config.aggregate().contains(address) ? ClientKey.AGGREGATE : ClientKey.of(address);
	}

	private Decision decision(Rules.Outcome outcome, ClientKey client, boolean dryRun) {
		log(outcome, client, dryRun);
		Verdict.Refused refused = outcome.refused();
		Decision decision = (refused != null) ? deny(refused) : Decision.allow();
		for (Note note : notes(outcome)) {
			decision = decision.annotate(note.key(), note.text());
		}
		return decision;
	}

	private Decision deny(Verdict.Refused refused) {
		Respond answer = Decision.deny(refused.status()).text(refused.text()).delay(this.config.tarpit());
		Standing.Blocked block = refused.block();
		return ((block != null) ? answer.retryAfter(block.remaining()) : answer).reason(refused.reason());
	}

	/**
	 * Looks at the keyserver's answer to a request.
	 * @param status its status
	 * @param operation what was asked
	 * @param address the client's
	 * @param dryRun change nothing
	 * @return what to note of it, now or later
	 */
	CompletionStage<Rules.Outcome> answered(int status, Operation operation, InetAddress address, boolean dryRun) {
		if (status < 400 || this.config.allow().contains(address)) {
			return Rules.NOTHING;
		}
		ClientKey client = client(address);
		CompletionStage<Rules.Outcome> outcome = this.rules.answered(status, operation, client, dryRun);
		return (outcome == Rules.NOTHING) ? outcome : outcome.thenApply((result) -> {
			log(result, client, dryRun);
			return result;
		});
	}

	/** What log, metrics and later plugins are told. */
	static List<Note> notes(Rules.Outcome outcome) {
		List<Note> notes = new ArrayList<>();
		Verdict.Refused refused = outcome.refused();
		if (refused != null) {
			notes.add(new Note("rule", refused.rule()));
			notes.add(new Note("reason", refused.reason()));
		}
		if (!outcome.observed().isEmpty()) {
			notes.add(new Note("observed", joined(outcome.observed(), Verdict.Refused::rule, ",")));
			notes.add(new Note("observed_reason", joined(outcome.observed(), Verdict.Refused::reason, "; ")));
		}
		return notes;
	}

	private static String joined(List<Verdict.Refused> refused, Function<Verdict.Refused, String> part,
			String between) {
		return refused.stream().map(part).collect(Collectors.joining(between));
	}

	/** A block, once; whatever else is refused is in the gateway's log. */
	private void log(Rules.Outcome outcome, ClientKey client, boolean dryRun) {
		if (dryRun) {
			return;
		}
		if (outcome.refused() != null) {
			log("client blocked", outcome.refused().block(), client);
		}
		for (Verdict.Refused observed : outcome.observed()) {
			log("client would be blocked, but its rule only observes", observed.block(), client);
		}
	}

	private void log(String message, Standing.@Nullable Blocked block, ClientKey client) {
		if (block != null && block.begins()) {
			log.warn(message, "client", this.config.logAddresses() ? client : "-", "rule", block.rule(), "limit",
					block.limit(), "seconds", Verdict.Refused.seconds(block.remaining()), "strike", block.strike());
		}
	}

	/**
	 * Where clients are counted at the moment.
	 * @return {@code shared}, {@code away}, which is in this process for want of the
	 * shared state, or {@code own}
	 */
	String state() {
		if (this.link == null) {
			return "own";
		}
		return this.link.isAway() ? "away" : "shared";
	}

	/**
	 * How many clients are counted in this process.
	 * @return an estimate
	 */
	long clients() {
		return this.factory.clients();
	}

	/**
	 * How many clients are blocked, or were of late, in this process.
	 * @return an estimate
	 */
	long offenders() {
		return this.factory.offenders();
	}

	/**
	 * A note.
	 *
	 * @param key without the plugin's name
	 * @param text the note
	 */
	record Note(String key, String text) {
	}

}
