package org.hkpgateway.lifecycle;

import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;

import org.hkpgateway.plugin.Capability;
import org.hkpgateway.plugin.FailPolicy;
import org.hkpgateway.plugin.HealthReport;
import org.hkpgateway.plugin.PluginId;

import org.jspecify.annotations.Nullable;

/**
 * One plugin at one moment, for the operator; while it moves, its parts may be a moment
 * apart. Holds neither configuration nor environment, which may contain secrets.
 *
 * @param id its name
 * @param version as its manifest says
 * @param state where it is in its life
 * @param since when it got there
 * @param reason why it got there
 * @param pid its process, empty while there is none
 * @param restarts how often it was started again after a death
 * @param generation which incarnation this is, 1 for the first, 0 before it
 * @param failures its latest deaths, oldest first, at most 10
 * @param health its latest health report; null before the first of this incarnation
 * @param waitingFor dependencies that keep it from its first start
 * @param order place in the chain
 * @param required whether readiness waits for it
 * @param fail what its failure means
 * @param requested what the manifest asked for
 * @param granted what is in force
 */
public record PluginStatus(PluginId id, String version, PluginState state, Instant since, String reason,
		OptionalLong pid, long restarts, long generation, List<Failure> failures, @Nullable HealthReport health,
		List<PluginId> waitingFor, int order, boolean required, FailPolicy fail, Set<Capability> requested,
		Set<Capability> granted) {

	public PluginStatus {
		failures = List.copyOf(failures);
		waitingFor = List.copyOf(waitingFor);
		requested = Set.copyOf(requested);
		granted = Set.copyOf(granted);
	}

	/**
	 * Whether it got less than it asked for.
	 * @return true if it runs reduced
	 */
	public boolean reduced() {
		return !this.granted.containsAll(this.requested);
	}

	/**
	 * Its latest death.
	 * @return empty if it never died
	 */
	public Optional<Failure> lastFailure() {
		return this.failures.isEmpty() ? Optional.empty() : Optional.of(this.failures.get(this.failures.size() - 1));
	}

	/**
	 * One death of a plugin, or one start that failed.
	 *
	 * @param at when it was noticed
	 * @param reason why, as far as it is known
	 */
	public record Failure(Instant at, String reason) {
	}

}
