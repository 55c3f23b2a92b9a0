package org.hkpgateway.proxy;

import java.net.URI;
import java.time.Duration;
import java.util.List;

import org.hkpgateway.chain.PluginChain;
import org.hkpgateway.plugin.BodyMode;
import org.hkpgateway.plugin.PluginClient;
import org.hkpgateway.plugin.PluginRegistry;
import org.hkpgateway.plugin.PluginSpec;
import org.hkpgateway.plugin.TestSpec;
import reactor.netty.DisposableServer;
import reactor.netty.http.server.HttpServer;

import org.springframework.util.unit.DataSize;

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
		this(List.of(upstream), contentLength, plugins, NO_CHECKS);
	}

	TestEdge(List<URI> upstreams, UpstreamSettings.ContentLength contentLength, List<PluginRegistry.Entry> plugins,
			UpstreamSettings.Health health) {
		this(new UpstreamSettings(upstreams, Duration.ofSeconds(2), Duration.ofSeconds(10), 500, contentLength, health),
				plugins);
	}

	TestEdge(UpstreamSettings upstream, List<PluginRegistry.Entry> plugins) {
		PluginChain chain = new PluginChain(() -> plugins, Duration.ofSeconds(5), (request, outcome) -> {
		}, System::nanoTime);
		this.gateway = new PublicServer(chain, upstream.urls(), upstream,
				new ClientAddressSettings(List.of(), "", ClientAddressSettings.Log.FULL),
				new EdgeSettings(DataSize.ofMegabytes(1), DataSize.ofMegabytes(64), DataSize.ofBytes(MAX_HEAD),
						Duration.ofSeconds(20)));
		this.server = this.gateway.customize(HttpServer.create().host("127.0.0.1").port(0))
			.route(this.gateway::route)
			.bindNow();
	}

	/**
	 * A plugin without a process.
	 * @param body how much of bodies it sees; of a prefix ten bytes
	 * @param client what it does
	 */
	static PluginRegistry.Entry plugin(BodyMode body, PluginClient client) {
		PluginSpec spec = TestSpec.named("p").body(body, 10).requested().granted().build();
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
