package org.hkpgateway.sdk;

import java.util.EnumSet;
import java.util.List;
import java.util.Set;

import org.hkpgateway.sdk.host.EventFilter;

import org.jspecify.annotations.Nullable;

/**
 * What the gateway and the SDK should know of a plugin. Immutable; each method returns a
 * changed copy.
 */
public final class PluginOptions {

	private static final int DEFAULT_MESSAGE_BYTES = 4 << 20;

	private final String description;

	private final List<String> capabilities;

	private final int threads;

	private final int maxMessageBytes;

	private final Set<Feature> features;

	private final @Nullable EventFilter eventFilter;

	private final String minHostProtocol;

	private PluginOptions(String description, List<String> capabilities, int threads, int maxMessageBytes,
			Set<Feature> features, @Nullable EventFilter eventFilter, String minHostProtocol) {
		this.description = description;
		this.capabilities = List.copyOf(capabilities);
		this.threads = check("threads", threads, 0, 256);
		this.maxMessageBytes = check("maxMessageBytes", maxMessageBytes, 64 << 10, 256 << 20);
		this.features = Set.copyOf(features);
		this.eventFilter = eventFilter;
		this.minHostProtocol = minHostProtocol;
	}

	/**
	 * No description, the capabilities {@code http.request} and {@code http.respond},
	 * twice as many threads as processors, messages of 4 MiB, the stream, and nothing
	 * else.
	 * @return the defaults
	 */
	public static PluginOptions defaults() {
		int threads = Math.min(256, 2 * Runtime.getRuntime().availableProcessors());
		return new PluginOptions("", List.of("http.request", "http.respond"), threads, DEFAULT_MESSAGE_BYTES,
				Set.of(Feature.STREAM), null, "");
	}

	/**
	 * With another description.
	 * @param description one line for the operator
	 * @return a copy
	 */
	public PluginOptions description(String description) {
		return new PluginOptions(description, this.capabilities, this.threads, this.maxMessageBytes, this.features,
				this.eventFilter, this.minHostProtocol);
	}

	/**
	 * With other capabilities: what the plugin would like to do, as in its manifest.
	 * @param capabilities for example {@code http.request}
	 * @return a copy
	 */
	public PluginOptions capabilities(String... capabilities) {
		return new PluginOptions(this.description, List.of(capabilities), this.threads, this.maxMessageBytes,
				this.features, this.eventFilter, this.minHostProtocol);
	}

	/**
	 * With another number of threads: how many calls of {@code handle},
	 * {@code onResponse} and the others run in parallel.
	 * @param threads 1 to 256; 0: they run on the network thread, which is fastest and
	 * only for a handler that never blocks
	 * @return a copy
	 */
	public PluginOptions threads(int threads) {
		return new PluginOptions(this.description, this.capabilities, threads, this.maxMessageBytes, this.features,
				this.eventFilter, this.minHostProtocol);
	}

	/**
	 * With another limit of messages. More than 4 MiB only matters to a plugin that reads
	 * bodies.
	 * @param maxMessageBytes bytes, 64 KiB to 256 MiB
	 * @return a copy
	 */
	public PluginOptions maxMessageBytes(int maxMessageBytes) {
		return new PluginOptions(this.description, this.capabilities, this.threads, maxMessageBytes, this.features,
				this.eventFilter, this.minHostProtocol);
	}

	/**
	 * Declares that {@code handle} changes no state when {@link Request#dryRun()} is
	 * true, so that the operator may ask what the plugin would decide.
	 * @return a copy
	 */
	public PluginOptions supportsDryRun() {
		return with(Feature.DRY_RUN, true);
	}

	/**
	 * Declares that the plugin wants to see the keyserver's answers, by
	 * {@link PluginHandler#onResponse}. It also needs the grant {@code http.response}.
	 * @return a copy
	 */
	public PluginOptions handlesResponses() {
		return with(Feature.RESPONSE, true);
	}

	/**
	 * Declares that the plugin wants the usual events, by {@link PluginHandler#onEvents}:
	 * {@code key.*}, {@code config.changed}, {@code plugin.state} and {@code cluster.*}.
	 * It also needs the grant {@code events.subscribe}.
	 * @return a copy
	 */
	public PluginOptions handlesEvents() {
		return with(Feature.EVENTS, true);
	}

	/**
	 * Declares that the plugin wants some events; else as {@link #handlesEvents()}.
	 * @param filter which ones
	 * @return a copy
	 */
	public PluginOptions handlesEvents(EventFilter filter) {
		PluginOptions changed = with(Feature.EVENTS, true);
		return new PluginOptions(changed.description, changed.capabilities, changed.threads, changed.maxMessageBytes,
				changed.features, filter, changed.minHostProtocol);
	}

	/**
	 * Declares that the plugin answers queries for keys, by
	 * {@link PluginHandler#provideKeys}. It also needs the grant {@code storage.provide}.
	 * @return a copy
	 */
	public PluginOptions providesKeys() {
		return with(Feature.KEYS, true);
	}

	/**
	 * Declares that the gateway must send each request by a call of its own, for example
	 * because something in between counts or inspects calls.
	 * @return a copy
	 */
	public PluginOptions withoutStream() {
		return with(Feature.STREAM, false);
	}

	/**
	 * Declares the lowest protocol version of a gateway that the plugin can work with; an
	 * older gateway does not start it, and says so.
	 * @param version major and minor, for example {@code 1.2}
	 * @return a copy
	 * @throws IllegalArgumentException if it is anything else
	 */
	public PluginOptions minHostProtocol(String version) {
		if (!version.matches("\\d{1,4}\\.\\d{1,4}")) {
			throw new IllegalArgumentException(
					"minHostProtocol: expected: a version such as 1.2, got: '" + version + "'");
		}
		return new PluginOptions(this.description, this.capabilities, this.threads, this.maxMessageBytes, this.features,
				this.eventFilter, version);
	}

	/**
	 * One line for the operator.
	 * @return may be empty
	 */
	public String description() {
		return this.description;
	}

	/**
	 * What the plugin would like to do.
	 * @return as in its manifest
	 */
	public List<String> capabilities() {
		return this.capabilities;
	}

	/**
	 * How many calls run in parallel.
	 * @return 0 for the network thread
	 */
	public int threads() {
		return this.threads;
	}

	/**
	 * Largest message that is accepted.
	 * @return bytes
	 */
	public int maxMessageBytes() {
		return this.maxMessageBytes;
	}

	/**
	 * The lowest protocol version of a gateway that the plugin can work with.
	 * @return for example {@code 1.2}; empty for any
	 */
	public String minHostProtocol() {
		return this.minHostProtocol;
	}

	/**
	 * Whether dry runs are declared.
	 * @return true after {@link #supportsDryRun()}
	 */
	public boolean hasDryRun() {
		return has(Feature.DRY_RUN);
	}

	/**
	 * Whether the response phase is declared.
	 * @return true after {@link #handlesResponses()}
	 */
	public boolean hasResponses() {
		return has(Feature.RESPONSE);
	}

	/**
	 * Whether events are declared.
	 * @return true after {@link #handlesEvents()}
	 */
	public boolean hasEvents() {
		return has(Feature.EVENTS);
	}

	/**
	 * Whether the plugin answers queries for keys.
	 * @return true after {@link #providesKeys()}
	 */
	public boolean hasKeys() {
		return has(Feature.KEYS);
	}

	@Nullable EventFilter eventFilter() {
		return this.eventFilter;
	}

	boolean has(Feature feature) {
		return this.features.contains(feature);
	}

	private PluginOptions with(Feature feature, boolean declared) {
		Set<Feature> changed = EnumSet.noneOf(Feature.class);
		changed.addAll(this.features);
		if (declared) {
			changed.add(feature);
		}
		else {
			changed.remove(feature);
		}
		return new PluginOptions(this.description, this.capabilities, this.threads, this.maxMessageBytes, changed,
				this.eventFilter, this.minHostProtocol);
	}

	private static int check(String name, int value, int least, int most) {
		if (value < least || value > most) {
			throw new IllegalArgumentException(
					name + ": expected: a number from " + least + " to " + most + ", got: " + value);
		}
		return value;
	}

}
