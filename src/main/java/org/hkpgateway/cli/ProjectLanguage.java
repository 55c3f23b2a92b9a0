package org.hkpgateway.cli;

import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.Stream;

import org.hkpgateway.manifest.PlainText;

/**
 * What {@code plugins new} can write a project in. The commands are those of the
 * template's README; {@code dist} is the plugin directory that they make.
 */
enum ProjectLanguage {

	/** A module with the SDK's sources beside it. */
	GO("go test ./...\n./build.sh", "internal/handler.go"),

	/** A Maven project with the SDK in a repository of its own. */
	JAVA("mvn -B package", "src/main/java/com/example/hkp_template/HkpTemplatePlugin.java"),

	/** A package with the SDK's sources beside it. */
	PYTHON("./build.sh test\n./build.sh", "hkp_template/plugin.py");

	private final String steps;

	private final String rule;

	ProjectLanguage(String steps, String rule) {
		this.steps = steps;
		this.rule = rule;
	}

	/**
	 * Finds a language by the value of {@code --lang}.
	 * @param label for example {@code go}
	 * @return the language
	 * @throws UsageException if there is none of this name
	 */
	static ProjectLanguage of(String label) throws UsageException {
		return Arrays.stream(values())
			.filter((language) -> language.label().equals(label))
			.findFirst()
			.orElseThrow(() -> new UsageException(
					"--lang: expected: " + choices() + ", got: '" + PlainText.of(label) + "'"));
	}

	/** All of them, for a message. */
	static String choices() {
		return Arrays.stream(values()).map(ProjectLanguage::label).collect(Collectors.joining(", "));
	}

	String label() {
		return name().toLowerCase(Locale.ROOT);
	}

	/**
	 * Commands of a shell in the project's directory that test it and make {@code dist}.
	 */
	List<String> steps() {
		return this.steps.lines().toList();
	}

	/** The file to change first. */
	String rule() {
		return this.rule;
	}

	/**
	 * What a package of this name would stand for.
	 * @param snake the name
	 * @return empty if it is free
	 */
	Optional<String> meaningOf(String snake) {
		return taken().filter((names) -> names.names().contains(snake)).map(TakenNames::meaning).findFirst();
	}

	private Stream<TakenNames> taken() {
		return switch (this) {
			case GO -> Stream.of(TakenNames.OF_THE_GO_COMMAND, TakenNames.IN_THE_GO_PROJECT);
			case JAVA -> Stream.of(TakenNames.JAVA_KEYWORDS, TakenNames.IN_THE_JAVA_SDK);
			case PYTHON -> Stream.of(TakenNames.PYTHON_KEYWORDS, TakenNames.PYTHON_MODULES, TakenNames.PYTHON_PACKAGES,
					TakenNames.IN_THE_PYTHON_PROJECT);
		};
	}

}
