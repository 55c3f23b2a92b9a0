package org.hkpgateway.antiabuse.count;

import java.time.Duration;

/**
 * A limit as configured.
 *
 * @param max how many are allowed, at least 1
 * @param window within how long
 * @param what is counted
 */
public record Limit(int max, Duration window, What what) {

	/**
	 * In words.
	 * @return for example {@code 100 requests in 10 s}
	 */
	@Override
	public String toString() {
		return this.max + " " + ((this.max == 1) ? this.what.one : this.what.many) + " in " + this.window.toSeconds()
				+ " s";
	}

	/**
	 * What limits are about.
	 */
	public enum What {

		/** Requests of any kind. */
		REQUEST("request", "requests"),

		/** Searches for different terms. */
		SEARCH("different search", "different searches"),

		/** Searches of which each finds many keys. */
		BROAD_SEARCH("broad search", "broad searches"),

		/** Searches that the keyserver answered with an error. */
		FAILED_SEARCH("failed search", "failed searches"),

		/** Keys that the keyserver did not have. */
		FAILED_FETCH("failed key request", "failed key requests");

		private final String one;

		private final String many;

		What(String one, String many) {
			this.one = one;
			this.many = many;
		}

	}

}
