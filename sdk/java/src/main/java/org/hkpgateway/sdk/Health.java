package org.hkpgateway.sdk;

import java.util.LinkedHashMap;
import java.util.Map;

/**
 * How a plugin is.
 *
 * @param status in short
 * @param message one sentence for the operator, may be empty
 * @param details names and values for the operator
 */
public record Health(Status status, String message, Map<String, String> details) {

	private static final Health HEALTHY = new Health(Status.HEALTHY, "", Map.of());

	public Health {
		details = Map.copyOf(details);
	}

	/**
	 * All is well.
	 * @return healthy, without a message
	 */
	public static Health healthy() {
		return HEALTHY;
	}

	/**
	 * Works, but not as it should.
	 * @param message what is wrong and what to do
	 * @return degraded
	 */
	public static Health degraded(String message) {
		return new Health(Status.DEGRADED, message, Map.of());
	}

	/**
	 * Does not work. Shown to the operator; the gateway does not restart a plugin for it.
	 * @param message what is wrong and what to do
	 * @return unhealthy
	 */
	public static Health unhealthy(String message) {
		return new Health(Status.UNHEALTHY, message, Map.of());
	}

	/**
	 * With one more detail.
	 * @param name its name
	 * @param value its value
	 * @return a copy
	 */
	public Health detail(String name, Object value) {
		Map<String, String> all = new LinkedHashMap<>(this.details);
		all.put(name, String.valueOf(value));
		return new Health(this.status, this.message, all);
	}

	/**
	 * The three answers.
	 */
	public enum Status {

		/** All is well. */
		HEALTHY,

		/** Works, but not as it should. */
		DEGRADED,

		/** Does not work. */
		UNHEALTHY

	}

}
