package org.hkpgateway.conformance;

import java.time.Duration;
import java.util.Comparator;
import java.util.List;

/**
 * What came of all checks.
 *
 * @param plugin its name; the directory if no plugin was found there
 * @param version its version, possibly empty
 * @param results one for each check that was asked for, in the order of {@link Check}
 * @param took all of it
 */
public record Report(String plugin, String version, List<Result> results, Duration took) {

	public Report {
		results = results.stream().sorted(Comparator.comparing(Result::check)).toList();
	}

	/**
	 * The results of one kind.
	 * @param outcome the kind
	 * @return possibly none
	 */
	public List<Result> of(Outcome outcome) {
		return this.results.stream().filter((result) -> result.outcome() == outcome).toList();
	}

	/**
	 * Whether a check failed, or one that applies could not be made.
	 * @return never true because of warnings
	 */
	public boolean failed() {
		return !of(Outcome.FAIL).isEmpty() || !of(Outcome.MISSED).isEmpty();
	}

}
