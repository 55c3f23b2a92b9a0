package org.hkpgateway.actuate;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

import org.hkpgateway.chain.PluginOutcome;
import org.hkpgateway.lifecycle.PluginStatus;
import org.hkpgateway.plugin.BreakerState;
import org.hkpgateway.plugin.FailPolicy;
import org.hkpgateway.plugin.GuardStatus;
import org.hkpgateway.plugin.PluginId;
import org.hkpgateway.plugin.PluginMode;
import org.hkpgateway.proxy.Explanation;
import org.jspecify.annotations.Nullable;

/**
 * What open circuit breakers would do to a real request: an explanation asks plugins past
 * them.
 */
final class BreakerNotes {

	private BreakerNotes() {
	}

	/**
	 * One note for each breaker that is not closed, of those that a request like the
	 * explained one comes to.
	 * @param explanation the explanation
	 * @param known all plugins as they are now
	 * @return sentences, in the order of the plugins
	 */
	static List<String> of(Explanation explanation, List<PluginStatus> known) {
		Set<PluginId> asked = new HashSet<>(explanation.notCalled());
		for (PluginOutcome outcome : explanation.trace().outcomes()) {
			if (outcome.kind() != PluginOutcome.Kind.SKIPPED) {
				asked.add(outcome.plugin());
			}
		}
		List<PluginId> reviewers = (explanation.result() instanceof Explanation.Forward forward) ? forward.reviewers()
				: List.of();
		List<String> notes = new ArrayList<>();
		for (PluginStatus plugin : known) {
			if (asked.contains(plugin.id())) {
				add(notes, plugin, "", plugin.requests(), "request", requestWithout(plugin));
			}
			if (reviewers.contains(plugin.id())) {
				add(notes, plugin, " for answers", plugin.responses(), "answer", "it would pass without it");
			}
		}
		return notes;
	}

	private static void add(List<String> notes, PluginStatus plugin, String which, @Nullable GuardStatus guards,
			String what, String without) {
		BreakerState state = (guards != null) ? guards.breaker().state() : BreakerState.CLOSED;
		if (state == BreakerState.CLOSED) {
			return;
		}
		String breaker = "The circuit breaker of " + plugin.id() + which;
		notes.add((state == BreakerState.OPEN)
				? breaker + " is open. It would not be shown a real " + what + ", and " + without + "."
				: breaker + " is half open. It is shown few real " + what + "s; if it were not, " + without + ".");
	}

	private static String requestWithout(PluginStatus plugin) {
		if (plugin.mode() == PluginMode.SHADOW) {
			return "nothing would be compared";
		}
		return (plugin.fail() == FailPolicy.OPEN) ? "the request would go on without it (fail: open)"
				: "the request would be answered 500 (fail: closed)";
	}

}
