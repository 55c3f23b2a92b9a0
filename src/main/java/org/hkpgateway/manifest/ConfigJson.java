package org.hkpgateway.manifest;

import java.util.Map;
import java.util.TreeMap;

import tools.jackson.databind.json.JsonMapper;

/**
 * The configuration that a plugin gets.
 */
final class ConfigJson {

	private static final JsonMapper MAPPER = JsonMapper.builder().build();

	private ConfigJson() {
	}

	/**
	 * Merges the operator's values over the manifest's, tables key by key, anything else
	 * as a whole.
	 * @return a JSON object with sorted keys
	 */
	static String merge(Map<String, Object> manifest, Map<String, Object> operator) {
		return MAPPER.writeValueAsString(overlay(manifest, operator));
	}

	private static Map<String, Object> overlay(Map<?, ?> below, Map<?, ?> above) {
		Map<String, Object> merged = new TreeMap<>();
		below.forEach((key, value) -> merged.put(String.valueOf(key), value));
		above.forEach((key, value) -> merged.merge(String.valueOf(key), value, ConfigJson::overlayValue));
		return merged;
	}

	private static Object overlayValue(Object below, Object above) {
		if (below instanceof Map<?, ?> lower && above instanceof Map<?, ?> upper) {
			return overlay(lower, upper);
		}
		return above;
	}

}
