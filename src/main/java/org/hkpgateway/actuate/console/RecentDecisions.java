package org.hkpgateway.actuate.console;

import org.hkpgateway.proxy.DecisionListener;
import org.hkpgateway.proxy.RequestDecision;

/**
 * Keeps the latest requests that plugins have ended, for whoever looks next. Holds
 * {@value #MOST}.
 */
public final class RecentDecisions implements DecisionListener {

	static final int MOST = 200;

	private final Ring<RequestDecision> decisions = new Ring<>(MOST);

	@Override
	public void decided(RequestDecision decision) {
		this.decisions.add(decision);
	}

	Ring.Later<RequestDecision> after(long number) {
		return this.decisions.after(number);
	}

}
