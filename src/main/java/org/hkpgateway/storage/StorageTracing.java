package org.hkpgateway.storage;

import java.net.URI;

/**
 * Makes spans of what keyservers are asked for plugins, within their traces. Called on
 * the threads that ask.
 */
@FunctionalInterface
public interface StorageTracing {

	/** Where traces are off. */
	StorageTracing NONE = (traceparent, keyserver) -> KeyserverSpan.NONE;

	/**
	 * A keyserver is about to be asked. It is told nothing of the trace: its answer may
	 * be for many.
	 * @param traceparent of the query, never empty
	 * @param keyserver {@code http://host[:port]}
	 * @return the span of that, to be ended
	 */
	KeyserverSpan asking(String traceparent, URI keyserver);

	/** The span of one attempt at a keyserver, until its answer begins. */
	interface KeyserverSpan {

		/** Of a query that is not traced. */
		KeyserverSpan NONE = new KeyserverSpan() {

			@Override
			public void answered(int status) {
			}

			@Override
			public void end(String failure) {
			}

		};

		/**
		 * The head of its answer has come.
		 * @param status of it
		 */
		void answered(int status);

		/**
		 * The attempt is over.
		 * @param failure a word for how it failed; empty if it did not
		 */
		void end(String failure);

	}

}
