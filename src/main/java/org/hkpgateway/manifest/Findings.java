package org.hkpgateway.manifest;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

import org.hkpgateway.plugin.PluginId;

import org.jspecify.annotations.Nullable;

/**
 * Collects what is found in one file. Not thread-safe.
 */
final class Findings {

	/** A generated manifest with an error in each line would otherwise fill the log. */
	private static final int MOST = 50;

	private final Path file;

	private final List<Finding> all = new ArrayList<>();

	private @Nullable PluginId plugin;

	private boolean failed;

	Findings(Path file) {
		this.file = file;
	}

	Path file() {
		return this.file;
	}

	/** Findings from now on name this plugin. */
	void about(PluginId plugin) {
		this.plugin = plugin;
	}

	void error(int line, String message) {
		this.failed = true;
		add(Finding.Severity.ERROR, line, message);
	}

	void warning(int line, String message) {
		add(Finding.Severity.WARNING, line, message);
	}

	void notice(int line, String message) {
		add(Finding.Severity.NOTICE, line, message);
	}

	/** Whether there was an error. */
	boolean failed() {
		return this.failed;
	}

	List<Finding> all() {
		return this.all;
	}

	private void add(Finding.Severity severity, int line, String message) {
		if (this.all.size() < MOST) {
			this.all.add(new Finding(severity, this.plugin, this.file, line, message));
		}
	}

}
