package org.hkpgateway.host;

import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.function.Supplier;

import org.hkpgateway.plugin.EventClient;
import org.hkpgateway.plugin.HealthReport;
import org.hkpgateway.plugin.PluginClient;
import org.hkpgateway.plugin.PluginConnection;
import org.hkpgateway.plugin.PluginIntroduction;

import org.jspecify.annotations.Nullable;

/**
 * A connection to a remote plugin that may call back while it stands. The way opens
 * before Initialize, during which a plugin may want to see whether its host answers, and
 * closes with a failure of that, a loss of the connection, or its end.
 */
final class AdmittedConnection implements PluginConnection {

	private final PluginConnection connection;

	private final Supplier<RemoteSession> opener;

	private @Nullable RemoteSession session;

	private boolean closed;

	/**
	 * Nothing is open yet.
	 * @param connection to the plugin
	 * @param opener opens the way back
	 */
	AdmittedConnection(PluginConnection connection, Supplier<RemoteSession> opener) {
		this.connection = connection;
		this.opener = opener;
	}

	@Override
	public PluginIntroduction initialize(String instanceId, Duration timeout) {
		open();
		boolean initialized = false;
		try {
			PluginIntroduction introduction = this.connection.initialize(instanceId, timeout);
			initialized = true;
			return introduction;
		}
		finally {
			if (!initialized) {
				end();
			}
		}
	}

	private void open() {
		synchronized (this) {
			if (this.closed || this.session != null) {
				return;
			}
			this.session = this.opener.get();
		}
		// At once if it is lost already.
		var unused = this.connection.onLost().thenRun(this::end);
	}

	private synchronized void end() {
		this.closed = true;
		if (this.session != null) {
			this.session.close();
			this.session = null;
		}
	}

	@Override
	public HealthReport checkHealth(Duration timeout) {
		return this.connection.checkHealth(timeout);
	}

	@Override
	public void shutdown(String reason, Duration grace) {
		this.connection.shutdown(reason, grace);
	}

	@Override
	public PluginClient client() {
		return this.connection.client();
	}

	@Override
	public EventClient events() {
		return this.connection.events();
	}

	@Override
	public void close() {
		end();
		this.connection.close();
	}

	@Override
	public CompletableFuture<String> onLost() {
		return this.connection.onLost();
	}

	@Override
	public String security() {
		return this.connection.security();
	}

}
