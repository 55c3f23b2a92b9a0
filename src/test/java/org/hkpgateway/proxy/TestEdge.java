package org.hkpgateway.proxy;

import java.net.URI;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

import org.hkpgateway.chain.ChainListener;
import org.hkpgateway.chain.PluginChain;
import org.hkpgateway.events.EventBus;
import org.hkpgateway.plugin.BodyMode;
import org.hkpgateway.plugin.PluginClient;
import org.hkpgateway.plugin.PluginRegistry;
import org.hkpgateway.plugin.PluginSpec;
import org.hkpgateway.plugin.TestSpec;
import reactor.netty.DisposableServer;
import reactor.netty.http.server.HttpServer;

import org.springframework.boot.context.properties.bind.Bindable;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.boot.context.properties.source.MapConfigurationPropertySource;

/**
 * The public port on a free port of loopback, before a keyserver of the test's choice.
 */
final class TestEdge implements AutoCloseable {

	static final int MAX_HEAD = 16 * 1024;

	private final PublicServer gateway;

	private final DisposableServer server;

	/** So slow that a test sees none. */
	static final UpstreamSettings.Health NO_CHECKS = new UpstreamSettings.Health(Duration.ofHours(1),
			Duration.ofSeconds(2), 3, 2);

	TestEdge(URI upstream, UpstreamSettings.ContentLength contentLength, List<PluginRegistry.Entry> plugins) {
		this(upstream, plugins, "hkp.upstream.content-length=" + contentLength);
	}

	TestEdge(URI upstream, List<PluginRegistry.Entry> plugins, String... properties) {
		this(upstream, plugins, (reason) -> {
		}, properties);
	}

	TestEdge(URI upstream, List<PluginRegistry.Entry> plugins, EdgeListener listener, String... properties) {
		this(List.of(upstream), plugins, listener, new EventBus(), properties);
	}

	TestEdge(URI upstream, List<PluginRegistry.Entry> plugins, EventBus events, String... properties) {
		this(upstream, plugins, (reason) -> {
		}, events, properties);
	}

	TestEdge(URI upstream, List<PluginRegistry.Entry> plugins, EdgeListener listener, EventBus events,
			String... properties) {
		this(List.of(upstream), plugins, listener, events, properties);
	}

	static TestEdge telling(ChainListener listener, URI upstream, List<PluginRegistry.Entry> plugins,
			String... properties) {
		return new TestEdge(List.of(upstream), plugins, listener, (reason) -> {
		}, new EventBus(), properties);
	}

	TestEdge(List<URI> upstreams, UpstreamSettings.ContentLength contentLength, List<PluginRegistry.Entry> plugins,
			UpstreamSettings.Health health) {
		this(new UpstreamSettings(upstreams, Duration.ofSeconds(2), Duration.ofSeconds(10), 500, contentLength, health),
				plugins);
	}

	TestEdge(UpstreamSettings upstream, List<PluginRegistry.Entry> plugins) {
		this(upstream.urls(), plugins, (reason) -> {
		}, new EventBus(), "hkp.upstream.connect-timeout=" + upstream.connectTimeout(),
				"hkp.upstream.response-timeout=" + upstream.responseTimeout(),
				"hkp.upstream.max-connections=" + upstream.maxConnections(),
				"hkp.upstream.content-length=" + upstream.contentLength(),
				"hkp.upstream.health.interval=" + upstream.health().interval(),
				"hkp.upstream.health.timeout=" + upstream.health().timeout(),
				"hkp.upstream.health.down-after=" + upstream.health().downAfter(),
				"hkp.upstream.health.up-after=" + upstream.health().upAfter());
	}

	/**
	 * An edge with settings of its own.
	 * @param upstreams the keyservers
	 * @param plugins the chain
	 * @param listener told of connections, limits and refusals
	 * @param events where it is said what has become of requests
	 * @param properties {@code key=value}, in place of what is usual in tests
	 */
	private TestEdge(List<URI> upstreams, List<PluginRegistry.Entry> plugins, EdgeListener listener, EventBus events,
			String... properties) {
		this(upstreams, plugins, (request, outcome) -> {
		}, listener, events, properties);
	}

	private TestEdge(List<URI> upstreams, List<PluginRegistry.Entry> plugins, ChainListener chainListener,
			EdgeListener listener, EventBus events, String... properties) {
		PluginChain chain = new PluginChain(() -> plugins, Duration.ofSeconds(5), Duration.ofSeconds(5), chainListener,
				System::nanoTime);
		Map<String, Object> all = new HashMap<>(
				Map.of("hkp.upstream.urls", upstreams.stream().map(URI::toString).collect(Collectors.joining(",")),
						"hkp.upstream.connect-timeout", "2s", "hkp.upstream.response-timeout", "10s",
						"hkp.upstream.health.interval", "1h", "hkp.edge.max-body", "1MB", "hkp.edge.max-buffered-bytes",
						"64MB", "hkp.edge.max-header-bytes", MAX_HEAD + "B", "hkp.edge.idle-timeout", "20s"));
		for (String property : properties) {
			String[] parts = property.split("=", 2);
			all.put(parts[0], parts[1]);
		}
		Binder binder = new Binder(new MapConfigurationPropertySource(all));
		this.gateway = new PublicServer(chain, upstreams,
				binder.bindOrCreate("hkp.upstream", Bindable.of(UpstreamSettings.class)),
				binder.bindOrCreate("hkp.client-address", Bindable.of(ClientAddressSettings.class)),
				binder.bindOrCreate("hkp.edge", Bindable.of(EdgeSettings.class)), null, LogForm.LINES, listener,
				new Recording(events, null, (decision) -> {
				}));
		this.server = this.gateway
			// As Spring Boot makes it in Kubernetes.
			.customize(HttpServer.create().forwarded(true).host("127.0.0.1").port(0))
			.route(this.gateway::route)
			.bindNow();
	}

	/**
	 * Settings for tests: bodies of 1 MB, 20 s for idle connections, else the defaults.
	 * @param changed keys below {@code hkp.edge} and their values
	 */
	static EdgeSettings settings(Map<String, String> changed) {
		Map<String, String> all = new HashMap<>(
				Map.of("max-body", "1MB", "max-buffered-bytes", "64MB", "idle-timeout", "20s"));
		all.putAll(changed);
		return new Binder(new MapConfigurationPropertySource(all)).bindOrCreate("", EdgeSettings.class);
	}

	/**
	 * A plugin without a process.
	 * @param body how much of bodies it sees; of a prefix ten bytes
	 * @param client what it does
	 */
	static PluginRegistry.Entry plugin(BodyMode body, PluginClient client) {
		return plugin(body, 10, client);
	}

	/** The same with a prefix of so many bytes. */
	static PluginRegistry.Entry plugin(BodyMode body, int prefix, PluginClient client) {
		PluginSpec spec = TestSpec.named("p").body(body, prefix).requested().granted().build();
		return new PluginRegistry.Entry() {

			@Override
			public PluginSpec spec() {
				return spec;
			}

			@Override
			public PluginClient client() {
				return client;
			}

		};
	}

	PublicServer gateway() {
		return this.gateway;
	}

	int port() {
		return this.server.port();
	}

	@Override
	public void close() {
		this.server.disposeNow(Duration.ofSeconds(10));
		this.gateway.close();
	}

}
