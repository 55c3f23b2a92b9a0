package org.hkpgateway.proxy;

import java.util.List;

import org.hkpgateway.chain.PluginOutcome;

/**
 * What a trace may say of a request. The query is not there, nor what stands for it in a
 * path of version 2: a search term is a name, an address or a key that somebody looks
 * for, and traces are sent elsewhere. Of the client's address there is as much as the log
 * may show. Texts are empty where there is nothing to say.
 */
public interface TracedRequest {

	/**
	 * The trace that the request belongs to already, if a trusted proxy says so.
	 * @return {@code traceparent} of W3C Trace Context, not validated
	 */
	String traceparent();

	/**
	 * What goes with it.
	 * @return {@code tracestate}
	 */
	String tracestate();

	/**
	 * How long ago the request came.
	 * @return nanoseconds
	 */
	long elapsedNanos();

	/**
	 * As in the log.
	 * @return unique
	 */
	String id();

	/**
	 * One of the methods that are served.
	 * @return for example {@code GET}; {@code _OTHER} for any other
	 */
	String method();

	/**
	 * Path of the target, without what is looked for.
	 * @return at most 256 characters
	 */
	String path();

	/**
	 * {@code http} or {@code https}.
	 * @return as the client spoke it
	 */
	String scheme();

	/**
	 * The version of HTTP.
	 * @return for example {@code 1.1}
	 */
	String version();

	/**
	 * The client's address.
	 * @return as much as the log may show
	 */
	String client();

	/**
	 * What is asked of a keyserver.
	 * @return one of a fixed set
	 */
	String operation();

	/**
	 * What was done with it.
	 * @return one of a fixed set
	 */
	String decision();

	/**
	 * Whose answer, or whose failure, the client got.
	 * @return a plugin
	 */
	String plugin();

	/**
	 * What came of the plugins.
	 * @return in the order of the log
	 */
	List<PluginOutcome> outcomes();

	/**
	 * Status of the answer.
	 * @return -1 if there was none
	 */
	int status();

	/**
	 * How it ended.
	 * @return {@code whole}, {@code client-left} or {@code cut-short}
	 */
	String ending();

	/**
	 * How many bytes of the request's body were read.
	 * @return 0 or more
	 */
	long received();

	/**
	 * How many bytes of the answer's body were sent.
	 * @return 0 or more
	 */
	long sent();

}
