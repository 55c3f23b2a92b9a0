package org.hkpgateway.conformance;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.EnumSet;
import java.util.List;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * What is said of the time that answers take: without a plugin, whose answers take as
 * long as the machine lets them.
 */
class LoadChecksTests {

	@ParameterizedTest
	@CsvSource({ "0, PASS", "1, WARN", "5, WARN", "6, FAIL" })
	void fewLateAnswersAreAWarning(int late, Outcome outcome) {
		List<Long> nanos = new ArrayList<>(Collections.nCopies(100 - late, Duration.ofMillis(200).toNanos()));
		nanos.addAll(Collections.nCopies(late, Duration.ofMillis(201).toNanos()));
		Trial trial = new Trial(EnumSet.of(Check.DEADLINE_KEPT), (result) -> {
		});
		LoadChecks.times(trial, nanos, Duration.ofMillis(200));
		Result result = trial.results().get(0);
		assertThat(result.outcome()).isEqualTo(outcome);
		assertThat(result.got()).contains("median 200.0 ms");
	}

}
