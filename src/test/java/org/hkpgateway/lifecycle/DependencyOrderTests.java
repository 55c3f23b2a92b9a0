package org.hkpgateway.lifecycle;

import java.util.List;

import org.hkpgateway.plugin.PluginId;
import org.hkpgateway.plugin.PluginSource;
import org.hkpgateway.plugin.PluginSpec;
import org.hkpgateway.plugin.TestSpec;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link DependencyOrder}.
 */
class DependencyOrderTests {

	@Test
	void withoutDependenciesItIsTheChainOrder() {
		DependencyOrder order = DependencyOrder.of(List.of(spec("c", 10), spec("b", 20), spec("a", 20)));
		assertThat(names(order.startable())).containsExactly("c", "a", "b");
		assertThat(names(order.stopping())).containsExactly("b", "a", "c");
		assertThat(order.unstartable()).isEmpty();
	}

	@Test
	void dependenciesComeFirstAndStopLast() {
		DependencyOrder order = DependencyOrder
			.of(List.of(spec("a", 10, "c"), spec("b", 20), spec("c", 30, "d"), spec("d", 40)));
		assertThat(names(order.startable())).containsExactly("b", "d", "c", "a");
		assertThat(names(order.stopping())).containsExactly("b", "a", "c", "d");
	}

	@Test
	void missingDependencyIsExplained() {
		DependencyOrder order = DependencyOrder.of(List.of(spec("a", 10, "x"), spec("b", 20)));
		assertThat(names(order.startable())).containsExactly("b");
		assertThat(order.unstartable().get(new PluginId("a"))).isEqualTo("depends on x, expected: installed and "
				+ "enabled, got: no such plugin; install it, enable it or remove it from dependencies");
	}

	@Test
	void circleIsExplainedToEachMember() {
		DependencyOrder order = DependencyOrder
			.of(List.of(spec("a", 10, "b"), spec("b", 20, "c"), spec("c", 30, "a"), spec("self", 40, "self")));
		assertThat(order.startable()).isEmpty();
		assertThat(order.unstartable().get(new PluginId("b")))
			.isEqualTo("dependencies form a circle: b -> c -> a -> b; remove one of them");
		assertThat(order.unstartable().get(new PluginId("self"))).contains("circle: self -> self");
	}

	@Test
	void dependentOfAnUnstartableOneIsUnstartable() {
		DependencyOrder order = DependencyOrder.of(List.of(spec("a", 10, "ok", "b"), spec("b", 20, "x"),
				spec("c", 30, "d"), spec("d", 40, "d"), spec("ok", 50)));
		assertThat(order.unstartable().get(new PluginId("a"))).isEqualTo("depends on ok, b, of which b cannot start");
		assertThat(order.unstartable().get(new PluginId("c"))).isEqualTo("depends on d, of which d cannot start");
	}

	@Test
	void onePluginThatIsMissingAndItsDependentsAreUnstartable() {
		PluginSpec missing = TestSpec.named("a").source(new PluginSource.Missing("nobody installed it")).build();
		DependencyOrder order = DependencyOrder.of(List.of(missing, spec("b", 20, "a"), spec("c", 30)));
		assertThat(names(order.startable())).containsExactly("c");
		assertThat(order.unstartable()).containsEntry(new PluginId("a"), "nobody installed it")
			.containsEntry(new PluginId("b"), "depends on a, of which a cannot start");
	}

	private static PluginSpec spec(String name, int order, String... dependencies) {
		return FakePlugins.spec(name, order, false, dependencies);
	}

	private static List<String> names(List<PluginSpec> specs) {
		return specs.stream().map((spec) -> spec.id().name()).toList();
	}

}
