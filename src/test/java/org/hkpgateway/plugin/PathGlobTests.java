package org.hkpgateway.plugin;

import java.time.Duration;
import java.util.List;
import java.util.Random;
import java.util.stream.Collectors;
import java.util.stream.Stream;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;

/**
 * Tests for {@link PathGlob}.
 */
class PathGlobTests {

	@ParameterizedTest
	@CsvSource({ "/, /", "/pks/lookup, /pks/lookup", "/pks/*, /pks/lookup", "/pks/*, /pks/", "/*/lookup, /pks/lookup",
			"/*, /index.html", "/*.html, /index.html", "/*.html, /.html", "/a*c, /abc", "/a*c, /ac", "/a*b*c, /aXbYbZc",
			"/*a*a*, /banana", "/*ab, /aab", "/pks/**, /pks", "/pks/**, /pks/", "/pks/**, /pks/v2/certs/x", "/**, /",
			"/**, /any/thing/", "/**/certs, /certs", "/**/certs, /pks/v2/certs", "/**/certs, /certs/certs",
			"/pks/**/a, /pks/a", "/pks/**/a, /pks/x/y/a", "/a/**/b/**/c, /a/b/c", "/a/**/b/**/c, /a/x/b/y/b/z/c",
			"/**/a/b, /a/a/b", "/**/a/*/**, /a/", "/**/*.css, /css/x.css", "/**/**, /a", "/a//b, /a//b", "/*/b, //b",
			"/w\u00fcrzburg/*, /w\u00fcrzburg/x", "/a b, /a b", "/$(x)+|^, /$(x)+|^" })
	void matches(String glob, String path) {
		assertThat(PathGlob.parse(glob).matches(path)).isTrue();
	}

	@ParameterizedTest
	@CsvSource({ "/, /a", "/pks/lookup, /pks/lookup/", "/pks/lookup, /pks/look", "/pks/lookup, /pks/lookups",
			"/pks/lookup, /pks/Lookup", "/pks/lookup, /x/pks/lookup", "/pks/*, /pks", "/pks/*, /pks/v2/certs",
			"/*.html, /index.htm", "/*.html, /a/index.html", "/a*c, /abd", "/a*b*c, /acb", "/pks/**, /pksx",
			"/pks/**, /x/pks", "/**/certs, /certs/x", "/**/certs, /xcerts", "/a/**/b, /a/b/c", "/a/**/b/**/c, /a/c/b",
			"/a/*/b, /a/b", "/a/b, /a//b", "/a.c, /abc", "/$(x)+|^, /x", "/**, ''", "/**, a", "/*, *" })
	void doesNotMatch(String glob, String path) {
		assertThat(PathGlob.parse(glob).matches(path)).isFalse();
	}

	/**
	 * A regular expression says the same, and may take its time over such short paths.
	 */
	@Test
	void agreesWithARegularExpression() {
		Random random = new Random(4711);
		int matches = 0;
		for (int i = 0; i < 20_000; i++) {
			String glob = text(random, List.of("/**", "/*", "/", "*a", "a", "b")).replaceAll("\\*{3,}|\\*\\*(?=[^/])",
					"b");
			String path = text(random, List.of("/", "a", "b", "ab", "//"));
			boolean expected = path.matches(regularExpression(glob));
			matches += expected ? 1 : 0;
			assertThat(PathGlob.parse(glob).matches(path)).as("%s and %s", glob, path).isEqualTo(expected);
		}
		assertThat(matches).isBetween(1000, 19_000);
	}

	private static String text(Random random, List<String> pieces) {
		StringBuilder text = new StringBuilder("/");
		int length = random.nextInt(8);
		for (int i = 0; i < length; i++) {
			text.append(pieces.get(random.nextInt(pieces.size())));
		}
		return text.toString();
	}

	private static String regularExpression(String glob) {
		return Stream.of(glob.substring(1).split("/", -1))
			.map((segment) -> segment.equals("**") ? "(?:/[^/]*)*" : "/" + segment.replace("*", "[^/]*"))
			.collect(Collectors.joining());
	}

	@ParameterizedTest
	@ValueSource(strings = { "", "pks/lookup", "*", "**", "/a**", "/**a", "/a/***", "/pks/lookup?op=get", "/a#b",
			"/%70ks", "/{id}", "/[ab]", "/a\\b", "/a\nb", "/a\u0000", "https://keys.example/" })
	void refusesWhatIsNoPatternOrLooksLikeAnother(String text) {
		assertThatIllegalArgumentException().isThrownBy(() -> PathGlob.parse(text))
			.withMessageStartingWith("expected: a path of at most 256 characters, for example /pks/v2/**, ")
			.withMessageEndingWith(", got: " + text);
	}

	@Test
	void aPatternHasALongestLength() {
		assertThat(PathGlob.parse("/" + "a".repeat(255)).matches("/" + "a".repeat(255))).isTrue();
		assertThatIllegalArgumentException().isThrownBy(() -> PathGlob.parse("/" + "a".repeat(256)));
	}

	/** Naive backtracking would not end in this century. */
	@ParameterizedTest
	@CsvSource({ "/**/*a, /a", "/*a, a", "/**/a, /a" })
	void workIsBoundedForAnyPath(String repeated, String piece) {
		String glob = repeated.repeat(256 / repeated.length() - 1) + "/b";
		String path = "/" + piece.repeat(16 * 1024 / piece.length());
		assertTimeoutPreemptively(Duration.ofSeconds(5),
				() -> assertThat(PathGlob.parse(glob).matches(path)).isFalse());
	}

	@Test
	void manyStarsInOneSegmentAreBoundedToo() {
		String glob = "/" + "*a".repeat(120) + "*b";
		String path = "/" + "a".repeat(16 * 1024);
		assertTimeoutPreemptively(Duration.ofSeconds(5),
				() -> assertThat(PathGlob.parse(glob).matches(path)).isFalse());
	}

	@Test
	void equalsOneOfTheSameText() {
		assertThat(PathGlob.parse("/a/*")).isEqualTo(PathGlob.parse("/a/*"))
			.hasSameHashCodeAs(PathGlob.parse("/a/*"))
			.isNotEqualTo(PathGlob.parse("/a/**"))
			.hasToString("/a/*");
	}

}
