package org.hkpgateway.storage;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.function.BiPredicate;
import java.util.function.Function;

import com.github.benmanes.caffeine.cache.AsyncCache;
import com.github.benmanes.caffeine.cache.Caffeine;
import com.github.benmanes.caffeine.cache.Expiry;
import com.github.benmanes.caffeine.cache.Policy;
import com.github.benmanes.caffeine.cache.Ticker;
import org.hkpgateway.plugin.KeyInfo;
import org.hkpgateway.plugin.KeyQuery;
import reactor.core.publisher.Mono;

/**
 * Answers that are kept, and those that are on their way: equal queries share one. An
 * answer that was dropped on its way still reaches those who wait for it, and is not
 * kept; who asks after that asks anew. Thread-safe, never blocks.
 */
final class AnswerCache {

	private final AsyncCache<Asked, Answer> answers;

	private final StorageListener listener;

	/**
	 * An empty cache.
	 * @param bytes about how much memory answers may take; with 0 those on their way are
	 * shared, and none is kept
	 * @param ttl how long to keep one, also one that says that there is no such key
	 * @param ticker the clock
	 * @param listener is told where answers were found
	 */
	AnswerCache(long bytes, Duration ttl, Ticker ticker, StorageListener listener) {
		this.listener = listener;
		this.answers = Caffeine.newBuilder()
			.maximumWeight(bytes)
			.weigher((Asked asked, Answer answer) -> 2 * asked.query().term().length() + answer.weight())
			.expireAfter(Expiry
				.<Asked, Answer>writing((asked, answer) -> (answer instanceof Answer.Failed) ? Duration.ZERO : ttl))
			.ticker(ticker)
			// Its upkeep is little, and so happens at once.
			.executor(Runnable::run)
			.buildAsync();
	}

	/**
	 * Looks for an answer.
	 * @param source who answers: answers of others are not looked at
	 * @param query the query
	 * @param load finds it where there is none, without blocking, in the context of who
	 * asked first; is not cancelled when nobody waits any more, so it must have an end of
	 * its own
	 * @return all keys that were found, or the failure
	 */
	Mono<List<KeyInfo>> get(String source, KeyQuery query, Function<KeyQuery, Mono<List<KeyInfo>>> load) {
		return Mono.deferContextual((context) -> {
			boolean[] loaded = new boolean[1];
			CompletableFuture<Answer> answer = this.answers.get(new Asked(source, query), (missing, executor) -> {
				loaded[0] = true;
				return load.apply(missing.query())
					.<Answer>map(Answer.Found::new)
					// A future that fails is logged by the cache.
					.onErrorResume((failure) -> Mono.just(new Answer.Failed(failure)))
					.contextWrite(context)
					.toFuture();
			});
			this.listener.looked(loaded[0] ? StorageListener.Looked.MISS
					: answer.isDone() ? StorageListener.Looked.HIT : StorageListener.Looked.SHARED);
			return Mono.fromFuture(answer, true)
				.flatMap((known) -> (known instanceof Answer.Found found) ? Mono.just(found.keys())
						: Mono.error(((Answer.Failed) known).failure()));
		});
	}

	/**
	 * Drops what the change of a key may have made wrong.
	 * @param fingerprint of the key, upper-case hex
	 */
	void changed(String fingerprint) {
		drop((query, answer) -> {
			Answer known = answer.getNow(null);
			return known == null || known.isAffected(query, fingerprint);
		});
	}

	/** Drops everything. */
	void clear() {
		drop((query, answer) -> true);
	}

	private void drop(BiPredicate<KeyQuery, CompletableFuture<Answer>> which) {
		int dropped = 0;
		for (Map.Entry<Asked, CompletableFuture<Answer>> entry : this.answers.asMap().entrySet()) {
			if (which.test(entry.getKey().query(), entry.getValue())
					&& this.answers.asMap().remove(entry.getKey(), entry.getValue())) {
				dropped++;
			}
		}
		if (dropped > 0) {
			this.listener.dropped(dropped);
		}
	}

	/**
	 * How many answers there are, with those on their way.
	 * @return an estimate
	 */
	long entries() {
		return this.answers.synchronous().estimatedSize();
	}

	/**
	 * About how much memory those that are kept take.
	 * @return bytes
	 */
	long bytes() {
		return this.answers.synchronous()
			.policy()
			.eviction()
			.map(Policy.Eviction::weightedSize)
			.map((size) -> size.orElse(0))
			.orElse(0L);
	}

	/**
	 * What an answer belongs to.
	 *
	 * @param source who has answered
	 * @param query what was asked
	 */
	private record Asked(String source, KeyQuery query) {
	}

}
