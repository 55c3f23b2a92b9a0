package org.hkpgateway.state;

import java.time.Duration;

/**
 * How it stands with Redis.
 *
 * @param address where it is, without the password
 * @param up whether it is taken to be there
 * @param since for how long that has been so
 * @param reason why it is not there; empty if it is
 * @param replicas how many gateways share it, as far as was known last; from 1
 * @param failures commands that failed since the start
 */
public record RedisStatus(String address, boolean up, Duration since, String reason, int replicas, Failures failures) {

	/**
	 * Commands that failed since the start.
	 *
	 * @param timeouts not answered within 50 ms
	 * @param rejected not sent, or the connection was closed before they were answered
	 * @param errors answered with an error
	 */
	public record Failures(long timeouts, long rejected, long errors) {
	}

}
