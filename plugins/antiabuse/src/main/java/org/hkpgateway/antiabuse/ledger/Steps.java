package org.hkpgateway.antiabuse.ledger;

import java.time.Duration;
import java.util.List;

/**
 * How long blocks last: each one of the same client longer than the one before, until it
 * has behaved for a while. The only place where the length of a block is computed.
 *
 * @param lengths of the first block, the second … The last one stays
 * @param forgetAfter how long after its end a block still counts
 */
public record Steps(List<Duration> lengths, Duration forgetAfter) {

	public Steps {
		lengths = List.copyOf(lengths);
	}

	/**
	 * The length of a block.
	 * @param strike its number, at least 1
	 * @param untilRoom how long the limit stays exceeded: a block lasts at least as long,
	 * so that who waits as told is let in
	 * @return more than zero
	 */
	Duration length(int strike, Duration untilRoom) {
		Duration step = this.lengths.get(Math.min(strike, this.lengths.size()) - 1);
		return (step.compareTo(untilRoom) > 0) ? step : untilRoom;
	}

}
