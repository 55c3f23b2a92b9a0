package org.hkpgateway.log;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;

import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

class SparseLinesTests {

	private final AtomicLong now = new AtomicLong(Long.MAX_VALUE - 5);

	private final SparseLines lines = new SparseLines(this.now::get);

	private final List<Long> written = new ArrayList<>();

	@Test
	void writesOneInTenSecondsAndSaysHowManyItDidNot() {
		for (int i = 0; i < 100; i++) {
			this.lines.write(this.written::add);
		}
		this.now.addAndGet(SparseLines.PAUSE.toNanos() - 1);
		this.lines.write(this.written::add);
		this.now.addAndGet(1);
		this.lines.write(this.written::add);
		this.now.addAndGet(SparseLines.PAUSE.toNanos());
		this.lines.write(this.written::add);
		assertThat(this.written).containsExactly(0L, 100L, 0L);
	}

}
