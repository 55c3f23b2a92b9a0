package org.hkpgateway.lifecycle;

import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;

import org.hkpgateway.plugin.Capability;
import org.hkpgateway.plugin.FailPolicy;
import org.hkpgateway.plugin.GuardStatus;
import org.hkpgateway.plugin.Guards;
import org.hkpgateway.plugin.HealthReport;
import org.hkpgateway.plugin.IsolationReport;
import org.hkpgateway.plugin.MatchRules;
import org.hkpgateway.plugin.PluginClient;
import org.hkpgateway.plugin.PluginId;
import org.hkpgateway.plugin.PluginIntroduction;
import org.hkpgateway.plugin.PluginMode;
import org.hkpgateway.plugin.PluginSpec;

import org.jspecify.annotations.Nullable;

/**
 * One plugin at one moment, for the operator; while it moves, its parts may be a moment
 * apart. Holds neither configuration nor environment, which may contain secrets.
 *
 * @param id its name
 * @param version as its manifest says
 * @param source where its process comes from, in words
 * @param enabled whether it is wanted
 * @param state where its active generation is in its life
 * @param since when it got there
 * @param reason why it got there; several lines if the last words of its process are told
 * @param pid its process, empty while there is none or none of the gateway's
 * @param restarts how often the present supervisor started it again after a death
 * @param generation which incarnation this is, 1 for the first, 0 before it
 * @param failures its latest deaths, oldest first, at most 10
 * @param health its latest health report; null before the first of this incarnation
 * @param waitingFor dependencies that keep it from its start, or from a swap
 * @param order place in the chain
 * @param mode what its decisions are for
 * @param speculative whether it may be asked ahead of its turn
 * @param match which requests it is shown
 * @param required whether readiness waits for it
 * @param fail what its failure means
 * @param requested what the manifest asked for
 * @param granted what is in force
 * @param security how gateway and plugin know each other, for example {@code mtls}; null
 * while it is not connected
 * @param isolation what its process is kept from; null while there is none
 * @param introduction what it said of itself; null before it did
 * @param requests how its calls of the request phase go; null before this incarnation was
 * READY
 * @param responses the same of the response phase; null also if it takes no part in it
 * @param other the other generation of a swap; null if there is none
 * @param lastSwap how the latest swap went or goes; null if there was none
 */
public record PluginStatus(PluginId id, String version, String source, boolean enabled, PluginState state,
		Instant since, String reason, OptionalLong pid, long restarts, long generation, List<Failure> failures,
		@Nullable HealthReport health, List<PluginId> waitingFor, int order, PluginMode mode, boolean speculative,
		MatchRules match, boolean required, FailPolicy fail, Set<Capability> requested, Set<Capability> granted,
		@Nullable String security, @Nullable IsolationReport isolation, @Nullable PluginIntroduction introduction,
		@Nullable GuardStatus requests, @Nullable GuardStatus responses, @Nullable OtherGeneration other,
		@Nullable Swap lastSwap) {

	public PluginStatus {
		failures = List.copyOf(failures);
		waitingFor = List.copyOf(waitingFor);
		requested = Set.copyOf(requested);
		granted = Set.copyOf(granted);
	}

	static PluginStatus of(PluginSupervisor.Snapshot active, boolean enabled, List<PluginId> waitingFor,
			@Nullable OtherGeneration other, @Nullable Swap lastSwap) {
		PluginSpec spec = active.spec();
		StateMachine.Position position = active.position();
		Ledger record = active.record();
		Incarnation process = active.incarnation();
		PluginClient.Guarded guarded = (process != null) ? process.guarded() : null;
		Guards responses = (guarded != null) ? guarded.responses() : null;
		return new PluginStatus(spec.id(), spec.version(), spec.source().toString(), enabled, position.state(),
				position.since(), position.reason(), (process != null) ? process.pid() : OptionalLong.empty(),
				record.restarts(), record.generation(), record.failures(), record.health(), waitingFor, spec.order(),
				spec.mode(), spec.speculative(), spec.match(), spec.required(), spec.fail(), spec.requested(),
				spec.granted(), (process != null) ? process.security() : null,
				(process != null) ? process.isolation() : null, (process != null) ? process.introduction() : null,
				(guarded != null) ? guarded.status() : null, (responses != null) ? responses.status() : null, other,
				lastSwap);
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

	/**
	 * The generation that does not decide: STARTING, if it is to take over; STANDBY, if
	 * the one that decides is on trial.
	 *
	 * @param state where it is in its life
	 * @param generation which incarnation it is
	 * @param since when it got there
	 * @param reason why it got there
	 */
	public record OtherGeneration(PluginState state, long generation, Instant since, String reason) {

		static OtherGeneration of(PluginSupervisor.Snapshot other) {
			return new OtherGeneration(other.position().state(), other.record().generation(), other.position().since(),
					other.position().reason());
		}

	}

	/**
	 * The latest swap.
	 *
	 * @param at when it came to this outcome
	 * @param outcome how it went or goes
	 * @param reason why
	 */
	public record Swap(Instant at, Outcome outcome, String reason) {

		/** How a swap goes. */
		public enum Outcome {

			/** The new generation decides, the former stands by. */
			ON_TRIAL,
			/** The new generation is the only one. */
			DONE,
			/** The new generation decided for a while; the former does again. */
			ROLLED_BACK,
			/** The new generation never decided. */
			FAILED

		}

	}

}
