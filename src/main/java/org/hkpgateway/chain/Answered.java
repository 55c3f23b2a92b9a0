package org.hkpgateway.chain;

import org.hkpgateway.plugin.Decision;

/**
 * A reply and what it took.
 *
 * @param reply what came of asking
 * @param left what was left of the chain's budget when the plugin was asked, in
 * nanoseconds
 * @param nanos how long the reply took
 */
record Answered(Reply<Decision> reply, long left, long nanos) {

}
