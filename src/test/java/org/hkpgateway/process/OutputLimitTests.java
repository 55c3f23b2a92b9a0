package org.hkpgateway.process;

import java.util.concurrent.TimeUnit;

import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

class OutputLimitTests {

	private long now = -1;

	private final OutputLimit limit = new OutputLimit(() -> this.now);

	@Test
	void aBurstPassesThenTheRate() {
		assertThat(admitted(5000)).isEqualTo(1000);
		advance(1000);
		assertThat(admitted(5000)).isEqualTo(200);
		advance(5);
		assertThat(admitted(10)).isEqualTo(1);
		advance(3_600_000);
		assertThat(admitted(5000)).isEqualTo(1000);
	}

	@Test
	void longLinesCountForEachKiB() {
		int count = 0;
		while (this.limit.admit(64 * 1024)) {
			count++;
		}
		assertThat(count).isEqualTo(1000 / 65);
	}

	@Test
	void suppressedLinesAreReportedOnceASecond() {
		admitted(1010);
		assertThat(this.limit.takeSuppressed()).isZero();
		advance(1000);
		assertThat(this.limit.takeSuppressed()).isEqualTo(10);
		assertThat(this.limit.takeSuppressed()).isZero();
		admitted(205);
		advance(999);
		assertThat(this.limit.takeSuppressed()).isZero();
		advance(1);
		assertThat(this.limit.takeSuppressed()).isEqualTo(5);
	}

	@Test
	void theRestIsReportedAtTheEnd() {
		admitted(1003);
		assertThat(this.limit.takeAllSuppressed()).isEqualTo(3);
		assertThat(this.limit.takeAllSuppressed()).isZero();
	}

	private int admitted(int lines) {
		int count = 0;
		for (int i = 0; i < lines; i++) {
			count += this.limit.admit(80) ? 1 : 0;
		}
		return count;
	}

	private void advance(long millis) {
		this.now += TimeUnit.MILLISECONDS.toNanos(millis);
	}

}
