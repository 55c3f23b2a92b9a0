package org.hkpgateway.host;

import java.util.function.LongSupplier;

import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.Status;
import org.hkpgateway.log.SparseLines;
import org.hkpgateway.plugin.PluginId;

import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Refuses what came in on one socket, or on the port of remote plugins: counts each
 * refusal, and logs at most one in ten seconds, so that nobody can fill the log.
 * Thread-safe.
 */
final class Refusals {

	private static final Logger logger = LoggerFactory.getLogger(Refusals.class);

	private final @Nullable PluginId plugin;

	private final String where;

	private final HostRefusalListener listener;

	private final SparseLines lines;

	Refusals(PluginId plugin, HostRefusalListener listener, LongSupplier nanoTime) {
		this(plugin, "plugin " + plugin + ": refused on its host socket", listener, nanoTime);
	}

	private Refusals(@Nullable PluginId plugin, String where, HostRefusalListener listener, LongSupplier nanoTime) {
		this.plugin = plugin;
		this.where = where;
		this.listener = listener;
		this.lines = new SparseLines(nanoTime);
	}

	/**
	 * On the port of remote plugins.
	 * @param plugin whose token it was; null for those who have shown none
	 * @param listener is told of each
	 * @param nanoTime as of {@link System#nanoTime}
	 */
	static Refusals ofRemote(@Nullable PluginId plugin, HostRefusalListener listener, LongSupplier nanoTime) {
		String port = "refused on the port of remote plugins";
		return new Refusals(plugin, (plugin != null) ? "plugin " + plugin + ": " + port : port, listener, nanoTime);
	}

	/**
	 * Ends a call.
	 * @param call the call
	 * @param refusal why, for the count
	 * @param status why, for the plugin and the log
	 * @param <Q> what it asks with
	 * @return hears nothing
	 */
	<Q> ServerCall.Listener<Q> refuse(ServerCall<Q, ?> call, HostRefusal refusal, Status status) {
		return refuse(call, refusal, status, "");
	}

	/** The same with what only the log is told: from where it came, for example. */
	<Q> ServerCall.Listener<Q> refuse(ServerCall<Q, ?> call, HostRefusal refusal, Status status, String detail) {
		call.close(status, new Metadata());
		note(refusal, call.getMethodDescriptor().getBareMethodName() + (detail.isEmpty() ? "" : " " + detail) + ": "
				+ status.getDescription());
		return new ServerCall.Listener<>() {
		};
	}

	/**
	 * Counts and logs.
	 * @param refusal why
	 * @param detail why, in words
	 */
	void note(HostRefusal refusal, String detail) {
		this.listener.refused(this.plugin, refusal);
		this.lines
			.write((unsaid) -> logger.warn("{}: {} ({} more since the last such line)", this.where, detail, unsaid));
	}

}
