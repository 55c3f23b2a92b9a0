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
	 * Who says so.
	 * @return {@code gateway}, or a plugin's name
	 */
	String source();

	/**
	 * Its number among those of its source.
	 * @return from 1
	 */
	long sequence();

	/**
	 * When it happened.
	 * @return by the gateway's clock
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
