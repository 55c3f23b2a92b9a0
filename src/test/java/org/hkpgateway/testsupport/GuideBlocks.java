package org.hkpgateway.testsupport;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What stands between fences in a page of {@code docs}, so that tests can do what the
 * page says.
 */
public final class GuideBlocks {

	private static final Pattern BLOCK = Pattern.compile("(?ms)^```(\\w+)(?: (\\S+))?\\n(.*?)^```$");

	private GuideBlocks() {
	}

	/**
	 * Reads a page.
	 * @param page its name in {@code docs}
	 * @return its blocks, in order
	 */
	public static List<Block> of(String page) throws IOException {
		Matcher matcher = BLOCK.matcher(Files.readString(GatewayProcess.root().resolve("docs").resolve(page)));
		List<Block> blocks = new ArrayList<>();
		while (matcher.find()) {
			blocks
				.add(new Block(matcher.group(1), (matcher.group(2) != null) ? matcher.group(2) : "", matcher.group(3)));
		}
		return blocks;
	}

	/**
	 * Finds a block.
	 * @param page its name in {@code docs}
	 * @param language behind the fence
	 * @param words that it holds
	 * @return its text
	 */
	public static String text(String page, String language, String words) throws IOException {
		return of(page).stream()
			.filter((block) -> block.language().equals(language) && block.text().contains(words))
			.map(Block::text)
			.findFirst()
			.orElseThrow(() -> new AssertionError(
					"expected: a block of " + language + " with '" + words + "' in docs/" + page + ", got: none"));
	}

	/**
	 * The commands of a page, in order. One that goes on behind a backslash is one.
	 * @param page its name in {@code docs}
	 * @param variant those that are for this alone, by the word behind {@code sh}, are
	 * among them, and those for others are not
	 * @return lines for a shell, with their comments
	 */
	public static List<String> commands(String page, String variant) throws IOException {
		return of(page).stream()
			.filter((block) -> block.language().equals("sh"))
			.filter((block) -> block.file().isEmpty() || block.file().equals(variant))
			.flatMap((block) -> block.text().replaceAll("\\\\\n\\s*", "").lines())
			.toList();
	}

	/**
	 * A block.
	 *
	 * @param language the word behind the fence
	 * @param file the word behind that, for a file of a project, or for what else the
	 * block alone is; may be empty
	 * @param text what it holds
	 */
	public record Block(String language, String file, String text) {

		/** Where a project has it. */
		public Path in(Path project) {
			return project.resolve(this.file);
		}

	}

}
