package org.hkpgateway.actuate.console;

import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

import org.hkpgateway.lifecycle.PluginState;
import org.hkpgateway.lifecycle.Transition;
import org.hkpgateway.plugin.PluginId;
import org.junit.jupiter.api.Test;
import org.slf4j.event.Level;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link PluginLines}.
 */
class PluginLinesTests {

	private static final PluginId PLUGIN = new PluginId("a");

	private final List<String> logged = new ArrayList<>();

	private final PluginLines lines = new PluginLines(
			(plugin, level, message, fields) -> this.logged.add(level + " " + message + fields));

	@Test
	void linesAreKeptAsTheLogShowsThemAndLogged() {
		this.lines.accept(PLUGIN, Level.WARN, "full", Map.of("keys", "3"));
		assertThat(texts()).containsExactly("a warn full: keys=3");
		assertThat(this.logged).containsExactly("WARN full{keys=3}");
	}

	@Test
	void chatterIsLoggedOnly() {
		this.lines.accept(PLUGIN, Level.DEBUG, "hm", Map.of());
		assertThat(texts()).isEmpty();
		assertThat(this.logged).hasSize(1);
	}

	@Test
	void movesStandAmongTheLines() {
		this.lines
			.onTransition(new Transition(PLUGIN, PluginState.READY, PluginState.BACKOFF, "died\nof it", Instant.EPOCH));
		assertThat(texts()).containsExactly("a state READY -> BACKOFF: died of it");
	}

	@Test
	void aLineIsBounded() {
		this.lines.accept(PLUGIN, Level.INFO, "x".repeat(60_000), Map.of());
		assertThat(this.lines.after(0).items().get(0).text()).hasSize(PluginLines.MOST_BYTES);
	}

	private List<String> texts() {
		return this.lines.after(0)
			.items()
			.stream()
			.map((line) -> line.plugin() + " " + line.kind() + " " + line.text())
			.toList();
	}

}
