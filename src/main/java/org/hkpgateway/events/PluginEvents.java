package org.hkpgateway.events;

import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import java.util.regex.Pattern;

import io.github.bucket4j.Bucket;
import io.github.bucket4j.TimeMeter;
import org.hkpgateway.plugin.EmittedEvent;
import org.hkpgateway.plugin.PluginId;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/**
 * The bus as plugins see it: what they may publish, and how much waits for them. Grants
 * are checked elsewhere. Nothing here blocks. Thread-safe.
 */
public final class PluginEvents {

	/** Most bytes of an event's data. */
	static final int MAX_DATA_BYTES = 64 * 1024;

	/** Longest type of an event, and longest pattern of a filter. */
	static final int MAX_TYPE_CHARS = 128;

	/** Most entries of an event's metadata, and of a filter's. */
	static final int MAX_METADATA = 16;

	/** Most characters of all of them. */
	static final int MAX_METADATA_CHARS = 4096;

	/** Most patterns of a filter. */
	static final int MAX_PATTERNS = 64;

	/** Of events up to 1 KiB; each KiB begun counts as one. */
	static final int EVENTS_PER_SECOND = 100_000;

	/** So many at once after a pause. */
	static final int BURST = 20_000;

	/** Of a stream. */
	private static final int IN_ADVANCE = 16;

	/** So that a plugin which emits rubbish does not keep the gateway busy. */
	private static final Duration AFTER_REFUSAL = Duration.ofMillis(100);

	/**
	 * Far below the 4 MiB that every plugin accepts, and small enough for a few to lie in
	 * the buffers of a connection.
	 */
	private static final BufferLimits LIMITS = new BufferLimits(10_000, 4 * 1024 * 1024, 512, 256 * 1024);

	static final Pattern WORDS = Pattern.compile("[A-Za-z0-9_-]+(\\.[A-Za-z0-9_-]+)*");

	private final EventBus bus;

	private final EventListener listener;

	private final TimeMeter time;

	/** One for each plugin that ever published. */
	private final Map<PluginId, Bucket> rates = new ConcurrentHashMap<>();

	/**
	 * Makes the view.
	 * @param bus what is seen
	 * @param listener is told what plugins get, lose and may not
	 */
	public PluginEvents(EventBus bus, EventListener listener) {
		this(bus, listener, TimeMeter.SYSTEM_NANOTIME);
	}

	PluginEvents(EventBus bus, EventListener listener, TimeMeter time) {
		this.bus = bus;
		this.listener = listener;
		this.time = time;
	}

	/**
	 * Publishes what a plugin emits. Source, id, time and number are set here. More than
	 * the plugin's share is not refused: the plugin is to be made to wait.
	 * @param plugin who emits it
	 * @param event what
	 * @return for how long nothing more of the plugin should be taken; zero, mostly
	 * @throws IllegalArgumentException if the plugin may not emit it. Counted
	 */
	public Duration publish(PluginId plugin, EmittedEvent event) {
		try {
			check(plugin, event);
			String data = data(event.data());
			this.bus.publish(event.type(), plugin.name(), event.cluster(), event.metadata(), () -> data);
		}
		catch (IllegalArgumentException ex) {
			this.listener.refused(plugin);
			throw ex;
		}
		return pause(plugin, event.data().remaining());
	}

	/**
	 * Publishes a stream of events, one after the other on a thread of the bus, no faster
	 * than the plugin may. What it may not emit is left out.
	 * @param plugin who emits them
	 * @param emitted what; is asked for a few in advance
	 * @param refused is told why an event is left out
	 * @return ends as the stream does
	 */
	public Mono<Void> publishAll(PluginId plugin, Flux<EmittedEvent> emitted, Consumer<String> refused) {
		return emitted.publishOn(this.bus.scheduler(), IN_ADVANCE).concatMap((event) -> {
			Duration pause = publishOrLeaveOut(plugin, event, refused);
			return pause.isZero() ? Mono.<Void>empty() : Mono.delay(pause).then();
		}, 1).then();
	}

	private Duration publishOrLeaveOut(PluginId plugin, EmittedEvent event, Consumer<String> refused) {
		try {
			return publish(plugin, event);
		}
		catch (IllegalArgumentException ex) {
			refused.accept(String.valueOf(ex.getMessage()));
			return AFTER_REFUSAL;
		}
	}

	private Duration pause(PluginId plugin, int bytes) {
		Bucket rate = this.rates.computeIfAbsent(plugin, (id) -> rate());
		return Duration.ofNanos(rate.consumeIgnoringRateLimits(1 + bytes / 1024));
	}

	private Bucket rate() {
		return Bucket.builder()
			.addLimit((limit) -> limit.capacity(BURST).refillGreedy(EVENTS_PER_SECOND, Duration.ofSeconds(1)))
			.withCustomTimePrecision(this.time)
			.build();
	}

	private static void check(PluginId plugin, EmittedEvent event) {
		String prefix = "plugin." + plugin + ".";
		String type = event.type();
		if (type.length() > MAX_TYPE_CHARS || !type.startsWith(prefix) || !WORDS.matcher(type).matches()) {
			throw new IllegalArgumentException("type: expected: " + prefix + "<words>, at most " + MAX_TYPE_CHARS
					+ " letters, digits, '-', '_' and dots, got: '" + shortened(type) + "'");
		}
		checkMetadata(event.metadata());
	}

	static String data(ByteBuffer data) {
		if (data.remaining() > MAX_DATA_BYTES) {
			throw new IllegalArgumentException(
					"data: expected: at most " + MAX_DATA_BYTES + " bytes, got: " + data.remaining());
		}
		return JsonObjects.read(data);
	}

	static void checkMetadata(Map<String, String> metadata) {
		int chars = metadata.entrySet()
			.stream()
			.mapToInt((entry) -> entry.getKey().length() + entry.getValue().length())
			.sum();
		if (metadata.size() > MAX_METADATA || chars > MAX_METADATA_CHARS) {
			throw new IllegalArgumentException("metadata: expected: at most " + MAX_METADATA + " entries with "
					+ MAX_METADATA_CHARS + " characters, got: " + metadata.size() + " with " + chars);
		}
	}

	/** What was sent may be long, and not fit for a message. */
	static String shortened(String text) {
		return text.substring(0, Math.min(text.length(), MAX_TYPE_CHARS)).replaceAll("[^ -~]", "?");
	}

	/**
	 * Names this run of this gateway, in its events.
	 * @return as in {@link Event#replica()}
	 */
	public String replica() {
		return this.bus.replica();
	}

	/**
	 * The events for one reader of a plugin, as many at a time as there are when it asks;
	 * see {@link EventBus#events}.
	 * @param plugin who reads
	 * @param filter which events
	 * @return a cold sequence
	 * @throws IllegalArgumentException if the filter is too large
	 */
	public Flux<EventBatch> subscribe(PluginId plugin, EventFilter filter) {
		if (filter.types().size() > MAX_PATTERNS
				|| filter.types().stream().anyMatch((type) -> type.length() > MAX_TYPE_CHARS)) {
			throw new IllegalArgumentException("event_types: expected: at most " + MAX_PATTERNS + " with "
					+ MAX_TYPE_CHARS + " characters each, got: more");
		}
		checkMetadata(filter.metadata());
		return this.bus.batches(filter, LIMITS, (lost) -> lost(plugin, lost));
	}

	/**
	 * Counts what a plugin got.
	 * @param plugin who
	 * @param events how many
	 */
	public void delivered(PluginId plugin, int events) {
		this.listener.delivered(plugin, events);
	}

	/**
	 * Counts what a plugin did not get, beyond what the bus has dropped.
	 * @param plugin who
	 * @param events how many
	 */
	public void lost(PluginId plugin, long events) {
		this.listener.lost(plugin, events);
	}

}
