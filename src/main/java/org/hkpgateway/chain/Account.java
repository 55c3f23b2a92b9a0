package org.hkpgateway.chain;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.StringJoiner;
import java.util.concurrent.TimeUnit;

import org.hkpgateway.http.HeaderMutation;
import org.hkpgateway.http.Headers;
import org.hkpgateway.plugin.Decision;
import org.hkpgateway.plugin.Phase;
import org.hkpgateway.plugin.PluginFailure;
import org.hkpgateway.plugin.PluginId;
import org.hkpgateway.plugin.PluginSpec;

import org.jspecify.annotations.Nullable;

/**
 * The books of one request in one phase: the outcome of each plugin, its share of the
 * budget, and who has changed what. Kept by one thread at a time; when the client leaves,
 * another one may read them. So all methods are synchronized, which costs next to nothing
 * while nobody else wants to.
 */
final class Account {

	private final Phase phase;

	private final Duration budget;

	private final List<PluginOutcome> outcomes;

	private final Provenance provenance;

	/** What was used of the budget of an earlier phase; -1 if nobody was asked in it. */
	private final long usedBefore;

	private long started;

	/** When the last plugin was done with. */
	private long mark;

	private boolean used;

	/** Whose answer is waited for. */
	private @Nullable PluginId asked;

	private Account(Phase phase, Duration budget, long now, List<PluginOutcome> outcomes, Provenance provenance,
			long usedBefore) {
		this.phase = phase;
		this.budget = budget;
		this.outcomes = outcomes;
		this.provenance = provenance;
		this.usedBefore = usedBefore;
		this.started = now;
		this.mark = now;
	}

	static Account ofRequest(Duration budget, long now, List<PluginOutcome> skipped) {
		return new Account(Phase.REQUEST, budget, now, new ArrayList<>(skipped), new Provenance(List.of()), -1);
	}

	/** Goes on where the books of the request end. */
	static Account ofResponse(Duration budget, long now, ChainTrace request) {
		return new Account(Phase.RESPONSE, budget, now, new ArrayList<>(request.outcomes()),
				new Provenance(request.changes()), request.nanos());
	}

	/** Nanoseconds of the budget that are left; 0 or less if it is used up. */
	synchronized long left(long now) {
		return this.started + this.budget.toNanos() - now;
	}

	/** From now on, this plugin's answer is waited for. */
	synchronized void asks(PluginId plugin) {
		this.asked = plugin;
	}

	/**
	 * The plugin whose turn it is is not asked after all.
	 * @param plugin which
	 * @param why for the trace; null if there is no such plugin any more
	 */
	synchronized void skipped(PluginId plugin, @Nullable String why) {
		this.asked = null;
		if (why != null) {
			this.outcomes.add(PluginOutcome.skipped(plugin, why));
		}
	}

	/**
	 * Takes down the outcome of the plugin whose turn it is.
	 * @param failure the kind of failure; empty if there was none
	 * @param nanos how long its answer took
	 * @param now when it was done with
	 */
	synchronized PluginOutcome add(PluginId plugin, PluginOutcome.Kind kind, String detail, String failure, long nanos,
			@Nullable Decision decision, long now) {
		PluginOutcome outcome = new PluginOutcome(plugin, kind, detail, failure, nanos, now - this.mark, decision);
		this.outcomes.add(outcome);
		this.mark = now;
		this.asked = null;
		this.used = true;
		return outcome;
	}

	synchronized void changed(PluginId plugin, Decision.Continue decision) {
		this.provenance.add(plugin, decision);
	}

	synchronized void changed(PluginId plugin, List<HeaderMutation> answer) {
		this.provenance.add(plugin, Change.Part.RESPONSE_HEADER, answer);
	}

	/** See {@link Provenance#answered}. */
	synchronized void answered(PluginId plugin, Headers own, List<HeaderMutation> earlier) {
		this.provenance.answered(plugin, own, earlier);
	}

	/**
	 * The time since then is nobody's, and not of the budget.
	 * @param then when it began
	 * @param now when it ended
	 */
	synchronized void forget(long then, long now) {
		this.started += now - then;
		this.mark += now - then;
	}

	/**
	 * What the books say. A plugin that is waited for has not answered and never will.
	 * @param annotations as they stand
	 * @param delay how long the result is held back
	 * @param now the time
	 */
	synchronized ChainTrace trace(Map<String, String> annotations, @Nullable Delay delay, long now) {
		List<PluginOutcome> all = this.outcomes;
		long until = this.mark;
		if (this.asked != null) {
			// Another thread may have taken down the one before since now was read.
			long waited = Math.max(0, now - this.mark);
			PluginOutcome.Kind kind = (this.phase == Phase.REQUEST) ? PluginOutcome.Kind.CANCELLED
					: PluginOutcome.Kind.REVIEW_CANCELLED;
			all = new ArrayList<>(this.outcomes);
			all.add(new PluginOutcome(this.asked, kind, "", "", waited, waited, null));
			until = this.mark + waited;
		}
		long nanos = (this.used || this.asked != null) ? until - this.started : -1;
		return new ChainTrace(all, this.provenance.changes(), annotations, delay,
				(this.phase == Phase.REQUEST) ? nanos : this.usedBefore);
	}

	/** Bytes of the bodies that are in decisions: replaced ones, and those of answers. */
	synchronized long bytes() {
		long bytes = 0;
		for (PluginOutcome outcome : this.outcomes) {
			if (outcome.decision() instanceof Decision.Respond respond) {
				bytes += respond.body().remaining();
			}
			else if (outcome.decision() instanceof Decision.Continue next && next.body() != null) {
				bytes += next.body().bytes().remaining();
			}
		}
		return bytes;
	}

	/**
	 * A failure in words; if it is for want of time that others have used, with who has.
	 * @param spec whose it is
	 * @param failure how it failed
	 * @param left nanoseconds that were left when it was asked
	 * @param now the time
	 */
	synchronized String words(PluginSpec spec, PluginFailure failure, long left, long now) {
		String words = failure.kind() + ": " + failure.getMessage();
		boolean cutShort = failure instanceof PluginFailure.Timeout && left < spec.timeout().toNanos();
		return cutShort ? words + "; " + usedUp(spec.id(), now) : words;
	}

	/**
	 * Who has used up the budget.
	 * @param last the plugin whose turn it is
	 * @param now the time
	 * @return for example {@code chain budget of 1000 ms used up: a 812 ms, b 190 ms}
	 */
	private String usedUp(PluginId last, long now) {
		StringJoiner users = new StringJoiner(", ");
		for (PluginOutcome outcome : this.outcomes) {
			if (outcome.kind().phase() == this.phase) {
				use(users, outcome.plugin(), outcome.share());
			}
		}
		use(users, last, now - this.mark);
		String text = ((this.phase == Phase.REQUEST) ? "chain" : "response") + " budget of " + this.budget.toMillis()
				+ " ms used up";
		return (users.length() > 0) ? text + ": " + users : text;
	}

	private static void use(StringJoiner users, PluginId plugin, long nanos) {
		long millis = TimeUnit.NANOSECONDS.toMillis(nanos + TimeUnit.MICROSECONDS.toNanos(500));
		if (millis > 0) {
			users.add(plugin + " " + millis + " ms");
		}
	}

}
