package org.hkpgateway.chain;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.StringJoiner;
import java.util.concurrent.TimeUnit;

import org.hkpgateway.plugin.Decision;
import org.hkpgateway.plugin.PluginId;

import org.jspecify.annotations.Nullable;

/**
 * What one request has cost so far: the outcome of each plugin, and its share of the
 * budget. Used by one thread at a time.
 */
final class Account {

	private final Duration budget;

	private long deadline;

	private final List<PluginOutcome> outcomes;

	/** When the last plugin was done with. */
	private long mark;

	Account(Duration budget, long now, List<PluginOutcome> skipped) {
		this.budget = budget;
		this.deadline = now + budget.toNanos();
		this.outcomes = skipped;
		this.mark = now;
	}

	/** Nanoseconds of the budget that are left; 0 or less if it is used up. */
	long left(long now) {
		return this.deadline - now;
	}

	void skipped(PluginId plugin, String why) {
		this.outcomes.add(PluginOutcome.skipped(plugin, why));
	}

	/**
	 * Takes down the outcome of the plugin whose turn it is.
	 * @param failure the kind of failure; empty if there was none
	 * @param nanos how long its answer took
	 * @param now when it was done with
	 */
	PluginOutcome add(PluginId plugin, PluginOutcome.Kind kind, String detail, String failure, long nanos,
			@Nullable Decision decision, long now) {
		PluginOutcome outcome = new PluginOutcome(plugin, kind, detail, failure, nanos, now - this.mark, decision);
		this.outcomes.add(outcome);
		this.mark = now;
		return outcome;
	}

	/**
	 * The time since then is nobody's, and not of the budget.
	 * @param then when it began
	 * @param now when it ended
	 */
	void forget(long then, long now) {
		this.deadline += now - then;
		this.mark += now - then;
	}

	List<PluginOutcome> outcomes() {
		return this.outcomes;
	}

	/**
	 * Who has used up the budget.
	 * @param last the plugin whose turn it is
	 * @param now the time
	 * @return for example {@code chain budget of 1000 ms used up: a 812 ms, b 190 ms}
	 */
	String usedUp(PluginId last, long now) {
		StringJoiner users = new StringJoiner(", ");
		for (PluginOutcome outcome : this.outcomes) {
			use(users, outcome.plugin(), outcome.share());
		}
		use(users, last, now - this.mark);
		String text = "chain budget of " + this.budget.toMillis() + " ms used up";
		return (users.length() > 0) ? text + ": " + users : text;
	}

	private static void use(StringJoiner users, PluginId plugin, long nanos) {
		long millis = TimeUnit.NANOSECONDS.toMillis(nanos + TimeUnit.MICROSECONDS.toNanos(500));
		if (millis > 0) {
			users.add(plugin + " " + millis + " ms");
		}
	}

}
