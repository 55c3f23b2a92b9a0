package org.hkpgateway.host;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.BiConsumer;

import org.hkpgateway.plugin.PluginId;
import org.hkpgateway.plugin.PluginSpec;

import org.jspecify.annotations.Nullable;

/**
 * A remote plugin that may call, and the connections that it has called by. While it is
 * swapped the gateway is connected to it twice; then the grants of the latest connection
 * count. What {@link RemoteCallers} calls is called by one thread at a time.
 */
final class RemoteCaller {

	private final PluginId plugin;

	private final Token token;

	private final Refusals refusals;

	/** The latest one first. */
	private final Deque<RemoteSession> sessions = new ArrayDeque<>();

	private final Set<RemoteLink> connections = ConcurrentHashMap.newKeySet();

	/** Null when there is none any more. */
	private volatile @Nullable RemoteSession current;

	RemoteCaller(PluginId plugin, Token token, Refusals refusals) {
		this.plugin = plugin;
		this.token = token;
		this.refusals = refusals;
	}

	PluginId plugin() {
		return this.plugin;
	}

	Token token() {
		return this.token;
	}

	/**
	 * Another connection of the gateway stands.
	 * @param spec what it was made with
	 * @param onClose called when the session is closed
	 */
	RemoteSession begin(PluginSpec spec, BiConsumer<RemoteCaller, RemoteSession> onClose) {
		RemoteSession session = new RemoteSession(spec, this.refusals, (closed) -> onClose.accept(this, closed));
		this.sessions.addFirst(session);
		put(session);
		return session;
	}

	/**
	 * A connection of the gateway has ended.
	 * @return whether it was the last one
	 */
	boolean end(RemoteSession session) {
		this.sessions.remove(session);
		put(this.sessions.peekFirst());
		return this.sessions.isEmpty();
	}

	void endAll() {
		this.sessions.clear();
		put(null);
	}

	/**
	 * Streams outlive the moment in which they were let in. So connections do not outlive
	 * a grant: whoever still may, calls again.
	 */
	private void put(@Nullable RemoteSession next) {
		RemoteSession before = this.current;
		this.current = next;
		if (before != null && (next == null || !next.grants().containsAll(before.grants()))) {
			this.connections.forEach(RemoteLink::end);
		}
	}

	/**
	 * A call has come.
	 * @param connection by which
	 * @return null if it may not
	 */
	@Nullable RemoteSession admit(RemoteLink connection) {
		if (this.connections.add(connection)) {
			connection.channel().closeFuture().addListener((closed) -> this.connections.remove(connection));
		}
		// Asked after adding: either the end sees the connection, or this sees the end.
		return this.current;
	}

}
