package org.hkpgateway.manifest;

import java.util.List;

import org.hkpgateway.plugin.Capability;

/**
 * Recognizes manifests of the earlier Go generation. They load, but their plugins often
 * print no handshake, speak no TLS, and read their configuration from elsewhere.
 */
final class EarlierGeneration {

	/** Its name for what is {@code http.request} and {@code http.respond} today. */
	private static final String MIDDLEWARE = "http_middleware";

	private EarlierGeneration() {
	}

	/** The line that gives it away, or 0. */
	static int line(Fields top, Fields plugin, List<String> labels) {
		for (String table : List.of("config", "health", "grpc")) {
			if (top.has(table)) {
				return top.line(table);
			}
		}
		for (String list : List.of("capabilities", "dependencies")) {
			if (plugin.isTable(list)) {
				return plugin.line(list);
			}
		}
		if (!plugin.has("protocol_version")) {
			return plugin.line("protocol_version");
		}
		return labels.contains(MIDDLEWARE) ? plugin.line("capabilities") : 0;
	}

	/**
	 * Whether its author had no word for what is a capability today: it names none, has a
	 * table, or a list of other words. A list with a word of today is all that it asks
	 * for, and so is an empty one.
	 */
	static boolean hadNoWords(Fields plugin, List<String> labels) {
		if (!plugin.has("capabilities") || plugin.isTable("capabilities")) {
			return true;
		}
		return !labels.isEmpty() && labels.stream().noneMatch(EarlierGeneration::isOfToday);
	}

	/** The words of then have no dots; one that has a dot may be misspelt. */
	private static boolean isOfToday(String label) {
		return label.contains(".") || Capability.byLabel(label).isPresent();
	}

	/** What to do about it. */
	static String hint(String settingsKey) {
		return "a manifest of the earlier Go generation: a plugin that prints no handshake needs " + settingsKey
				+ ".handshake=none, one that speaks no TLS needs " + settingsKey + ".transport=plaintext, and its "
				+ "configuration may have to be given in " + settingsKey + ".config";
	}

}
