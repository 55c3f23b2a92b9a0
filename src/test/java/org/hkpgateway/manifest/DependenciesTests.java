package org.hkpgateway.manifest;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

import org.hkpgateway.plugin.PluginId;
import org.hkpgateway.plugin.PluginSpec;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import static org.assertj.core.api.Assertions.assertThat;

class DependenciesTests {

	private PluginDirectories plugins;

	@BeforeEach
	void setUp(@TempDir Path root) throws IOException {
		this.plugins = new PluginDirectories(root);
	}

	@Test
	void metDependencies() {
		this.plugins.valid("a", "order = 3", "dependencies = [\"b\", \"c\", \"b\"]");
		this.plugins.valid("b", "order = 2", "dependencies = [\"c\"]");
		this.plugins.valid("c", "order = 1");
		assertThat(this.plugins.findings()).isEmpty();
		assertThat(this.plugins.scan().plugins().get(2).dependencies()).containsExactly(new PluginId("b"),
				new PluginId("c"));
	}

	@Test
	void missing() {
		this.plugins.valid("a", "dependencies = [", "  \"b\",", "  \"nope\"", "]");
		this.plugins.valid("b");
		assertThat(this.plugins.findings()).containsExactly("a/plugin.toml:8: error: plugin.dependencies: depends on "
				+ "'nope', which is in no plugin directory and not among hkp.plugins.remote");
		assertThat(names()).containsExactly("b");
	}

	@Test
	void disabled() {
		this.plugins.valid("a", "dependencies = [\"b\"]");
		this.plugins.valid("b");
		this.plugins.settings("b", PluginDiscoveryTests.settings(false, null, null, List.of(), Map.of()));
		assertThat(this.plugins.findings()).containsExactly("a/plugin.toml:6: error: plugin.dependencies: depends on "
				+ "'b', which is disabled by hkp.plugins.settings.b.enabled");
		assertThat(names()).isEmpty();
	}

	@Test
	void faultyAndSoOnDownTheLine() {
		this.plugins.valid("a", "dependencies = [\"b\"]");
		this.plugins.valid("b", "dependencies = [\"c\"]");
		this.plugins.valid("c", "order = true");
		assertThat(this.plugins.findings()).containsExactly(
				"a/plugin.toml:6: error: plugin.dependencies: depends on 'b', which is kept out by an error of its own",
				"b/plugin.toml:6: error: plugin.dependencies: depends on 'c', which is kept out by an error of its own",
				"c/plugin.toml:6: error: plugin.order: expected: an integer, got: a boolean (true)");
		assertThat(names()).isEmpty();
	}

	@Test
	void cycle() {
		this.plugins.valid("a", "dependencies = [\"b\"]");
		this.plugins.valid("b", "dependencies = [\"c\"]");
		this.plugins.valid("c", "dependencies = [\"a\"]");
		this.plugins.valid("d", "dependencies = [\"a\"]");
		this.plugins.valid("e");
		assertThat(this.plugins.findings()).containsExactly(
				"a/plugin.toml:6: error: plugin.dependencies: dependency cycle: a -> b -> c -> a",
				"b/plugin.toml:6: error: plugin.dependencies: dependency cycle: b -> c -> a -> b",
				"c/plugin.toml:6: error: plugin.dependencies: dependency cycle: c -> a -> b -> c",
				"d/plugin.toml:6: error: plugin.dependencies: depends on 'a', which is kept out by an error of its own");
		assertThat(names()).containsExactly("e");
	}

	@Test
	void itself() {
		this.plugins.valid("a", "dependencies = [\"a\"]");
		assertThat(this.plugins.findings())
			.containsExactly("a/plugin.toml:6: error: plugin.dependencies: dependency cycle: a -> a");
	}

	@Test
	void behindItsDependentInTheChain() {
		this.plugins.valid("a", "order = 20", "dependencies = [", "  \"b\",", "  \"c\",", "  \"b\"", "]");
		this.plugins.valid("b", "order = 30");
		this.plugins.valid("c", "order = 10");
		assertThat(this.plugins.findings()).containsExactly(
				"a/plugin.toml:8: warning: plugin.dependencies: expected: 'b' before 'a' in the chain, got: behind it, "
						+ "with order 30 after 20; lower hkp.plugins.settings.b.order or raise hkp.plugins.settings.a.order");
		assertThat(names()).containsExactly("c", "a", "b");
	}

	@Test
	void behindItByNameAlone() {
		this.plugins.valid("a", "dependencies = [\"b\"]");
		this.plugins.valid("b");
		this.plugins.valid("c", "dependencies = [\"b\"]");
		assertThat(this.plugins.findings()).containsExactly(
				"a/plugin.toml:6: warning: plugin.dependencies: expected: 'b' before 'a' in the chain, got: behind it by "
						+ "name, both with order 100; lower hkp.plugins.settings.b.order or raise "
						+ "hkp.plugins.settings.a.order");
	}

	@Test
	void theOperatorsOrderCounts() {
		this.plugins.valid("a", "order = 10", "dependencies = [\"b\"]");
		this.plugins.valid("b", "order = 20");
		this.plugins.settings("b", PluginDiscoveryTests.settings(true, 5, null, List.of(), Map.of()));
		assertThat(this.plugins.findings()).isEmpty();
		this.plugins.settings("a", PluginDiscoveryTests.settings(true, 4, null, List.of(), Map.of()));
		assertThat(this.plugins.findings()).singleElement().asString().contains("with order 5 after 4");
	}

	@Test
	void whoIsNotAskedAboutRequestsHasNoPlace() {
		this.plugins.valid("a", "order = 10", "dependencies = [\"b\"]");
		this.plugins.valid("b", "order = 20", "capabilities = [\"http.respond\"]");
		assertThat(this.plugins.findings()).isEmpty();
		this.plugins.valid("b", "order = 20");
		this.plugins.settings("a", PluginDiscoveryTests.settings(false, null, null, List.of(), Map.of()));
		assertThat(this.plugins.findings()).isEmpty();
	}

	private List<String> names() {
		return this.plugins.scan()
			.plugins()
			.stream()
			.filter(PluginSpec::enabled)
			.map((spec) -> spec.id().name())
			.toList();
	}

}
