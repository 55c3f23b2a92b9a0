package org.hkpgateway.config;

import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

import org.springframework.boot.env.YamlPropertySourceLoader;
import org.springframework.core.env.PropertySource;
import org.springframework.core.io.ClassPathResource;

/**
 * Writes {@code docs/configuration.md}.
 */
final class ConfigurationReference {

	/** Of Spring Boot's own keys those that operators of the gateway need. */
	private static final List<String> OF_SPRING_BOOT = List.of("server.port", "server.address",
			"management.server.port", "management.server.address",
			"management.opentelemetry.tracing.export.otlp.endpoint", "management.tracing.sampling.probability",
			"spring.ssl.bundle.pem", "spring.ssl.bundle.jks", "spring.config.import",
			"spring.config.additional-location", "logging.level", "logging.structured.format.console");

	private static final Map<String, String> TYPES = Map.ofEntries(Map.entry("java.time.Duration", "duration"),
			Map.entry("org.springframework.util.unit.DataSize", "size"), Map.entry("java.lang.Integer", "number"),
			Map.entry("java.lang.Long", "number"), Map.entry("java.lang.Float", "number"),
			Map.entry("java.lang.Boolean", "boolean"), Map.entry("java.lang.String", "text"),
			Map.entry("java.net.InetAddress", "address"), Map.entry("java.util.List<java.lang.String>", "list"),
			Map.entry("java.util.List<java.net.URI>", "list of URLs"),
			Map.entry("java.util.List<java.nio.file.Path>", "list of paths"));

	private static final Pattern CODE = Pattern.compile("\\{@code ((?:[^{}]|\\{[^{}]*})*)}");

	private static final Pattern GROUP = Pattern.compile("hkp\\.plugins\\.(?:settings|remote)\\.<name>|hkp\\.[a-z-]+");

	private final StringBuilder page = new StringBuilder();

	private ConfigurationReference() {
	}

	static String of(String command) throws IOException {
		ConfigurationReference reference = new ConfigurationReference();
		reference.write(command);
		return reference.page.toString();
	}

	private void write(String command) throws IOException {
		this.page
			.append("""
					# Configuration reference

					<!-- Made from the configuration metadata of the build; do not edit it by hand:
					     %s -->

					All keys of the gateway. [config/application.yml](../config/application.yml) is a file to begin with, and the
					[operator guide](operator-guide.md#configuration) explains what belongs together.

					Durations are written `200ms`, `10s`, `5m`, sizes `64KB`, `16MB` (1 KB is 1024 bytes). Each key can also be an option
					(`--hkp.edge.max-body=8MB`) or a variable of the environment (`HKP_EDGE_MAXBODY=8MB`); options win over variables,
					variables over files. Below `hkp` an unknown key and an impossible value stop the start; the message names the key, what was
					expected and what it got. In the column *Allowed* stand the gateway's own words from that message.

					*Without restart* says whether a change is put in force by the action `rescan` ([Changes while it
					runs](operator-guide.md#changes-while-it-runs)). A `rescan` refuses an impossible value, says why, and all stays as it is; a
					plugin that does not take its new settings goes on with the old ones. A change that takes a restart is named in its answer.
					"""
				.formatted(command));
		Map<String, List<KeyMetadata>> groups = new TreeMap<>();
		KeyMetadata.ofGateway()
			.forEach((key) -> groups.computeIfAbsent(group(key.key()), (name) -> new ArrayList<>()).add(key));
		groups.forEach(this::group);
		springBoot();
	}

	private static String group(String key) {
		Matcher matcher = GROUP.matcher(key);
		if (!matcher.lookingAt()) {
			throw new AssertionError("expected: a key below hkp, got: " + key);
		}
		return matcher.group();
	}

	private void group(String name, List<KeyMetadata> keys) {
		heading("`" + name + "`");
		if (name.endsWith(".settings.<name>")) {
			this.page.append("\nOf a plugin on this machine, by the name in its manifest, which they beat.\n");
		}
		if (name.endsWith(".remote.<name>")) {
			this.page
				.append("\nOf a plugin that runs elsewhere; a name stands either here or in `hkp.plugins.settings`.\n");
		}
		this.page.append("""

				| Key | Type | Default | Allowed | Without restart | Meaning |
				|---|---|---|---|---|---|
				""");
		for (KeyMetadata key : keys) {
			row("`" + key.key() + "`", typeOf(key), defaultOf(key.defaultValue()),
					AllowedValues.of(key).replace("*", "\\*"),
					ConfigurationReader.isAppliedByRescan(key.key()) ? "yes" : "no", meaningOf(key));
		}
	}

	private void springBoot() throws IOException {
		Map<String, KeyMetadata> known = KeyMetadata.ofSpringBoot();
		Map<String, String> ours = new LinkedHashMap<>();
		for (PropertySource<?> source : new YamlPropertySourceLoader().load("ours",
				new ClassPathResource("application.yml"))) {
			OF_SPRING_BOOT.stream()
				.filter(source::containsProperty)
				.forEach((key) -> ours.put(key, String.valueOf(source.getProperty(key))));
		}
		heading("Keys of Spring Boot");
		this.page
			.append("""

					These belong to Spring Boot; the words are its own, the defaults the gateway's. A change takes a restart, except that the
					files of an SSL bundle with `reload-on-update` are read again when they change.

					| Key | Type | Default | Meaning |
					|---|---|---|---|
					""");
		for (String key : OF_SPRING_BOOT) {
			KeyMetadata metadata = known.get(key);
			if (metadata == null) {
				throw new AssertionError("expected: metadata of " + key + " in Spring Boot, got: none");
			}
			row("`" + key + "`", typeOf(metadata), defaultOf(ours.getOrDefault(key, metadata.defaultValue())),
					meaningOf(metadata));
		}
	}

	private void heading(String text) {
		this.page.append("\n## ").append(text).append('\n');
	}

	private void row(String... cells) {
		this.page.append('|');
		for (String cell : cells) {
			this.page.append(' ').append(cell.replace("|", "\\|"));
			this.page.append(cell.isEmpty() ? "|" : " |");
		}
		this.page.append('\n');
	}

	private static String typeOf(KeyMetadata key) {
		if (key.type().startsWith("java.util.Map")) {
			return "map";
		}
		return TYPES.getOrDefault(key.type(), "word");
	}

	private static String defaultOf(String value) {
		return value.isEmpty() ? "none" : "`" + value + "`";
	}

	private static String meaningOf(KeyMetadata key) {
		String meaning = CODE.matcher(key.description()).replaceAll("`$1`").replaceFirst("\\.$", "");
		return meaning.isEmpty() ? "" : meaning.substring(0, 1).toUpperCase(Locale.ROOT) + meaning.substring(1);
	}

}
