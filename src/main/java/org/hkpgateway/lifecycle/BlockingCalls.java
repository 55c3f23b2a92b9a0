package org.hkpgateway.lifecycle;

import java.util.concurrent.CancellationException;
import java.util.function.Supplier;

import org.jspecify.annotations.Nullable;

/**
 * Lets any thread cut short what the supervisor thread waits for on behalf of one
 * process. Once cut short, always: later calls fail at once. An interruption never
 * outlives the call that it was meant for.
 */
final class BlockingCalls {

	private @Nullable Thread caller;

	private boolean over;

	/**
	 * Makes a call that may block and reacts to interruption. Not reentrant.
	 * @param <T> type of result
	 * @param call the call
	 * @return its result
	 * @throws CancellationException if cut short before it began
	 */
	<T> T make(Supplier<T> call) {
		synchronized (this) {
			if (this.over) {
				throw new CancellationException("cut short");
			}
			this.caller = Thread.currentThread();
		}
		try {
			return call.get();
		}
		finally {
			synchronized (this) {
				this.caller = null;
				if (this.over) {
					Thread.interrupted();
				}
			}
		}
	}

	/** Interrupts the call that is going on and refuses those to come. */
	synchronized void cutShort() {
		this.over = true;
		if (this.caller != null) {
			this.caller.interrupt();
		}
	}

}
