package org.hkpgateway.storage;

import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Supplier;

import com.github.benmanes.caffeine.cache.Ticker;
import org.hkpgateway.plugin.CallTrace;
import org.hkpgateway.plugin.KeyInfo;
import org.hkpgateway.plugin.KeyPage;
import org.hkpgateway.plugin.KeyProvider;
import org.hkpgateway.plugin.KeyQuery;
import org.hkpgateway.plugin.PluginId;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Scheduler;
import reactor.core.scheduler.Schedulers;

/**
 * Answers plugins' queries: from the answers that are kept, else from a plugin that has
 * keys itself, else from a keyserver. Fails with a {@link StorageException}. Thread-safe,
 * never blocks: keyservers are asked on threads named {@code hkp-storage-…}.
 */
public final class KeyStorage implements AutoCloseable {

	private static final Logger logger = LoggerFactory.getLogger(KeyStorage.class);

	/** No plugin has such a name. */
	private static final String KEYSERVERS = "";

	/** So many keyservers' answers are read at a time. */
	private static final int THREADS = 16;

	/** For each thread. */
	private static final int MOST_WAITING = 64;

	static final int MOST_STREAMS = 16;

	/** The longest between two keys of a stream, whoever is slow. */
	private static final Duration STREAM_PAUSE = Duration.ofSeconds(30);

	private final StorageSettings settings;

	private final Supplier<Optional<KeyProvider.Named>> provider;

	private final Flux<String> changes;

	private final StorageListener listener;

	private final Keyservers keyservers;

	private final AnswerCache cache;

	private final Scheduler scheduler = Schedulers.newBoundedElastic(THREADS, MOST_WAITING, "hkp-storage", 60, true);

	private final AtomicBoolean listening = new AtomicBoolean();

	private final AtomicInteger streams = new AtomicInteger();

	/**
	 * Asks nobody yet.
	 * @param settings what queries may take
	 * @param urls the keyservers to ask now, each {@code http://host[:port]}
	 * @param provider the plugin to ask before them now, if there is one
	 * @param changes fingerprints of keys that have changed, in upper-case hex, or an
	 * empty text if some were missed; subscribed to when the first answer is kept, for
	 * ever
	 * @param listener is told what becomes of queries
	 * @param tracing makes spans of what keyservers are asked
	 */
	public KeyStorage(StorageSettings settings, Supplier<List<URI>> urls,
			Supplier<Optional<KeyProvider.Named>> provider, Flux<String> changes, StorageListener listener,
			StorageTracing tracing) {
		this.settings = settings;
		this.provider = provider;
		this.changes = changes;
		this.listener = listener;
		// The query's own limit comes first, so that there is one message for it.
		this.keyservers = new Keyservers(urls, settings.connectTimeout(), settings.timeout().plusSeconds(1), tracing);
		this.cache = new AnswerCache(settings.cacheBytes(), settings.cacheTtl(), Ticker.systemTicker(), listener);
	}

	/**
	 * Finds keys.
	 * @param caller who asks; is not asked itself
	 * @param query what to find
	 * @param offset how many to leave out, 0 or more
	 * @param limit how many at most, 1 or more
	 * @return the page, possibly without keys
	 */
	public Mono<KeyPage> query(PluginId caller, KeyQuery query, int offset, int limit) {
		return Mono.defer(() -> {
			listen();
			long start = System.nanoTime();
			return keys(caller, query).map((keys) -> KeyPage.of(keys, offset, limit))
				.doOnNext((page) -> answered(query, start,
						(page.total() > 0) ? StorageListener.Result.FOUND : StorageListener.Result.NONE))
				.doOnError((failure) -> answered(query, start, failure));
		});
	}

	/** Before the first answer: no change may be missed. */
	private void listen() {
		if (this.settings.cacheBytes() > 0 && !this.listening.get() && this.listening.compareAndSet(false, true)) {
			this.changes.subscribe(this::changed, this::deaf);
		}
	}

	private void changed(String fingerprint) {
		if (fingerprint.isEmpty()) {
			this.cache.clear();
		}
		else {
			this.cache.changed(fingerprint);
		}
	}

	/** The next query begins to listen again. */
	private void deaf(Throwable failure) {
		logger.error("Changes of keys are missed until the next query; what is known of keys is forgotten", failure);
		this.listening.set(false);
		this.cache.clear();
	}

	private Mono<List<KeyInfo>> keys(PluginId caller, KeyQuery query) {
		KeyProvider.Named named = provider(caller);
		Mono<List<KeyInfo>> keyservers = this.cache.get(KEYSERVERS, query, this::find);
		return (named != null) ? this.cache.get(named.plugin().name(), query, (missing) -> find(named, missing))
			.onErrorResume((failure) -> keyservers) : keyservers;
	}

	/**
	 * Only the first plugin is ever asked, and what it asks itself goes to keyservers: so
	 * queries cannot go round in circles.
	 */
	private KeyProvider.@Nullable Named provider(PluginId caller) {
		return this.provider.get().filter((named) -> !named.plugin().equals(caller)).orElse(null);
	}

	private Mono<List<KeyInfo>> find(KeyProvider.Named named, KeyQuery query) {
		return provided(named, query, this.settings.maxAnswer()).collectList()
			.timeout(this.settings.timeout())
			.doOnSuccess((keys) -> this.listener.provided(named.plugin(), StorageListener.Provided.ANSWERED))
			.doOnError((failure) -> notProvided(named, failure));
	}

	private Flux<KeyInfo> provided(KeyProvider.Named named, KeyQuery query, long mostBytes) {
		return Flux.defer(() -> {
			AtomicLong bytes = new AtomicLong();
			return new Providing(named, query, this.settings.timeout()).keys().doOnNext((key) -> {
				if (bytes.addAndGet(key.weight()) > mostBytes) {
					throw new StorageException(StorageException.Reason.TOO_MUCH, "plugin " + named.plugin()
							+ ": expected: keys of at most " + mostBytes + " bytes, got: more");
				}
			});
		});
	}

	private void notProvided(KeyProvider.Named named, Throwable failure) {
		this.listener.provided(named.plugin(), (failure instanceof Providing.DeclinedException)
				? StorageListener.Provided.DECLINED : StorageListener.Provided.FAILED);
	}

	private Mono<List<KeyInfo>> find(KeyQuery query) {
		return search(query, this.settings.maxAnswer()).collectList()
			.timeout(this.settings.timeout(),
					Mono.error(() -> new StorageException(StorageException.Reason.UNAVAILABLE, "expected: an answer of "
							+ "the keyserver within " + this.settings.timeout().toMillis() + " ms, got: none")));
	}

	/**
	 * Finds keys and holds few at a time. Nothing of it is kept.
	 * @param caller who asks; is not asked itself
	 * @param query what to find
	 * @return all keys; one that is not taken within 30 s ends it
	 */
	public Flux<KeyInfo> stream(PluginId caller, KeyQuery query) {
		return Flux.defer(() -> {
			long start = System.nanoTime();
			AtomicBoolean found = new AtomicBoolean();
			return Flux.using(this::enter, (entered) -> streamed(caller, query), (entered) -> leave())
				.timeout(STREAM_PAUSE)
				.onErrorMap(TimeoutException.class,
						(late) -> new StorageException(StorageException.Reason.UNAVAILABLE,
								"expected: the next key to be found and taken within " + STREAM_PAUSE.toSeconds()
										+ " s, got: none"))
				.doOnNext((key) -> found.setPlain(true))
				.doOnComplete(() -> answered(query, start,
						found.getPlain() ? StorageListener.Result.FOUND : StorageListener.Result.NONE))
				.doOnError((failure) -> answered(query, start, failure));
		});
	}

	private Flux<KeyInfo> streamed(PluginId caller, KeyQuery query) {
		Flux<KeyInfo> keyservers = search(query, Integer.MAX_VALUE);
		KeyProvider.Named named = provider(caller);
		if (named == null) {
			return keyservers;
		}
		AtomicBoolean begun = new AtomicBoolean();
		return provided(named, query, Long.MAX_VALUE).doOnNext((key) -> begun.setPlain(true))
			.doOnComplete(() -> this.listener.provided(named.plugin(), StorageListener.Provided.ANSWERED))
			.doOnError((failure) -> notProvided(named, failure))
			.onErrorResume((failure) -> begun.getPlain() ? Mono
				.error(new StorageException(StorageException.Reason.UNAVAILABLE, String.valueOf(failure.getMessage())))
					: keyservers);
	}

	private Integer enter() {
		int before = this.streams.getAndUpdate((count) -> Math.min(count + 1, MOST_STREAMS));
		if (before == MOST_STREAMS) {
			throw new StorageException(StorageException.Reason.TOO_MUCH,
					"expected: at most " + MOST_STREAMS + " streams at once, got: one more; ask again later");
		}
		return before;
	}

	private void leave() {
		this.streams.decrementAndGet();
	}

	private Flux<KeyInfo> search(KeyQuery query, int mostBytes) {
		return Flux.deferContextual((context) -> {
			Search search = new Search(this.keyservers, query, CallTrace.traceparent(context), mostBytes,
					this.settings.maxAnswer());
			return Flux.<KeyInfo>generate(search::next)
				.doOnCancel(search::close)
				.doOnTerminate(search::close)
				.subscribeOn(this.scheduler)
				.onErrorMap(RejectedExecutionException.class,
						(full) -> new StorageException(StorageException.Reason.TOO_MUCH, "expected: at most "
								+ THREADS * MOST_WAITING + " queries at once, got: one more; ask again later"));
		});
	}

	private void answered(KeyQuery query, long start, Throwable failure) {
		boolean tooMuch = failure instanceof StorageException known
				&& known.reason() == StorageException.Reason.TOO_MUCH;
		answered(query, start, tooMuch ? StorageListener.Result.TOO_MUCH : StorageListener.Result.UNAVAILABLE);
	}

	private void answered(KeyQuery query, long start, StorageListener.Result result) {
		this.listener.answered(query.type(), result, System.nanoTime() - start);
	}

	/**
	 * How many answers there are, with those on their way.
	 * @return an estimate
	 */
	public long cachedAnswers() {
		return this.cache.entries();
	}

	/**
	 * About how much memory the answers take that are kept.
	 * @return bytes
	 */
	public long cachedBytes() {
		return this.cache.bytes();
	}

	/** Ends its threads, and with them the queries that wait for a keyserver. */
	@Override
	public void close() {
		this.scheduler.dispose();
		this.keyservers.close();
	}

}
