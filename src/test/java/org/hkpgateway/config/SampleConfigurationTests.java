package org.hkpgateway.config;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.reflect.RecordComponent;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import java.util.stream.Stream;

import org.hkpgateway.plugin.Capability;
import org.hkpgateway.plugin.PluginId;
import org.hkpgateway.plugin.PluginSettings;
import org.junit.jupiter.api.Test;

import org.springframework.boot.context.properties.bind.BindHandler;
import org.springframework.boot.context.properties.bind.Bindable;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.boot.context.properties.bind.DataObjectPropertyName;
import org.springframework.boot.context.properties.bind.handler.NoUnboundElementsBindHandler;
import org.springframework.boot.context.properties.source.ConfigurationPropertySources;
import org.springframework.boot.env.YamlPropertySourceLoader;
import org.springframework.core.env.EnumerablePropertySource;
import org.springframework.core.env.PropertySource;
import org.springframework.core.io.ByteArrayResource;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@code config/application.yml}, the sample for operators.
 */
class SampleConfigurationTests {

	private static final Path ROOT = Path.of(System.getProperty("hkp.root", ".."));

	private static final String EXAMPLE = "hkp.plugins.settings.antiabuse.";

	private final String sample = read("config/application.yml");

	@Test
	void bindsLikeNothing() {
		assertThat(bind(this.sample)).isEqualTo(bind(""));
	}

	@Test
	void agreesWithWhatTheGatewaySetsForItself() {
		assertThat(flat(read("src/main/resources/application.yml"), (key) -> true))
			.containsAllEntriesOf(flat(this.sample, (key) -> !key.startsWith("hkp.")));
	}

	@Test
	void namesEveryKeyAndNoOther() {
		assertThat(roots(flat(withExample(), (key) -> key.startsWith("hkp."))))
			.containsExactlyInAnyOrderElementsOf(keys().toList());
	}

	@Test
	void showsTheDefaultsInTheExampleExceptWhereItSaysOtherwise() {
		PluginSettings example = bind(withExample()).plugins().of(new PluginId("antiabuse"));
		PluginSettings defaults = PluginSettings.DEFAULTS;
		assertThat(example).usingRecursiveComparison()
			.ignoringFields("order", "required", "body", "grants", "environment", "config", "handshake", "transport",
					"isolation")
			.isEqualTo(defaults);
		// What antiabuse asks for, so that its blocks outlive it and errors are counted.
		assertThat(example.grants()).containsAll(bind("").plugins().defaults().grants())
			.contains(Capability.STATE, Capability.HTTP_RESPONSE)
			.hasSize(4);
	}

	/** All keys, those of a plugin's settings as if it were called antiabuse. */
	private static Stream<String> keys() {
		return Stream.concat(
				keys("hkp.", HkpProperties.class)
					.filter((key) -> !key.equals("hkp.plugins.settings") && !key.equals("hkp.plugins.remote")),
				keys(EXAMPLE, PluginsProperties.Settings.class));
	}

	/** Below a prefix, in the order of the records. */
	static Stream<String> keys(String prefix, Class<?> type) {
		return Arrays.stream(type.getRecordComponents()).flatMap((component) -> keys(prefix, component));
	}

	private static Stream<String> keys(String prefix, RecordComponent component) {
		String key = prefix + DataObjectPropertyName.toDashedForm(component.getName());
		return component.getType().isRecord() ? keys(key + ".", component.getType()) : Stream.of(key);
	}

	/** Names without list indexes and without what is free-form below them. */
	private static List<String> roots(Map<String, String> properties) {
		return properties.keySet()
			.stream()
			.map((key) -> key.replaceAll("\\[\\d+]$", ""))
			.map((key) -> key.replaceAll("^(" + EXAMPLE.replace(".", "\\.") + "(?:environment|config))\\..*", "$1"))
			.distinct()
			.toList();
	}

	private String withExample() {
		int begin = this.sample.indexOf("# --- begin of example");
		int end = this.sample.indexOf("# --- end of example");
		assertThat(begin).isPositive().isLessThan(end);
		String example = this.sample.substring(begin, end)
			.lines()
			.skip(1)
			.map((line) -> line.replaceFirst("^ {4}# ", "    "))
			.collect(Collectors.joining("\n"));
		return this.sample.substring(0, begin) + "\n" + example + "\n";
	}

	private static HkpProperties bind(String yaml) {
		return new Binder(ConfigurationPropertySources.from(sources(yaml))).bindOrCreate("hkp",
				Bindable.of(HkpProperties.class), new NoUnboundElementsBindHandler(BindHandler.DEFAULT));
	}

	private static Map<String, String> flat(String yaml, Predicate<String> keys) {
		Map<String, String> flat = new LinkedHashMap<>();
		for (PropertySource<?> source : sources(yaml)) {
			EnumerablePropertySource<?> properties = (EnumerablePropertySource<?>) source;
			Arrays.stream(properties.getPropertyNames())
				.filter(keys)
				.forEach((key) -> flat.put(key, String.valueOf(properties.getProperty(key))));
		}
		return flat;
	}

	private static List<PropertySource<?>> sources(String yaml) {
		try {
			return new YamlPropertySourceLoader().load("sample", new ByteArrayResource(yaml.getBytes(UTF_8)));
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
	}

	private static String read(String path) {
		try {
			return Files.readString(ROOT.resolve(path));
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
	}

}
