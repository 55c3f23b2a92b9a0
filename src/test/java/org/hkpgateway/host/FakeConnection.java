package org.hkpgateway.host;

import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;

import org.hkpgateway.plugin.EventClient;
import org.hkpgateway.plugin.HealthReport;
import org.hkpgateway.plugin.PluginClient;
import org.hkpgateway.plugin.PluginConnection;
import org.hkpgateway.plugin.PluginEndpoint;
import org.hkpgateway.plugin.PluginIntroduction;
import org.hkpgateway.plugin.PluginSpec;
import org.hkpgateway.plugin.ProtocolVersion;

/**
 * What the gateway knows of a remote plugin: a connection that stands, or not.
 */
final class FakeConnection implements PluginConnection {

	final CompletableFuture<String> lost = new CompletableFuture<>();

	boolean closed;

	private final Runnable duringInitialize;

	FakeConnection(Runnable duringInitialize) {
		this.duringInitialize = duringInitialize;
	}

	/** What makes it. */
	Connector connector() {
		return (spec) -> new Offer() {

			@Override
			public Map<String, String> environment() {
				return Map.of("A", "b");
			}

			@Override
			public boolean certificateExpected() {
				return false;
			}

			@Override
			public PluginConnection connect(PluginEndpoint endpoint, X509Certificate certificate, Duration timeout) {
				return FakeConnection.this;
			}

		};
	}

	/** Connected to by a server, and not initialized. */
	static PluginConnection connect(RemotePluginServer server, PluginSpec spec, FakeConnection connection) {
		return server.admitting(connection.connector())
			.offer(spec)
			.connect(new PluginEndpoint.Remote("far.example:1"), null, Duration.ofSeconds(1));
	}

	@Override
	public PluginIntroduction initialize(String instanceId, Duration timeout) {
		this.duringInitialize.run();
		return new PluginIntroduction("far", "1", "", Map.of(), List.of(), ProtocolVersion.CURRENT);
	}

	@Override
	public HealthReport checkHealth(Duration timeout) {
		return new HealthReport(HealthReport.Status.HEALTHY, "", Map.of());
	}

	@Override
	public void shutdown(String reason, Duration grace) {
	}

	@Override
	public PluginClient client() {
		throw new UnsupportedOperationException();
	}

	@Override
	public EventClient events() {
		throw new UnsupportedOperationException();
	}

	@Override
	public void close() {
		this.closed = true;
	}

	@Override
	public CompletableFuture<String> onLost() {
		return this.lost;
	}

	@Override
	public String security() {
		return "tls";
	}

}
