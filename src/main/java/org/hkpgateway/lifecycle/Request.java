package org.hkpgateway.lifecycle;

import java.util.concurrent.CompletableFuture;

/**
 * The one action of a kind that a slot is busy with. For one thread.
 */
final class Request {

	private CompletableFuture<ActionResult> result = new CompletableFuture<>();

	/**
	 * Begins an action; the one before it has failed if it has not ended.
	 * @return completes with its result
	 */
	CompletableFuture<ActionResult> begin() {
		giveUp("something else was asked for meanwhile");
		this.result = new CompletableFuture<>();
		return this.result;
	}

	void giveUp(String reason) {
		end(ActionResult.failed("given up: " + reason));
	}

	/** Ends the action; nothing if there is none. */
	void end(ActionResult with) {
		this.result.complete(with);
	}

}
