package org.hkpgateway.lifecycle;

import java.time.Duration;
import java.util.concurrent.CompletableFuture;

import org.jspecify.annotations.Nullable;

/**
 * How far the swap of one plugin has come: who waits for it, until when the trial lasts,
 * and how the last one went. Only for the control thread, but for {@link #last()}.
 */
final class SwapProgress {

	private final Control control;

	private final Request request = new Request();

	private volatile PluginStatus.@Nullable Swap last;

	private SupervisorLoop.Timer trial = SupervisorLoop.Timer.NONE;

	SwapProgress(Control control) {
		this.control = control;
	}

	/** How the last one went, or goes. Thread-safe. */
	PluginStatus.@Nullable Swap last() {
		return this.last;
	}

	/** Somebody asks for one. */
	CompletableFuture<ActionResult> begin() {
		return this.request.begin();
	}

	/** Whoever asked is told how it went. */
	void answer(ActionResult result) {
		this.request.end(result);
	}

	/** Whoever asked is told that something else came first. The trial ends unheard. */
	void giveUp(String reason) {
		this.trial.cancel();
		this.request.giveUp(reason);
	}

	/**
	 * The new generation decides.
	 * @param limit how long it is on trial
	 * @param passed what to do when it has passed
	 */
	void tryOut(Duration limit, Runnable passed) {
		this.trial = this.control.schedule(limit, passed);
		record(PluginStatus.Swap.Outcome.ON_TRIAL, "the new generation decides, the former stands by");
	}

	/** It has come to an end. */
	void end(PluginStatus.Swap.Outcome outcome, String reason) {
		this.trial.cancel();
		record(outcome, reason);
	}

	private void record(PluginStatus.Swap.Outcome outcome, String reason) {
		this.last = new PluginStatus.Swap(this.control.now(), outcome, reason);
	}

}
