package org.hkpgateway.conformance;

import java.time.Duration;
import java.util.EnumSet;
import java.util.List;

import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

class TrialTests {

	private final Trial trial = new Trial(EnumSet.of(Check.DECISIONS_VALID, Check.STREAM_IDS), (result) -> {
	});

	/** A run that has checked nothing must not be green. */
	@Test
	void whatWasNotReachedFailsTheReportAndTellsWhatElseFailed() {
		this.trial.fail(Check.MANIFEST_VALID, "a plugin", "none");
		this.trial.miss(EnumSet.allOf(Check.class), "not reached");
		assertThat(this.trial.results()).hasSize(2).allSatisfy((result) -> {
			assertThat(result.outcome()).isEqualTo(Outcome.MISSED);
			assertThat(result.got()).isEqualTo(
					"not reached; manifest.valid failed, which was not asked for: expected: a plugin, got: none");
		});
		assertThat(report().failed()).isTrue();
	}

	@Test
	void whatDoesNotApplyDoesNotFailIt() {
		this.trial.skip(Check.STREAM_IDS, "not declared");
		this.trial.pass(Check.DECISIONS_VALID);
		this.trial.miss(EnumSet.allOf(Check.class), "not reached");
		assertThat(report().failed()).isFalse();
	}

	private Report report() {
		return new Report("fake", "1.0", List.copyOf(this.trial.results()), Duration.ZERO);
	}

}
