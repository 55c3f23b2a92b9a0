package org.hkpgateway.conformance;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;

import org.hkpgateway.log.BoundedText;

/**
 * Notes how checks end. The first word about a check counts, and a check that was not
 * asked for is not noted. To be used by one thread.
 */
final class Trial {

	private static final int MOST_BYTES = 600;

	private final Set<Check> wanted;

	private final Consumer<Result> progress;

	private final Map<Check, Result> results = new EnumMap<>(Check.class);

	/** What failed first of what was not asked for; empty as long as nothing did. */
	private String unasked = "";

	private long latest = System.nanoTime();

	Trial(Set<Check> wanted, Consumer<Result> progress) {
		this.wanted = wanted;
		this.progress = progress;
	}

	/** Whether one of these was asked for and has not ended. */
	boolean wants(Check... checks) {
		return wants(Arrays.asList(checks));
	}

	boolean wants(Collection<Check> checks) {
		return checks.stream().anyMatch((check) -> this.wanted.contains(check) && !this.results.containsKey(check));
	}

	void pass(Check check) {
		end(check, Outcome.PASS, "", "");
	}

	/** With a figure or a remark. */
	void pass(Check check, String remark) {
		end(check, Outcome.PASS, "", remark);
	}

	void fail(Check check, String expected, String got) {
		end(check, Outcome.FAIL, expected, got);
	}

	void warn(Check check, String expected, String got) {
		end(check, Outcome.WARN, expected, got);
	}

	void skip(Check check, String why) {
		end(check, Outcome.SKIPPED, "", why);
	}

	void skip(Collection<Check> checks, String why) {
		checks.forEach((check) -> skip(check, why));
	}

	/** For what could not be checked because something before it failed. */
	void miss(Collection<Check> checks, String why) {
		String cause = this.unasked.isEmpty() ? why : why + "; " + this.unasked;
		checks.forEach((check) -> end(check, Outcome.MISSED, "", cause));
	}

	/** Passes without problems, else fails with the first of them. */
	void judge(Check check, String expected, List<String> problems) {
		if (problems.isEmpty()) {
			pass(check);
		}
		else {
			fail(check, expected, some(problems));
		}
	}

	/** The first three of them. */
	static String some(List<String> problems) {
		String shown = String.join("; ", problems.subList(0, Math.min(3, problems.size())));
		return (problems.size() <= 3) ? shown : shown + "; and " + (problems.size() - 3) + " more";
	}

	private void end(Check check, Outcome outcome, String expected, String got) {
		if (outcome == Outcome.FAIL && this.unasked.isEmpty() && !this.wanted.contains(check)) {
			this.unasked = check.id() + " failed, which was not asked for: expected: " + expected + ", got: " + got;
		}
		if (!wants(check)) {
			return;
		}
		long now = System.nanoTime();
		Result result = new Result(check, outcome, BoundedText.oneLine(expected, MOST_BYTES),
				BoundedText.oneLine(got, MOST_BYTES), Duration.ofNanos(now - this.latest));
		this.latest = now;
		this.results.put(check, result);
		this.progress.accept(result);
	}

	List<Result> results() {
		return new ArrayList<>(this.results.values());
	}

}
