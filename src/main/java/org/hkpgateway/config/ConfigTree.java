package org.hkpgateway.config;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * Repairs what property binding makes of a free-form tree: a list arrives as a map with
 * the keys 0, 1, 2 …
 */
final class ConfigTree {

	private ConfigTree() {
	}

	static Map<String, Object> normalize(Map<String, Object> tree) {
		Map<String, Object> normal = new LinkedHashMap<>();
		tree.forEach((key, value) -> normal.put(key, value(value)));
		return normal;
	}

	private static Object value(Object value) {
		if (!(value instanceof Map<?, ?> map)) {
			return value;
		}
		Map<String, Object> tree = new LinkedHashMap<>();
		map.forEach((key, inner) -> tree.put(String.valueOf(key), inner));
		return isList(tree) ? list(tree) : normalize(tree);
	}

	private static boolean isList(Map<String, Object> tree) {
		for (int i = 0; i < tree.size(); i++) {
			if (!tree.containsKey(Integer.toString(i))) {
				return false;
			}
		}
		return !tree.isEmpty();
	}

	private static List<Object> list(Map<String, Object> tree) {
		Map<Integer, Object> ordered = new TreeMap<>();
		tree.forEach((key, value) -> ordered.put(Integer.valueOf(key), value(value)));
		return new ArrayList<>(ordered.values());
	}

}
