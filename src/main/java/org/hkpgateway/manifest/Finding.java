package org.hkpgateway.manifest;

import java.nio.file.Path;
import java.util.Locale;

import org.hkpgateway.plugin.PluginId;

import org.jspecify.annotations.Nullable;

/**
 * Something an operator should know about a manifest or a plugin directory.
 *
 * @param severity whether it keeps the plugin out
 * @param plugin the plugin, null where its name is not known
 * @param file the manifest, the executable without one, the directory, or the
 * configuration key that is to blame
 * @param line 1 or more; 0 if no line is to blame
 * @param message what was expected, what was found and what to do
 */
public record Finding(Severity severity, @Nullable PluginId plugin, Path file, int line, String message) {

	public Finding {
		if (line < 0) {
			throw new IllegalArgumentException("line: expected: 0 or more, got: " + line);
		}
	}

	/**
	 * The same about a plugin that is disabled: no error keeps it out.
	 * @return this, with a warning in place of an error
	 */
	Finding ofDisabledPlugin() {
		return (this.severity != Severity.ERROR) ? this : new Finding(Severity.WARNING, this.plugin, this.file,
				this.line, this.message + "; it is disabled, and would be kept out if it were enabled");
	}

	/**
	 * The finding in one line, as compilers print theirs, control characters escaped.
	 * @return {@code file:line: severity: message}
	 */
	@Override
	public String toString() {
		String place = (this.line > 0) ? this.file + ":" + this.line : this.file.toString();
		return PlainText.of(place + ": " + this.severity.name().toLowerCase(Locale.ROOT) + ": " + this.message);
	}

	/** How much a finding matters. */
	public enum Severity {

		/** The plugin is kept out. */
		ERROR,
		/**
		 * The plugin is loaded, but not quite as its manifest or settings say; or it is
		 * disabled, and would be kept out if it were not.
		 */
		WARNING,
		/** Worth knowing. */
		NOTICE

	}

}
