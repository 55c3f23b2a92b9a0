package org.hkpgateway.cli;

import java.util.Arrays;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

import org.hkpgateway.manifest.PlainText;
import org.hkpgateway.plugin.PluginId;

/**
 * The name of a plugin to be written, in the spellings that a template has: it becomes
 * the name of a program, a package and a class.
 *
 * @param name a valid name of a plugin that begins with a letter
 */
record ProjectName(String name) {

	private static final Pattern WORDS = Pattern.compile("[a-z][a-z0-9]*([-_][a-z0-9]+)*");

	/**
	 * Checks a name.
	 * @param name as it was given
	 * @param language whose rules it has to keep
	 * @return the name
	 * @throws UsageException if no project can have it
	 */
	static ProjectName of(String name, ProjectLanguage language) throws UsageException {
		String shown = "'" + PlainText.of(name) + "'";
		try {
			new PluginId(name);
		}
		catch (IllegalArgumentException ex) {
			throw new UsageException(PlainText.of(String.valueOf(ex.getMessage())));
		}
		if (!WORDS.matcher(name).matches()) {
			throw new UsageException("plugin name: expected: words of lower-case letters and digits with one '-' or "
					+ "'_' between them, the first beginning with a letter, because packages and classes are named "
					+ "after it, got: " + shown);
		}
		ProjectName checked = new ProjectName(name);
		Optional<String> meaning = language.meaningOf(checked.snake());
		if (meaning.isPresent()) {
			throw new UsageException("plugin name: expected: a name that means nothing else in a project in "
					+ language.label() + ", got: " + shown + ", " + meaning.get() + "; '" + name + "-guard' would do");
		}
		return checked;
	}

	/** With {@code _} between words. */
	String snake() {
		return this.name.replace('-', '_');
	}

	/** Words that begin with capitals. */
	String pascal() {
		return Arrays.stream(this.name.split("[-_]"))
			.map((word) -> Character.toUpperCase(word.charAt(0)) + word.substring(1))
			.collect(Collectors.joining());
	}

	/**
	 * Puts this name in the place of the template's.
	 * @param text contents of a file, or its path
	 * @return the text with this name
	 */
	String in(String text) {
		return text.replace("hkp-template", this.name)
			.replace("hkp_template", snake())
			.replace("HkpTemplate", pascal());
	}

}
