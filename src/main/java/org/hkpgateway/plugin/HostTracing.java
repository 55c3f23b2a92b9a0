package org.hkpgateway.plugin;

/**
 * Makes spans of what plugins ask of the gateway, of those that say for which trace they
 * ask. There is none where traces are off, and then nobody looks. Called on event loops:
 * must not block.
 */
@FunctionalInterface
public interface HostTracing {

	/**
	 * A plugin that is known, and may do so, calls.
	 * @param plugin which
	 * @param method of the host service, one of a fixed set
	 * @param traceparent the plugin's word for the trace, well-formed
	 * @return the span of the call, to be ended
	 */
	HostSpan called(PluginId plugin, String method, String traceparent);

	/** The span of one call. */
	interface HostSpan {

		/**
		 * The trace of what is asked of others for this call.
		 * @return as W3C Trace Context writes it
		 */
		String traceparent();

		/**
		 * The call has ended. Only the first time counts.
		 * @param status its gRPC status, for example {@code OK}
		 */
		void end(String status);

	}

}
