package org.hkpgateway.sdk.test;

import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;

import org.hkpgateway.sdk.Health;
import org.hkpgateway.sdk.PluginContext;
import org.hkpgateway.sdk.PluginHandler;
import org.hkpgateway.sdk.PluginOptions;
import org.hkpgateway.sdk.config.PluginConfig;
import org.hkpgateway.sdk.host.Event;
import org.hkpgateway.sdk.host.EventBatch;
import org.hkpgateway.sdk.host.KeyPage;
import org.hkpgateway.sdk.host.KeyQuery;
import org.hkpgateway.sdk.log.RequestScope;

import org.jspecify.annotations.Nullable;

/**
 * A plugin at work in a test of its own: no gateway, no process, no network.
 *
 * <pre>
 * try (PluginHarness plugin = PluginHarness.of(new NoHarvesting()).config("{\"shortest_search\": 3}").start()) {
 *     Decision decision = plugin.get("/pks/lookup?op=index&amp;search=ab").handle();
 * }
 * </pre>
 *
 * Targets become the gateway's reading of them, the plugin sees what its grants let it
 * see, and a decision that the gateway would refuse for want of a grant fails the test.
 * Everything runs on the caller's thread; what a plugin decides later is waited for ten
 * seconds.
 */
public final class PluginHarness implements AutoCloseable {

	/** The plugin's name in a harness. */
	public static final String NAME = "test";

	private static final long PATIENCE_SECONDS = 10;

	private final PluginHandler handler;

	private final PluginOptions options;

	private final PluginContext context;

	private final FakeHost host;

	private PluginHarness(PluginHandler handler, PluginOptions options, PluginContext context, FakeHost host) {
		this.handler = handler;
		this.options = options;
		this.context = context;
		this.host = host;
	}

	/**
	 * Prepares a plugin, with an empty configuration, and granted what its options name
	 * as capabilities.
	 * @param handler the plugin
	 * @return to be started
	 */
	public static Setup of(PluginHandler handler) {
		return new Setup(handler);
	}

	/**
	 * What the plugin was told.
	 * @return its context
	 */
	public PluginContext context() {
		return this.context;
	}

	/**
	 * The gateway that the plugin may ask.
	 * @return with its clock, keys and events
	 */
	public FakeHost host() {
		return this.host;
	}

	/**
	 * Begins a GET.
	 * @param target path and query, percent-encoded as a client sends them
	 * @return from 192.0.2.1, without headers and body
	 */
	public TestRequest get(String target) {
		return request("GET", target);
	}

	/**
	 * Begins a POST.
	 * @param target path and query
	 * @return as {@link #get}
	 */
	public TestRequest post(String target) {
		return request("POST", target);
	}

	/**
	 * Begins a request.
	 * @param method for example {@code HEAD}
	 * @param target path and query
	 * @return as {@link #get}
	 * @throws IllegalArgumentException for a target that the gateway refuses from
	 * clients, as far as the harness knows
	 */
	public TestRequest request(String method, String target) {
		return new TestRequest(this, method, target);
	}

	/**
	 * Delivers events of one batch.
	 * @param events they get an id, the source {@code gateway}, a time and a number
	 * @throws Exception what {@code onEvents} throws
	 * @throws IllegalStateException if the gateway would not deliver any
	 */
	public void deliver(Event... events) throws Exception {
		expect(this.options.hasEvents(), "handlesEvents()", "events.subscribe");
		List<Event> stamped = List.of(events)
			.stream()
			.map((event) -> this.host.events().stamp(event, "gateway"))
			.toList();
		this.handler.onEvents(new EventBatch(stamped, 0));
	}

	/**
	 * Asks for keys as another plugin would.
	 * @param query the query
	 * @return what {@code provideKeys} returns
	 * @throws Exception what it throws
	 * @throws IllegalStateException if the gateway would not ask
	 */
	public Optional<KeyPage> provideKeys(KeyQuery query) throws Exception {
		expect(this.options.hasKeys(), "providesKeys()", "storage.provide");
		return this.handler.provideKeys(query);
	}

	/**
	 * Asks how the plugin is.
	 * @return its answer
	 */
	public Health health() {
		return this.handler.health();
	}

	/**
	 * Closes the plugin.
	 * @throws IllegalStateException if its {@code close} throws
	 */
	@Override
	public void close() {
		try {
			this.handler.close();
		}
		catch (Exception ex) {
			if (ex instanceof InterruptedException) {
				Thread.currentThread().interrupt();
			}
			throw new IllegalStateException("the plugin's close failed: " + ex, ex);
		}
	}

	PluginHandler handler() {
		return this.handler;
	}

	PluginOptions options() {
		return this.options;
	}

	Set<String> grants() {
		return this.context.grants();
	}

	/** That the gateway would call the plugin at all. */
	void expect(boolean declared, String option, String grant) {
		if (!declared || !grants().contains(grant)) {
			throw new IllegalStateException("the gateway would not call this plugin: expected: PluginOptions." + option
					+ " and the grant " + grant + ", got: " + (declared ? "no grant" : "no such option"));
		}
	}

	/** As the SDK does: inside the request, and whatever is thrown as it was thrown. */
	static <T> T await(RequestScope scope, Callable<CompletionStage<T>> question) throws Exception {
		CompletionStage<T> stage = scope.call(question);
		try {
			return stage.toCompletableFuture().get(PATIENCE_SECONDS, TimeUnit.SECONDS);
		}
		catch (ExecutionException ex) {
			if (ex.getCause() instanceof Exception cause) {
				throw cause;
			}
			throw ex;
		}
	}

	/** A plugin that has not been started. Not safe for several threads. */
	public static final class Setup {

		private final PluginHandler handler;

		private final PluginOptions options;

		private final Set<String> grants;

		private final Map<String, String> environment = new LinkedHashMap<>();

		private String config = "{}";

		private @Nullable Path dataDirectory;

		private Setup(PluginHandler handler) {
			this.handler = handler;
			this.options = handler.options();
			this.grants = new LinkedHashSet<>(this.options.capabilities());
		}

		/**
		 * Sets the configuration.
		 * @param json one JSON object
		 * @return this
		 */
		public Setup config(String json) {
			this.config = json;
			return this;
		}

		/**
		 * Grants more than the plugin's options name.
		 * @param capabilities for example {@code state}
		 * @return this
		 */
		public Setup grant(String... capabilities) {
			this.grants.addAll(List.of(capabilities));
			return this;
		}

		/**
		 * Withholds what would be granted.
		 * @param capabilities for example {@code http.respond}
		 * @return this
		 */
		public Setup withhold(String... capabilities) {
			List.of(capabilities).forEach(this.grants::remove);
			return this;
		}

		/**
		 * Sets what the operator configures as environment.
		 * @param name a name
		 * @param value its value
		 * @return this
		 */
		public Setup environment(String name, String value) {
			this.environment.put(name, value);
			return this;
		}

		/**
		 * Sets where the plugin may keep files.
		 * @param directory which exists
		 * @return this
		 */
		public Setup dataDirectory(Path directory) {
			this.dataDirectory = directory;
			return this;
		}

		/**
		 * Initializes the plugin.
		 * @return the plugin at work
		 * @throws Exception what {@code init} throws, as an operator would read it
		 */
		public PluginHarness start() throws Exception {
			FakeHost host = new FakeHost(this.grants);
			PluginContext context = new PluginContext(NAME, "0", PluginConfig.parse(this.config), this.grants, "test",
					"1.0", this.environment, this.dataDirectory, this.grants.contains("state") ? host.state() : null,
					host);
			this.handler.init(context);
			return new PluginHarness(this.handler, this.options, context, host);
		}

	}

}
