package org.hkpgateway.host;

import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Function;

import org.hkpgateway.plugin.PluginId;
import org.hkpgateway.plugin.PluginSpec;
import org.hkpgateway.plugin.PluginStartException;

import org.jspecify.annotations.Nullable;

/**
 * Who may call on the port of remote plugins now: the plugins that the gateway is
 * connected to, by the tokens that their operators gave them. Never more than there are
 * remote plugins, twice while they are swapped. Thread-safe.
 */
final class RemoteCallers {

	private final Function<PluginId, Refusals> refusals;

	private final List<RemoteCaller> callers = new CopyOnWriteArrayList<>();

	private boolean closed;

	/**
	 * Nobody may yet.
	 * @param refusals counts what a plugin is refused
	 */
	RemoteCallers(Function<PluginId, Refusals> refusals) {
		this.refusals = refusals;
	}

	/**
	 * Lets a plugin call. Does not block.
	 * @param spec the plugin, with its grants
	 * @param token what it will show
	 * @return to be closed when the gateway is not connected to it any more; from then on
	 * the token is worth nothing, unless another connection to the same plugin stands
	 * @throws PluginStartException if another plugin has that token still
	 */
	synchronized RemoteSession open(PluginSpec spec, String token) {
		if (this.closed) {
			throw new PluginStartException(spec.id(), "not started: the gateway is stopping");
		}
		RemoteCaller caller = holding("Bearer " + token);
		if (caller == null) {
			caller = new RemoteCaller(spec.id(), new Token(token), this.refusals.apply(spec.id()));
			this.callers.add(caller);
		}
		else if (!caller.plugin().equals(spec.id())) {
			throw new PluginStartException(spec.id(),
					"host-token: expected: one that is not in use, got: that of plugin " + caller.plugin()
							+ ", which is still connected with it");
		}
		return caller.begin(spec, this::end);
	}

	private synchronized void end(RemoteCaller caller, RemoteSession session) {
		if (caller.end(session)) {
			this.callers.remove(caller);
		}
	}

	/**
	 * Who shows this. Takes as long whoever it is.
	 * @param authorization as received, null if there was none
	 * @param connection it came by, which ends with what lets its plugin call
	 * @return null if nobody who may call now
	 */
	@Nullable RemoteSession admit(@Nullable String authorization, RemoteLink connection) {
		RemoteCaller caller = holding(authorization);
		return (caller != null) ? caller.admit(connection) : null;
	}

	private @Nullable RemoteCaller holding(@Nullable String authorization) {
		RemoteCaller found = null;
		for (RemoteCaller caller : this.callers) {
			if (caller.token().isIn(authorization)) {
				found = caller;
			}
		}
		return found;
	}

	/** From now on nobody may call, and connections are being closed. */
	synchronized void close() {
		this.closed = true;
		this.callers.forEach(RemoteCaller::endAll);
		this.callers.clear();
	}

}
