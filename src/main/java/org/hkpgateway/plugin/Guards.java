package org.hkpgateway.plugin;

/**
 * What guards the calls of one plugin process in one phase.
 */
@FunctionalInterface
public interface Guards {

	/**
	 * How the calls went. Does not block.
	 * @return a snapshot
	 */
	GuardStatus status();

}
