package com.example.hkp_template;

import java.time.Duration;

import org.hkpgateway.sdk.config.Default;
import org.hkpgateway.sdk.config.Range;

/**
 * The plugin's configuration: {@code shortest_search} and {@code retry_after} in
 * plugin.toml.
 *
 * @param shortestSearch searches with fewer characters are refused
 * @param retryAfter what their senders are told to wait
 */
record HkpTemplateConfig(@Default("4") @Range(min = 1, max = 100) int shortestSearch,
		@Default("1m") Duration retryAfter) {

	HkpTemplateConfig {
		if (retryAfter.isZero()) {
			throw new IllegalArgumentException("retry_after: expected: more than nothing, got: " + retryAfter);
		}
	}

}
