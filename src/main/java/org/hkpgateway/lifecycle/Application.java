package org.hkpgateway.lifecycle;

import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;

import org.hkpgateway.plugin.PluginId;
import org.hkpgateway.plugin.PluginSpec;

/**
 * Turns the plugins into others, at one moment on the control thread; what takes time
 * follows. Another application need not wait for that: it compares with what the plugins
 * are about to be, and what it asks of a plugin ends what was going on there.
 */
final class Application {

	private static final String REASON = "the configuration has changed";

	private final Board board;

	private final Map<PluginId, PluginSpec> next = new LinkedHashMap<>();

	private final Map<PluginId, CompletableFuture<ActionResult>> results = new LinkedHashMap<>();

	Application(Board board, Collection<PluginSpec> next) {
		this.board = board;
		next.forEach((spec) -> this.next.put(spec.id(), spec));
	}

	/**
	 * Does it.
	 * @return completes for each plugin, old or new
	 */
	Map<PluginId, CompletableFuture<ActionResult>> run() {
		PluginDifference difference = PluginDifference.between(this.board.targets(), this.next.values());
		this.results.putAll(this.board.remove(difference.removed(), "removed: " + REASON));
		difference.unchanged().forEach((id) -> end(id, ActionResult.unchanged("it does not change")));
		List<PluginSpec> wanted = new ArrayList<>();
		for (PluginSpec spec : this.next.values()) {
			if (wanted(spec)) {
				wanted.add(spec);
			}
		}
		DependencyOrder order = DependencyOrder.of(wanted);
		// Added ones first: a changed one may come to depend on them.
		difference.added().forEach((id) -> this.board.add(spec(id), false));
		this.board.chainChanged();
		difference.added().forEach((id) -> start(spec(id), order));
		difference.changed().keySet().forEach((id) -> change(spec(id), order));
		this.board.reviveDependents();
		return this.results;
	}

	/** What the operator switched by hand stays so until its configuration changes. */
	private boolean wanted(PluginSpec spec) {
		PluginSlot slot = this.board.roster().find(spec.id());
		return (slot != null && slot.spec().enabled() == spec.enabled()) ? slot.occupants().enabled() : spec.enabled();
	}

	private void start(PluginSpec spec, DependencyOrder order) {
		PluginSlot slot = this.board.roster().slot(spec.id());
		String obstacle = order.unstartable().get(spec.id());
		if (!slot.occupants().enabled()) {
			end(spec.id(), ActionResult.done("known, but disabled"));
		}
		else if (obstacle != null) {
			this.board.refuse(slot, obstacle);
			end(spec.id(), ActionResult.failed(obstacle));
		}
		else {
			this.results.put(spec.id(), this.board.startWhenPossible(slot, REASON));
		}
	}

	private void change(PluginSpec spec, DependencyOrder order) {
		PluginSlot slot = this.board.roster().slot(spec.id());
		boolean wanted = wanted(spec);
		String obstacle = order.unstartable().get(spec.id());
		this.board.forget(spec.id());
		if (!spec.required()) {
			this.board.excuse(spec.id());
		}
		if (!wanted) {
			this.results.put(spec.id(), this.board.disable(slot, REASON));
			var unused = slot.adopt(spec, REASON);
		}
		else if (!slot.occupants().enabled()) {
			var unused = slot.adopt(spec, REASON);
			slot.enable(false);
			start(spec, order);
		}
		else if (obstacle != null) {
			cannot(slot, spec, obstacle);
		}
		else if (slot.serving() && slot.spec().equals(spec)) {
			slot.abandonSwap(REASON);
			end(spec.id(), ActionResult.done("it stays as it is"));
		}
		else if (this.board.roster().unmet(spec.dependencies()).isEmpty()) {
			this.results.put(spec.id(), slot.reload(spec, REASON));
		}
		else {
			later(slot, spec);
		}
	}

	private void cannot(PluginSlot slot, PluginSpec spec, String obstacle) {
		if (slot.serving()) {
			end(spec.id(), ActionResult.refused(obstacle + "; it goes on as before"));
			return;
		}
		var unused = slot.adopt(spec, REASON);
		this.board.refuse(slot, obstacle);
		end(spec.id(), ActionResult.failed(obstacle));
	}

	private void later(PluginSlot slot, PluginSpec spec) {
		if (!slot.serving()) {
			var unused = slot.adopt(spec, REASON);
			this.results.put(spec.id(), this.board.startWhenPossible(slot, REASON));
			return;
		}
		slot.abandonSwap(REASON);
		this.board.swapLater(slot, spec, REASON);
		end(spec.id(), ActionResult.waiting("waits for " + Board.names(this.board.waitingFor(spec.id()))
				+ " to be READY; until then it goes on as before"));
	}

	private PluginSpec spec(PluginId id) {
		PluginSpec spec = this.next.get(id);
		if (spec == null) {
			throw new IllegalArgumentException("plugin " + id + ": not among " + this.next.keySet());
		}
		return spec;
	}

	private void end(PluginId id, ActionResult result) {
		this.results.put(id, CompletableFuture.completedFuture(result));
	}

}
