package org.hkpgateway.lifecycle;

import java.util.ArrayList;
import java.util.List;

import org.hkpgateway.plugin.HealthReport;

import org.jspecify.annotations.Nullable;

/**
 * What a supervisor remembers of its plugin for the operator. Immutable, so that any
 * thread reads a consistent one.
 *
 * @param generation number of the latest incarnation, 0 before the first
 * @param restarts how many of its own followed a death
 * @param failures the latest deaths, oldest first, at most {@value #MAX_FAILURES}
 * @param health the latest health report
 */
record Ledger(long generation, long restarts, List<PluginStatus.Failure> failures, @Nullable HealthReport health) {

	static final int MAX_FAILURES = 10;

	static final Ledger EMPTY = new Ledger(0, 0, List.of(), null);

	Ledger {
		failures = List.copyOf(failures);
	}

	Ledger started(long generation) {
		return new Ledger(generation, this.restarts, this.failures, null);
	}

	Ledger restarting() {
		return new Ledger(this.generation, this.restarts + 1, this.failures, this.health);
	}

	Ledger failed(PluginStatus.Failure failure) {
		List<PluginStatus.Failure> latest = new ArrayList<>(this.failures);
		latest.add(failure);
		int surplus = Math.max(0, latest.size() - MAX_FAILURES);
		return new Ledger(this.generation, this.restarts, latest.subList(surplus, latest.size()), this.health);
	}

	Ledger examined(HealthReport report) {
		return new Ledger(this.generation, this.restarts, this.failures, report);
	}

}
