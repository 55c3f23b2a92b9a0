package org.hkpgateway.lifecycle;

import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;

import org.hkpgateway.plugin.PluginId;
import org.hkpgateway.plugin.PluginSpec;

import org.jspecify.annotations.Nullable;

/**
 * All slots and what they have to do with each other: who waits for whom, who may be
 * stopped. Only the control thread changes anything; the first start comes before it.
 */
final class Board implements SlotListener {

	private final SlotTools tools;

	private final Settlement settlement = new Settlement();

	private final Waiting waiting = new Waiting();

	private final Map<PluginId, PluginSlot> slots = new LinkedHashMap<>();

	/** Removed, but not yet ended. */
	private final Set<PluginSlot> departing = ConcurrentHashMap.newKeySet();

	/** In FAILED only because a dependency was missing. */
	private final Set<PluginId> unstartable = ConcurrentHashMap.newKeySet();

	private volatile Roster roster = Roster.EMPTY;

	Board(SlotTools tools) {
		this.tools = tools;
	}

	/** The plugins as of now. Thread-safe. */
	Roster roster() {
		return this.roster;
	}

	/** Who is required and how that stands. Thread-safe. */
	Settlement settlement() {
		return this.settlement;
	}

	/** What keeps a plugin from its start or its swap. Thread-safe. */
	List<PluginId> waitingFor(PluginId id) {
		PluginSpec target = this.waiting.target(id);
		return (target != null) ? this.roster.unmet(target.dependencies()) : List.of();
	}

	/**
	 * What the plugins are about to be: a swap that goes on is taken for done.
	 * Thread-safe.
	 */
	List<PluginSpec> targets() {
		return this.roster.slots().stream().map(this::target).toList();
	}

	private PluginSpec target(PluginSlot slot) {
		PluginSpec waited = this.waiting.target(slot.id());
		Place candidate = slot.occupants().candidate();
		if (waited != null) {
			return waited;
		}
		return (candidate != null) ? candidate.spec() : slot.spec();
	}

	void start(List<PluginSpec> plugins) {
		PluginDifference.distinct(plugins).forEach((spec) -> add(spec, true));
		chainChanged();
		List<PluginSpec> enabled = this.roster.enabled();
		this.settlement.begin(enabled);
		DependencyOrder order = DependencyOrder.of(enabled);
		order.unstartable().forEach((id, reason) -> refuse(this.roster.slot(id), reason));
		for (PluginSpec spec : order.startable()) {
			var unused = startWhenPossible(this.roster.slot(spec.id()), "gateway starts");
		}
	}

	PluginSlot add(PluginSpec spec, boolean joined) {
		PluginSlot slot = new PluginSlot(spec, joined, this.tools, this);
		this.slots.put(spec.id(), slot);
		this.tools.listeners().forEach((listener) -> listener.onAdded(spec.id()));
		return slot;
	}

	CompletableFuture<ActionResult> startWhenPossible(PluginSlot slot, String reason) {
		List<PluginId> unmet = this.roster.unmet(slot.spec().dependencies());
		this.unstartable.remove(slot.id());
		if (unmet.isEmpty()) {
			this.waiting.remove(slot.id());
			return slot.begin(reason);
		}
		slot.hold();
		// It is believed in: while it waits, its fail policy answers.
		slot.join();
		this.waiting.add(slot.spec(), () -> {
			var unused = slot.begin("its dependencies are READY");
		});
		return CompletableFuture.completedFuture(ActionResult.waiting("waits for " + names(unmet) + " to be READY"));
	}

	/** Puts a plugin that cannot start into FAILED. */
	void refuse(PluginSlot slot, String reason) {
		this.unstartable.add(slot.id());
		slot.join();
		slot.refuse(reason);
	}

	CompletableFuture<ActionResult> restart(PluginSlot slot, String reason) {
		ActionResult obstacle = obstacle(slot);
		return (obstacle != null) ? CompletableFuture.completedFuture(obstacle) : slot.restart(reason);
	}

	CompletableFuture<ActionResult> reload(PluginSlot slot, String reason) {
		ActionResult obstacle = obstacle(slot);
		return (obstacle != null) ? CompletableFuture.completedFuture(obstacle) : slot.reload(slot.spec(), reason);
	}

	private @Nullable ActionResult obstacle(PluginSlot slot) {
		if (!slot.occupants().enabled()) {
			return ActionResult.refused("expected: an enabled plugin, got: a disabled one; enable it");
		}
		if (this.unstartable.contains(slot.id())) {
			String reason = DependencyOrder.of(this.roster.enabled()).unstartable().get(slot.id());
			return ActionResult.refused((reason != null) ? reason : "its dependencies are missing");
		}
		return slot.held() && this.waiting.contains(slot.id())
				? ActionResult.waiting("waits for " + names(waitingFor(slot.id())) + " to be READY") : null;
	}

	CompletableFuture<ActionResult> enable(PluginSlot slot) {
		if (slot.occupants().enabled()) {
			return CompletableFuture.completedFuture(ActionResult.unchanged("it is enabled already"));
		}
		List<PluginSpec> enabled = new ArrayList<>(this.roster.enabled());
		enabled.add(slot.spec());
		String obstacle = DependencyOrder.of(enabled).unstartable().get(slot.id());
		if (obstacle != null) {
			return CompletableFuture.completedFuture(ActionResult.refused(obstacle));
		}
		slot.enable(false);
		CompletableFuture<ActionResult> result = startWhenPossible(slot, "enabled by the operator");
		reviveDependents();
		return result;
	}

	CompletableFuture<ActionResult> disable(PluginSlot slot) {
		if (!slot.occupants().enabled()) {
			return CompletableFuture.completedFuture(ActionResult.unchanged("it is disabled already"));
		}
		List<PluginId> dependents = this.roster.dependents(slot.id());
		if (!dependents.isEmpty()) {
			return CompletableFuture
				.completedFuture(ActionResult.refused("expected: no enabled plugin that depends on it, got: "
						+ names(dependents) + "; disable these first"));
		}
		return disable(slot, "disabled by the operator");
	}

	CompletableFuture<ActionResult> disable(PluginSlot slot, String reason) {
		this.waiting.remove(slot.id());
		this.unstartable.remove(slot.id());
		this.settlement.forget(slot.id());
		return slot.disable(reason).thenApply((done) -> ActionResult.done("stopped and out of the chain"));
	}

	/** Starts those that could not, if now they can. */
	void reviveDependents() {
		DependencyOrder order = DependencyOrder.of(this.roster.enabled());
		for (PluginSpec spec : order.startable()) {
			if (this.unstartable.remove(spec.id())) {
				PluginSlot slot = this.roster.slot(spec.id());
				String reason = "its dependencies have come";
				var unused = slot.adopt(spec, reason)
					.thenCombine(startWhenPossible(slot, reason), (gone, result) -> result);
			}
		}
	}

	/** Lets a plugin become another once the dependencies that this needs are READY. */
	void swapLater(PluginSlot slot, PluginSpec next, String reason) {
		this.waiting.add(next, () -> {
			var unused = slot.reload(next, reason);
		});
	}

	/** Readiness does not wait for it any longer. */
	void excuse(PluginId id) {
		this.settlement.forget(id);
	}

	void forget(PluginId id) {
		this.waiting.remove(id);
		this.unstartable.remove(id);
	}

	/** Takes plugins out for good, dependents first. */
	Map<PluginId, CompletableFuture<ActionResult>> remove(Collection<PluginId> ids, String reason) {
		List<PluginSlot> gone = ids.stream().map(this.roster::slot).toList();
		for (PluginSlot slot : gone) {
			forget(slot.id());
			this.settlement.forget(slot.id());
			this.slots.remove(slot.id());
			this.departing.add(slot);
			slot.leave(reason);
		}
		chainChanged();
		Map<PluginId, CompletableFuture<ActionResult>> results = new LinkedHashMap<>();
		Retirement.of(gone, reason)
			.forEach((id, end) -> results.put(id, end.thenApply((done) -> ActionResult.done("stopped and removed"))));
		for (PluginSlot slot : gone) {
			CompletableFuture<ActionResult> end = results.get(slot.id());
			if (end != null) {
				var unused = end.thenRun(() -> this.tools.control().execute(() -> {
					slot.close();
					this.departing.remove(slot);
					if (this.roster.find(slot.id()) == null) {
						this.tools.listeners().forEach((listener) -> listener.onRemoved(slot.id()));
					}
				}));
			}
		}
		return results;
	}

	@Override
	public void chainChanged() {
		this.roster = Roster.of(this.slots.values());
	}

	@Override
	public void ready(PluginSlot slot) {
		this.settlement.ready(slot.id());
		this.waiting.release((dependencies) -> this.roster.unmet(dependencies).isEmpty());
	}

	/** Nobody should wait for a plugin that waits for a failed one. */
	@Override
	public void failed(PluginSlot slot) {
		settleFailed(slot.id());
	}

	private void settleFailed(PluginId failed) {
		this.settlement.failed(failed);
		this.waiting.waitingFor(failed).forEach(this::settleFailed);
	}

	/**
	 * Ends all for good, dependents first. Only once the control thread is closed.
	 * @param reason why, also told to the plugins
	 * @return completes when none of their processes is left
	 */
	CompletableFuture<Void> retireAll(String reason) {
		List<CompletableFuture<Void>> ends = new ArrayList<>(Retirement.of(this.slots.values(), reason).values());
		this.departing.forEach((slot) -> ends.add(slot.retire(reason)));
		return Retirement.all(ends);
	}

	/** Ends all threads. Only once the control thread is closed. */
	void close() {
		this.slots.values().forEach(PluginSlot::close);
		this.departing.forEach(PluginSlot::close);
	}

	static String names(Collection<PluginId> plugins) {
		return String.join(", ", plugins.stream().map(PluginId::name).toList());
	}

}
