package org.hkpgateway.manifest;

import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.regex.Pattern;

import tools.jackson.databind.json.JsonMapper;

/**
 * The configuration that a plugin gets.
 */
final class ConfigJson {

	private static final JsonMapper MAPPER = JsonMapper.builder().build();

	/** Within the range of a long, written without leading zeros. */
	private static final Pattern INTEGER = Pattern.compile("-?(0|[1-9]\\d{0,17})");

	private static final Pattern NUMBER = Pattern.compile("-?\\d{1,15}(\\.\\d{1,15})?([eE][-+]?\\d{1,2})?");

	private ConfigJson() {
	}

	/**
	 * Merges the operator's values over the manifest's, tables key by key, anything else
	 * as a whole. Text becomes a number, a boolean or a list where the manifest has one:
	 * text is all that an operator can give by command line and environment, and a plugin
	 * that decodes into typed fields would refuse it. Text that does not fit stays text,
	 * for the plugin to refuse.
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
		return (above instanceof String text) ? typedLike(below, text.strip(), text) : above;
	}

	private static Object typedLike(Object below, String text, String otherwise) {
		if (below instanceof Boolean && (text.equalsIgnoreCase("true") || text.equalsIgnoreCase("false"))) {
			return Boolean.valueOf(text);
		}
		if (below instanceof Long && INTEGER.matcher(text).matches()) {
			return Long.valueOf(text);
		}
		if (below instanceof Double && NUMBER.matcher(text).matches()) {
			return Double.valueOf(text);
		}
		return (below instanceof List<?> list) ? items(list, text) : otherwise;
	}

	/** Separated by commas; items are of the type of the manifest's first one. */
	private static List<Object> items(List<?> below, String text) {
		Object example = below.isEmpty() ? "" : Objects.requireNonNull(below.get(0));
		return Arrays.stream(text.split(","))
			.map(String::strip)
			.filter((item) -> !item.isEmpty())
			.map((item) -> typedLike(example, item, item))
			.toList();
	}

}
