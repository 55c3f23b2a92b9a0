package org.hkpgateway.plugin;

import java.time.Duration;

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
