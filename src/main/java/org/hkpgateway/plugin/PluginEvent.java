package org.hkpgateway.plugin;

import java.time.Instant;
import java.util.Map;

/**
 * Something that has happened, as far as plugins are told.
 */
public interface PluginEvent {

	/**
	 * Names it.
	 * @return unique
	 */
	String id();

	/**
	 * What has happened.
	 * @return for example {@code key.changed}
	 */
	String type();

	/**
	 * Where it happened.
	 * @return names one run of one gateway
	 */
	String replica();

	/**
	 * Who says so.
	 * @return {@code gateway}, or a plugin's name
	 */
	String source();

	/**
	 * Its number among those of its source there.
	 * @return from 1
	 */
	long sequence();

	/**
	 * Whether it is for the plugins of all replicas.
	 * @return false: only where it happened
	 */
	boolean cluster();

	/**
	 * When it happened.
	 * @return by the clock of the gateway where it did
	 */
	Instant at();

	/**
	 * All about it.
	 * @return one JSON object
	 */
	String data();

	/**
	 * The part of it that filters look at.
	 * @return immutable
	 */
	Map<String, String> metadata();

}
