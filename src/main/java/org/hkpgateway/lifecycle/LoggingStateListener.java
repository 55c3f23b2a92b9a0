package org.hkpgateway.lifecycle;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Writes each move as one line: a warning when a plugin died, information otherwise.
 */
public final class LoggingStateListener implements StateListener {

	private static final Logger logger = LoggerFactory.getLogger(LoggingStateListener.class);

	@Override
	public void onTransition(Transition transition) {
		switch (transition.to()) {
			case BACKOFF, FAILED -> logger.warn("plugin {}: {} -> {}: {}", transition.plugin(), transition.from(),
					transition.to(), transition.reason());
			case STOPPED, STARTING, READY, STANDBY, DRAINING -> logger.info("plugin {}: {} -> {}: {}",
					transition.plugin(), transition.from(), transition.to(), transition.reason());
		}
	}

}
