package org.hkpgateway.plugin;

import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.util.context.ContextView;

/**
 * The trace that a call belongs to. It goes with the subscription to
 * {@link PluginClient#decide}, {@link ResponseClient#review} or
 * {@link KeyProvider#provide}, and not with what is shown, which plugins of equal view
 * share.
 */
public final class CallTrace {

	private static final Object KEY = CallTrace.class;

	private CallTrace() {
	}

	/**
	 * Makes a call part of a trace.
	 * @param <T> what it gives
	 * @param traceparent of the call, as W3C Trace Context writes it; empty for none
	 * @param call the call
	 * @return the same call
	 */
	public static <T> Mono<T> with(String traceparent, Mono<T> call) {
		return call.contextWrite((context) -> context.put(KEY, traceparent));
	}

	/**
	 * Makes a call with many answers part of a trace.
	 * @param <T> what it gives
	 * @param traceparent of the call; empty for none
	 * @param call the call
	 * @return the same call
	 */
	public static <T> Flux<T> with(String traceparent, Flux<T> call) {
		return call.contextWrite((context) -> context.put(KEY, traceparent));
	}

	/**
	 * The trace of a call.
	 * @param context of its subscriber
	 * @return as W3C Trace Context writes it; empty if the call is not traced
	 */
	public static String traceparent(ContextView context) {
		return context.hasKey(KEY) ? context.<String>get(KEY) : "";
	}

}
