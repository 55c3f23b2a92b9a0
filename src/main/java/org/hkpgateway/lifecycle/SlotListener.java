package org.hkpgateway.lifecycle;

/**
 * Whom a slot tells what concerns others. Called on the control thread.
 */
interface SlotListener {

	/**
	 * Its place in the chain, its specification or whether it is wanted has changed.
	 */
	void chainChanged();

	/**
	 * Its active generation has become READY, or a READY one has become active.
	 * @param slot which
	 */
	void ready(PluginSlot slot);

	/**
	 * Its active generation has FAILED.
	 * @param slot which
	 */
	void failed(PluginSlot slot);

}
