package org.hkpgateway.antiabuse.ledger;

import org.hkpgateway.antiabuse.count.OwnCounter;
import org.hkpgateway.antiabuse.count.SharedCounter;

import org.jspecify.annotations.Nullable;

/**
 * What a client is blocked for.
 *
 * @param rule the rule that says so
 * @param steps how long
 * @param strikesPrefix of the names under which the gateway keeps how many blocks a
 * client has earned by this rule
 * @param own counts in this process
 * @param shared counts with the gateway; null if that keeps nothing for the plugin
 */
public record Offence(String rule, Steps steps, String strikesPrefix, OwnCounter own, @Nullable SharedCounter shared) {
}
