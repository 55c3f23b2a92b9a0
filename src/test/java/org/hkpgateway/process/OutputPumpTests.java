package org.hkpgateway.process;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.atomic.AtomicLong;

import org.hkpgateway.plugin.PluginId;
import org.junit.jupiter.api.Test;
import org.slf4j.event.Level;

import static org.assertj.core.api.Assertions.assertThat;

class OutputPumpTests {

	private static final PluginId ID = new PluginId("x");

	private final RecordedOutput output = new RecordedOutput();

	private final AtomicLong now = new AtomicLong();

	@Test
	void firstLineIsTheHandshakeAndTheRestIsLogged() {
		OutputPump pump = run("1|1|unix|/s|grpc\nhello\n", "[WARN] careful\nlast words");
		assertThat(pump.firstLine().join()).contains("1|1|unix|/s|grpc");
		assertThat(pump.finished()).isCompleted();
		assertThat(pump.lastErrorLines()).containsExactly("[WARN] careful", "last words");
		assertThat(this.output.lines()).containsExactlyInAnyOrder("INFO hello", "WARN careful", "INFO last words");
	}

	@Test
	void blankLinesBeforeTheHandshakeAreLogged() {
		OutputPump pump = run("\n \nhandshake\n", "");
		assertThat(pump.firstLine().join()).contains("handshake");
		assertThat(this.output.lines()).containsExactly("INFO ", "INFO  ");
	}

	@Test
	void halfALineIsNoHandshake() {
		OutputPump pump = run("1|1|unix|/s|grpc", "");
		assertThat(pump.firstLine().join()).isEmpty();
		assertThat(pump.unfinishedLine()).isEqualTo("1|1|unix|/s|grpc");
		assertThat(this.output.lines()).containsExactly("INFO 1|1|unix|/s|grpc");
	}

	@Test
	void aSinkThatFailsDoesNotStopTheReading() {
		OutputPump pump = new OutputPump(ID, stream("h\n"), stream("a\nb\n"), () -> true,
				(plugin, level, text, fields) -> {
					throw new IllegalStateException("disk full");
				}, this.now::get);
		pump.run();
		assertThat(pump.finished()).isCompleted();
		assertThat(pump.lastErrorLines()).contains("a", "b")
			.anyMatch((line) -> line.contains("the output sink failed"));
	}

	@Test
	void aLineWithoutAnEndIsShownAfterASecond() {
		// Each look at the pipes takes 300 ms; the process ends after ten of them.
		AtomicLong looks = new AtomicLong();
		OutputPump pump = new OutputPump(ID, stream("h\n"), stream("Password: "), () -> {
			this.now.addAndGet(300_000_000);
			if (looks.incrementAndGet() == 10) {
				assertThat(this.output.lines()).containsExactly("INFO Password: ");
			}
			return looks.get() > 10;
		}, this.output, this.now::get);
		pump.run();
		assertThat(looks).hasValue(11);
		assertThat(this.output.lines()).containsExactly("INFO Password: ");
	}

	@Test
	void aFloodIsSuppressedAndCounted() {
		run("h\n", "x\n".repeat(5000));
		assertThat(this.output.lines()).hasSize(1001)
			.last()
			.isEqualTo("WARN 4000 lines of output suppressed: more than 200 KiB or lines a second");
	}

	@Test
	void aGrandchildThatWritesForEverDoesNotKeepThePumpFromEnding() {
		InputStream endless = new InputStream() {

			@Override
			public int available() {
				return 10;
			}

			@Override
			public int read() {
				return 'x';
			}

		};
		OutputPump pump = new OutputPump(ID, stream("h\n"), endless, () -> true, this.output,
				() -> this.now.addAndGet(10_000_000));
		pump.run();
		assertThat(pump.finished()).isCompleted();
	}

	@Test
	void aClosedPipeEndsTheReading() {
		InputStream closed = new InputStream() {

			@Override
			public int available() throws IOException {
				throw new IOException("Stream closed");
			}

			@Override
			public int read() {
				return -1;
			}

		};
		OutputPump pump = new OutputPump(ID, closed, closed, () -> true, this.output, this.now::get);
		pump.run();
		assertThat(pump.firstLine().join()).isEmpty();
		assertThat(pump.unfinishedLine()).isEmpty();
	}

	@Test
	void levelsReachTheOutput() {
		run("h\n", "{\"@level\":\"error\",\"@message\":\"m\",\"k\":\"v\"}\n");
		assertThat(this.output.records()).singleElement().satisfies((line) -> {
			assertThat(line.level()).isEqualTo(Level.ERROR);
			assertThat(line.fields()).containsEntry("k", "v");
		});
	}

	private OutputPump run(String out, String err) {
		OutputPump pump = new OutputPump(ID, stream(out), stream(err), () -> true, this.output, this.now::get);
		pump.run();
		return pump;
	}

	private static InputStream stream(String text) {
		return new ByteArrayInputStream(text.getBytes(StandardCharsets.UTF_8));
	}

}
