package org.hkpgateway.process;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

class LineFramerTests {

	private final List<String> lines = new ArrayList<>();

	private final LineFramer framer = new LineFramer(this.lines::add);

	@Test
	void linesAreFoundHoweverTheBytesArrive() {
		for (byte each : "one\ntwo\r\n\nthree".getBytes(StandardCharsets.UTF_8)) {
			this.framer.accept(new byte[] { each }, 1);
		}
		assertThat(this.lines).containsExactly("one", "two", "");
		assertThat(this.framer.partial()).isEqualTo("three");
	}

	@Test
	void severalLinesAtOnce() {
		accept("a\nb\nc\n");
		assertThat(this.lines).containsExactly("a", "b", "c");
		assertThat(this.framer.partial()).isEmpty();
	}

	@Test
	void onlyTheGivenLengthCounts() {
		this.framer.accept("ab\ncd\n".getBytes(StandardCharsets.UTF_8), 4);
		assertThat(this.lines).containsExactly("ab");
		assertThat(this.framer.partial()).isEqualTo("c");
	}

	@Test
	void flushEndsALineThatHasBegun() {
		this.framer.flush();
		accept("half");
		this.framer.flush();
		this.framer.flush();
		accept(" and half\n");
		assertThat(this.lines).containsExactly("half", " and half");
	}

	@Test
	void aCharacterSplitBetweenReadsIsOne() {
		byte[] key = "鍵\n".getBytes(StandardCharsets.UTF_8);
		this.framer.accept(key, 1);
		this.framer.accept(new byte[] { key[1], key[2], key[3] }, 3);
		assertThat(this.lines).containsExactly("鍵");
	}

	@Test
	void malformedBytesAreReplaced() {
		this.framer.accept(new byte[] { 'a', (byte) 0xff, 'b', '\n' }, 4);
		assertThat(this.lines).containsExactly("a\ufffdb");
	}

	@Test
	void aLineOf64KiBIsWhole() {
		String line = "x".repeat(64 * 1024);
		accept(line + "\nnext\n");
		assertThat(this.lines).containsExactly(line, "next");
	}

	@Test
	void aLongerLineIsCutMarkedAndItsRestSkipped() {
		accept("x".repeat(64 * 1024 + 1));
		assertThat(this.lines).containsExactly("x".repeat(64 * 1024) + " [cut after 64 KiB]");
		accept("y".repeat(1_000_000));
		assertThat(this.framer.partial()).isEmpty();
		accept("\nnext\n");
		assertThat(this.lines).hasSize(2).last().isEqualTo("next");
	}

	private void accept(String text) {
		byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
		this.framer.accept(bytes, bytes.length);
	}

}
