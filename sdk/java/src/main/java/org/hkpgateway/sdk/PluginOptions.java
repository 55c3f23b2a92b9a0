package org.hkpgateway.sdk;

import java.util.List;

/**
 * What the gateway and the SDK should know of a plugin. Immutable; each method returns a
 * changed copy.
 *
 * @param description one line for the operator
 * @param capabilities what the plugin would like to do, as in its manifest
 * @param threads how many calls of {@code handle} run in parallel, 1 to 256; 0: they run
 * on the network thread, which is fastest and only for a handler that never blocks
 * @param maxMessageBytes largest message accepted, 64 KiB to 256 MiB; more than 4 MiB
 * only matters to a plugin that reads bodies
 * @param dryRun whether {@code handle} honours {@link Request#dryRun()}
 * @param stream whether the gateway may send many requests on one stream, which is faster
 */
public record PluginOptions(String description, List<String> capabilities, int threads, int maxMessageBytes,
		boolean dryRun, boolean stream) {

	private static final int DEFAULT_MESSAGE_BYTES = 4 << 20;

	public PluginOptions {
		capabilities = List.copyOf(capabilities);
		check("threads", threads, 0, 256);
		check("maxMessageBytes", maxMessageBytes, 64 << 10, 256 << 20);
	}

	/**
	 * No description, the capabilities {@code http.request} and {@code http.respond},
	 * twice as many threads as processors, messages of 4 MiB, no dry run, the stream.
	 * @return the defaults
	 */
	public static PluginOptions defaults() {
		int threads = Math.min(256, 2 * Runtime.getRuntime().availableProcessors());
		return new PluginOptions("", List.of("http.request", "http.respond"), threads, DEFAULT_MESSAGE_BYTES, false,
				true);
	}

	/**
	 * With another description.
	 * @param description one line
	 * @return a copy
	 */
	public PluginOptions description(String description) {
		return new PluginOptions(description, this.capabilities, this.threads, this.maxMessageBytes, this.dryRun,
				this.stream);
	}

	/**
	 * With other capabilities.
	 * @param capabilities for example {@code http.request}
	 * @return a copy
	 */
	public PluginOptions capabilities(String... capabilities) {
		return new PluginOptions(this.description, List.of(capabilities), this.threads, this.maxMessageBytes,
				this.dryRun, this.stream);
	}

	/**
	 * With another number of threads.
	 * @param threads 0 to 256
	 * @return a copy
	 */
	public PluginOptions threads(int threads) {
		return new PluginOptions(this.description, this.capabilities, threads, this.maxMessageBytes, this.dryRun,
				this.stream);
	}

	/**
	 * With another limit of messages.
	 * @param maxMessageBytes bytes
	 * @return a copy
	 */
	public PluginOptions maxMessageBytes(int maxMessageBytes) {
		return new PluginOptions(this.description, this.capabilities, this.threads, maxMessageBytes, this.dryRun,
				this.stream);
	}

	/**
	 * Declares that {@code handle} changes no state when {@link Request#dryRun()} is
	 * true, so that the operator may ask what the plugin would decide.
	 * @return a copy
	 */
	public PluginOptions supportsDryRun() {
		return new PluginOptions(this.description, this.capabilities, this.threads, this.maxMessageBytes, true,
				this.stream);
	}

	/**
	 * Declares that the gateway must send each request by a call of its own, for example
	 * because something in between counts or inspects calls.
	 * @return a copy
	 */
	public PluginOptions withoutStream() {
		return new PluginOptions(this.description, this.capabilities, this.threads, this.maxMessageBytes, this.dryRun,
				false);
	}

	private static void check(String name, int value, int least, int most) {
		if (value < least || value > most) {
			throw new IllegalArgumentException(
					name + ": expected: a number from " + least + " to " + most + ", got: " + value);
		}
	}

}
