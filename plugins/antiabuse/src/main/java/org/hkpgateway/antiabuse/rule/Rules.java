package org.hkpgateway.antiabuse.rule;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

import org.hkpgateway.antiabuse.count.ClientKey;
import org.hkpgateway.sdk.Operation;
import org.hkpgateway.sdk.Request;
import org.jspecify.annotations.Nullable;

/**
 * Asks the rules one after another, until one that is enforced refuses. The only place
 * that knows their modes; {@link RulesFactory} is where they are ordered. Safe for any
 * number of threads; does not block; no stage fails.
 */
public final class Rules {

	/** Nothing to say, as is usual: may be compared by identity. */
	public static final CompletionStage<Outcome> NOTHING = CompletableFuture
		.completedFuture(new Outcome(null, List.of()));

	private final List<Entry> requests;

	private final List<Entry> hashqueries;

	/**
	 * Makes the rules.
	 * @param requests those for ordinary requests, in order
	 * @param hashqueries those for hashqueries, in order
	 */
	Rules(List<Entry> requests, List<Entry> hashqueries) {
		this.requests = List.copyOf(requests);
		this.hashqueries = List.copyOf(hashqueries);
	}

	/**
	 * Judges a request. Changes nothing in a dry run.
	 * @param request the request
	 * @param client who sent it
	 * @return what becomes of it, now or later
	 */
	public CompletionStage<Outcome> judge(Request request, ClientKey client) {
		List<Entry> entries = request.is(Operation.HASHQUERY) ? this.hashqueries : this.requests;
		return from(0, entries, (rule) -> rule.judge(request, client), null);
	}

	/**
	 * Looks at the keyserver's answer to a request.
	 * @param status its status
	 * @param operation what was asked
	 * @param client who asked
	 * @param dryRun change nothing
	 * @return a refusal is one of what follows; now or later
	 */
	public CompletionStage<Outcome> answered(int status, Operation operation, ClientKey client, boolean dryRun) {
		Rule.Answer answer = new Rule.Answer(status, operation, client, dryRun);
		return from(0, this.requests, (rule) -> rule.answered(answer), null);
	}

	private static CompletionStage<Outcome> from(int first, List<Entry> entries, Question question,
			@Nullable Outcome before) {
		for (int i = first; i < entries.size(); i++) {
			Entry entry = entries.get(i);
			CompletionStage<Verdict> verdict = question.ask(entry.rule());
			if (verdict != Verdict.PASSED) {
				int next = i + 1;
				return verdict.thenCompose((said) -> {
					Outcome so = Outcome.after(before, entry.mode(), said);
					return (so != null && so.refused() != null) ? CompletableFuture.completedFuture(so)
							: from(next, entries, question, so);
				});
			}
		}
		return (before != null) ? CompletableFuture.completedFuture(before) : NOTHING;
	}

	/**
	 * A rule in its place.
	 *
	 * @param rule the rule
	 * @param mode {@link Mode#ENFORCE} or {@link Mode#OBSERVE}
	 */
	record Entry(Rule rule, Mode mode) {
	}

	/**
	 * What becomes of a request.
	 *
	 * @param refused by the rule that refuses it; null: it may go on
	 * @param observed what rules that only observe have against it
	 */
	public record Outcome(Verdict.@Nullable Refused refused, List<Verdict.Refused> observed) {

		private static @Nullable Outcome after(@Nullable Outcome before, Mode mode, Verdict verdict) {
			if (!(verdict instanceof Verdict.Refused refused)) {
				return before;
			}
			List<Verdict.Refused> observed = (before != null) ? before.observed() : List.of();
			if (mode == Mode.ENFORCE) {
				return new Outcome(refused, observed);
			}
			List<Verdict.Refused> more = new ArrayList<>(observed);
			more.add(refused);
			return new Outcome(null, List.copyOf(more));
		}

	}

	@FunctionalInterface
	private interface Question {

		CompletionStage<Verdict> ask(Rule rule);

	}

}
