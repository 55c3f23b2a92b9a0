package org.hkpgateway.config;

import java.io.IOException;
import java.io.InputStream;
import java.net.URL;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * What the build has written down about a key, from the types and the Javadoc of the
 * records.
 *
 * @param key in full, with {@code <name>} where an operator puts the name of a plugin
 * @param type its Java type
 * @param description from the Javadoc
 * @param defaultValue as written; empty for none
 */
record KeyMetadata(String key, String type, String description, String defaultValue) {

	private static final JsonMapper json = new JsonMapper();

	/** In place of the keys of these, those of the records that are their values. */
	private static final Map<String, Class<?>> BY_NAME = Map.of("hkp.plugins.settings",
			PluginsProperties.Settings.class, "hkp.plugins.remote", PluginsProperties.Remote.class);

	/** All keys below {@code hkp}, those of a group together. */
	static List<KeyMetadata> ofGateway() throws IOException {
		List<KeyMetadata> all = new ArrayList<>();
		for (KeyMetadata found : read(resource("META-INF/spring-configuration-metadata.json"), "")) {
			Class<?> values = BY_NAME.get(found.key());
			if (values == null) {
				// Spring Boot makes keys of the gateway's endpoints, too.
				if (found.key().startsWith("hkp.")) {
					all.add(found);
				}
			}
			else {
				all.addAll(read(resource("META-INF/spring/configuration-metadata/" + values.getName() + ".json"),
						found.key() + ".<name>."));
			}
		}
		return all;
	}

	/** What Spring Boot's own parts say of their keys. */
	static Map<String, KeyMetadata> ofSpringBoot() throws IOException {
		Map<String, KeyMetadata> all = new LinkedHashMap<>();
		for (URL url : Collections.list(loader().getResources("META-INF/spring-configuration-metadata.json"))) {
			read(url, "").forEach((found) -> all.putIfAbsent(found.key(), found));
		}
		return all;
	}

	private static List<KeyMetadata> read(URL url, String prefix) throws IOException {
		try (InputStream in = url.openStream()) {
			return json.readTree(in)
				.path("properties")
				.valueStream()
				.map((property) -> new KeyMetadata(prefix + property.path("name").asString(),
						property.path("type").asString(""), property.path("description").asString(""),
						text(property.path("defaultValue"))))
				.toList();
		}
	}

	private static String text(JsonNode value) {
		return value.isArray() ? value.valueStream().map(JsonNode::asString).collect(Collectors.joining(", "))
				: value.asString("");
	}

	private static URL resource(String name) {
		// Of the gateway's own classes, not of some library.
		String root = HkpProperties.class.getProtectionDomain().getCodeSource().getLocation().toString();
		try {
			return Collections.list(loader().getResources(name))
				.stream()
				.filter((url) -> url.toString().contains(root))
				.findFirst()
				.orElseThrow(() -> new AssertionError("expected: " + name + " of the build in " + root
						+ ", got: none; is spring-boot-configuration-processor among the annotation processors?"));
		}
		catch (IOException ex) {
			throw new AssertionError(ex);
		}
	}

	private static ClassLoader loader() {
		return KeyMetadata.class.getClassLoader();
	}

}
