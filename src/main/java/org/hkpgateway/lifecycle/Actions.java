package org.hkpgateway.lifecycle;

import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;

/**
 * What callers wait for. Sees to it that nobody waits for a host that has closed.
 * Thread-safe.
 */
final class Actions {

	private static final String STOPS = "the gateway stops";

	private final Set<Runnable> open = ConcurrentHashMap.newKeySet();

	private final Control control;

	Actions(Control control) {
		this.control = control;
	}

	/**
	 * Has an action done on the control thread.
	 * @param action starts it
	 * @return completes with its result, at the latest when the host closes
	 */
	CompletableFuture<ActionResult> submit(Supplier<CompletableFuture<ActionResult>> action) {
		CompletableFuture<ActionResult> result = open();
		this.control.execute(() -> {
			try {
				relay(action.get(), result);
			}
			catch (RuntimeException ex) {
				result.complete(ActionResult.failed("unexpected failure: " + ex));
				throw ex;
			}
		});
		if (!this.control.unlessClosed(() -> {
		})) {
			result.complete(ActionResult.refused(STOPS));
		}
		return result.copy();
	}

	/**
	 * Sees to the end of an action that has begun.
	 * @param action completes with its result
	 * @return the same, or that the host has closed
	 */
	CompletableFuture<ActionResult> track(CompletableFuture<ActionResult> action) {
		CompletableFuture<ActionResult> result = open();
		relay(action, result);
		return result;
	}

	private CompletableFuture<ActionResult> open() {
		CompletableFuture<ActionResult> result = new CompletableFuture<>();
		Runnable end = () -> result.complete(ActionResult.failed(STOPS));
		this.open.add(end);
		var unused = result.whenComplete((value, error) -> this.open.remove(end));
		return result;
	}

	private static void relay(CompletableFuture<ActionResult> from, CompletableFuture<ActionResult> to) {
		var unused = from.whenComplete((value, error) -> to
			.complete((value != null) ? value : ActionResult.failed("unexpected failure: " + error)));
	}

	/** Ends all. After the control thread was closed. */
	void close() {
		this.open.forEach(Runnable::run);
	}

}
