package org.hkpgateway.actuate.console;

import java.time.Instant;
import java.util.Locale;
import java.util.Map;

import org.hkpgateway.lifecycle.StateListener;
import org.hkpgateway.lifecycle.Transition;
import org.hkpgateway.log.BoundedText;
import org.hkpgateway.plugin.PluginId;
import org.hkpgateway.process.PluginOutput;
import org.slf4j.event.Level;

/**
 * Keeps the latest lines of all plugins, and their moves from state to state among them,
 * for whoever looks next. Holds {@value #MOST} lines of {@value #MOST_BYTES} bytes.
 */
public final class PluginLines implements PluginOutput, StateListener {

	static final int MOST = 500;

	static final int MOST_BYTES = 1000;

	private final Ring<Line> lines = new Ring<>(MOST);

	private final PluginOutput log;

	/**
	 * Keeps what passes by.
	 * @param log gets all of it
	 */
	public PluginLines(PluginOutput log) {
		this.log = log;
	}

	@Override
	public void accept(PluginId plugin, Level level, String message, Map<String, String> fields) {
		// As in the log, where DEBUG is seldom shown: it would push out what matters.
		if (level.toInt() >= Level.INFO.toInt()) {
			add(Instant.now(), plugin, level.name(), PluginOutput.line(message, fields));
		}
		this.log.accept(plugin, level, message, fields);
	}

	@Override
	public void onTransition(Transition move) {
		String text = move.from() + " -> " + move.to();
		add(move.at(), move.plugin(), "STATE", move.reason().isEmpty() ? text : text + ": " + move.reason());
	}

	private void add(Instant at, PluginId plugin, String kind, String text) {
		this.lines
			.add(new Line(at, plugin.name(), kind.toLowerCase(Locale.ROOT), BoundedText.oneLine(text, MOST_BYTES)));
	}

	Ring.Later<Line> after(long number) {
		return this.lines.after(number);
	}

	/**
	 * One line.
	 *
	 * @param at when it came
	 * @param plugin whose
	 * @param kind its level, or {@code state} for a move
	 * @param text what it says
	 */
	record Line(Instant at, String plugin, String kind, String text) {
	}

}
