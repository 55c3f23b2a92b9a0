package org.hkpgateway.config;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Stream;

import org.hkpgateway.testsupport.GatewayProcess;
import org.hkpgateway.testsupport.GuideBlocks;
import org.junit.jupiter.api.Test;

import org.springframework.boot.context.properties.bind.BindHandler;
import org.springframework.boot.context.properties.bind.Bindable;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.boot.context.properties.bind.handler.NoUnboundElementsBindHandler;
import org.springframework.boot.context.properties.source.ConfigurationPropertySources;
import org.springframework.boot.env.YamlPropertySourceLoader;
import org.springframework.core.io.ByteArrayResource;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * {@code docs/from-haproxy.md} promises nothing that is not there: each test that it
 * names exists, and each setting can be read.
 */
class FromHaproxyTests {

	private static final String PAGE = "from-haproxy.md";

	private static final Pattern ROW = Pattern.compile("(?m)^\\| ([^|]+) \\| ([^|]+) \\|(?: ([^|]+) \\|| \\|)$");

	private static final Pattern METHOD = Pattern.compile("`(\\w+(?:Tests|IT))(?:\\.(\\w+))?`");

	private static final Pattern CASE = Pattern.compile("`(\\w[\\w-]*\\.json)`: ([^;]+)");

	private static final Pattern PYTHON = Pattern.compile("test_[a-z_]+(?!\\.py)\\b");

	private final Path root = GatewayProcess.root();

	@Test
	void eachTestThatIsNamedExists() throws IOException {
		List<MatchResult> rows = ROW.matcher(page())
			.results()
			.filter((row) -> !row.group(1).startsWith("Protection") && !row.group(1).startsWith("Wish"))
			.toList();
		assertThat(rows).hasSizeGreaterThan(35);
		for (MatchResult row : rows) {
			String shown = row.group(3);
			if (shown == null) {
				assertThat(row.group(2)).as(row.group(1)).contains("[missing](#what-is-missing)");
				continue;
			}
			List<String> found = new ArrayList<>();
			METHOD.matcher(shown).results().forEach((test) -> found.add(checked(test.group(1), test.group(2))));
			CASE.matcher(shown).results().forEach((one) -> found.add(checkedCase(one.group(1), one.group(2).strip())));
			if (shown.startsWith("`test_plugin.py`")) {
				PYTHON.matcher(shown.substring(shown.indexOf(':')))
					.results()
					.forEach((test) -> found.add(checkedPython(test.group())));
			}
			assertThat(found).as(row.group(1)).isNotEmpty();
		}
	}

	@Test
	void eachSettingCanBeRead() throws IOException {
		List<GuideBlocks.Block> blocks = GuideBlocks.of(PAGE)
			.stream()
			.filter((block) -> block.language().equals("yaml"))
			.toList();
		assertThat(blocks).hasSize(6);
		String manifest = Files.readString(this.root.resolve("plugins/antiabuse/src/main/dist/plugin.toml"));
		for (GuideBlocks.Block block : blocks) {
			HkpProperties properties = new Binder(ConfigurationPropertySources.from(new YamlPropertySourceLoader()
				.load("page", new ByteArrayResource(block.text().getBytes(StandardCharsets.UTF_8)))))
				.bind("hkp", Bindable.of(HkpProperties.class), new NoUnboundElementsBindHandler(BindHandler.DEFAULT))
				.get();
			assertThat(properties).as(block.text()).isNotEqualTo(new Binder().bindOrCreate("hkp", HkpProperties.class));
			properties.plugins()
				.settings()
				.values()
				.forEach((plugin) -> plugin.config()
					.keySet()
					.forEach((key) -> assertThat(manifest).containsPattern("(?m)^(# )?" + key + " = ")));
		}
	}

	private String checked(String type, String method) {
		Path file = file(type + ".java");
		if (method != null) {
			assertThat(text(file)).as(type).containsPattern("void " + method + "\\(");
		}
		return type;
	}

	private String checkedCase(String file, String name) {
		assertThat(text(this.root.resolve("plugins/antiabuse/cases").resolve(file)))
			.contains("\"name\": \"" + name + "\"");
		return name;
	}

	private String checkedPython(String name) {
		assertThat(text(this.root.resolve("plugins/keycheck/tests/test_plugin.py"))).contains("def " + name + "(");
		return name;
	}

	private Path file(String name) {
		try (Stream<Path> files = Files.find(this.root.resolve("src/test/java"), 10,
				(path, attributes) -> path.endsWith(name))) {
			return files.findFirst()
				.orElseThrow(() -> new AssertionError("expected: " + name + " in src/test/java, got: none"));
		}
		catch (IOException ex) {
			throw new AssertionError(ex);
		}
	}

	private String page() {
		return text(this.root.resolve("docs").resolve(PAGE));
	}

	private static String text(Path file) {
		try {
			return Files.readString(file);
		}
		catch (IOException ex) {
			throw new AssertionError(ex);
		}
	}

}
