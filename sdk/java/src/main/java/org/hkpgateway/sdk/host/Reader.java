package org.hkpgateway.sdk.host;

/**
 * Takes what comes on a stream, one after the other.
 *
 * @param <T> what comes
 */
@FunctionalInterface
public interface Reader<T> {

	/**
	 * Takes one. May block; the next one comes when this has returned.
	 * @param item what came
	 * @throws Exception to end the stream
	 */
	void read(T item) throws Exception;

}
