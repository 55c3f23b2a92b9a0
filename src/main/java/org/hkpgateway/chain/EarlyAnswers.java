package org.hkpgateway.chain;

import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.function.Function;

import org.hkpgateway.plugin.PluginRegistry;
import org.hkpgateway.plugin.RequestEvent;

import org.jspecify.annotations.Nullable;

/**
 * Calls to the plugins of one stage, all made at its beginning. Each is looked at when it
 * is that plugin's turn; those that are not over are cancelled when this is closed.
 * Thread-safe as far as {@link #close} may come at any time.
 */
final class EarlyAnswers {

	private final int first;

	private final @Nullable Call[] calls;

	private EarlyAnswers(int first, int count) {
		this.first = first;
		this.calls = new @Nullable Call[count];
	}

	/**
	 * Asks all plugins of a stage.
	 * @param places all places of the chain
	 * @param first the first place of the stage
	 * @param asking asks one; null if it is not to be asked early
	 * @return the calls
	 */
	static EarlyAnswers ask(List<Place> places, int first, Function<Place, @Nullable Call> asking) {
		int end = Place.endOfStage(places, first);
		EarlyAnswers answers = new EarlyAnswers(first, end - first);
		for (int i = first; i < end; i++) {
			answers.calls[i - first] = places.get(i).decides() ? asking.apply(places.get(i)) : null;
		}
		return answers;
	}

	/**
	 * The call to a plugin, if there is one. It stays here, to be cancelled by
	 * {@link #close}, until it is dropped.
	 * @param index its place
	 */
	@Nullable Call at(int index) {
		return covers(index) ? this.calls[index - this.first] : null;
	}

	/**
	 * Keeps a call no longer, and cancels it unless it is over. Else an answer that was
	 * used or is not wanted were kept as long as the request.
	 * @param index its place
	 */
	void drop(int index) {
		Call call = this.calls[index - this.first];
		if (call != null) {
			call.cancel();
			this.calls[index - this.first] = null;
		}
	}

	/**
	 * Whether a place belongs to the stage.
	 * @param index the place
	 */
	boolean covers(int index) {
		return index >= this.first && index < this.first + this.calls.length;
	}

	void close() {
		for (int i = 0; i < this.calls.length; i++) {
			drop(this.first + i);
		}
	}

	/**
	 * One call.
	 *
	 * @param entry the plugin, as it was asked
	 * @param shown what it was shown
	 * @param answer what comes of it; cancelling it cancels the call
	 */
	record Call(PluginRegistry.Entry entry, RequestEvent shown, CompletableFuture<Answered> answer) {

		void cancel() {
			this.answer.cancel(false);
		}

	}

}
