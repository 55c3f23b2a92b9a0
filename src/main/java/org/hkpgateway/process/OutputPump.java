package org.hkpgateway.process;

import java.io.IOException;
import java.io.InputStream;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import java.util.function.LongSupplier;

import org.hkpgateway.plugin.PluginId;

import org.jspecify.annotations.Nullable;
import org.slf4j.event.Level;

/**
 * Reads both pipes of one plugin until it has exited, so that it never blocks on them.
 * <p>
 * It looks whether there is something to read and never waits inside a read: a read of a
 * pipe that a surviving grandchild holds open could not be ended, neither by an interrupt
 * nor by closing the stream.
 */
final class OutputPump implements Runnable {

	private static final long LONGEST_PAUSE = TimeUnit.MILLISECONDS.toNanos(25);

	/** A line without an end is shown after this long. */
	private static final long IDLE_LINE = TimeUnit.SECONDS.toNanos(1);

	/** How long after the exit a grandchild's output is still read. */
	private static final long DRAIN = TimeUnit.SECONDS.toNanos(1);

	private final PluginId plugin;

	private final BooleanSupplier exited;

	private final PluginOutput output;

	private final LongSupplier nanos;

	private final OutputLimit limit;

	private final ErrorTail tail = new ErrorTail();

	private final Pipe out;

	private final Pipe err;

	private final CompletableFuture<Optional<String>> firstLine = new CompletableFuture<>();

	private final CompletableFuture<Void> finished = new CompletableFuture<>();

	private volatile @Nullable String unfinishedAtEnd;

	OutputPump(PluginId plugin, InputStream out, InputStream err, BooleanSupplier exited, PluginOutput output,
			LongSupplier nanos) {
		this.plugin = plugin;
		this.exited = exited;
		this.output = output;
		this.nanos = nanos;
		this.limit = new OutputLimit(nanos);
		LogLineParser outParser = new LogLineParser();
		LogLineParser errParser = new LogLineParser();
		this.out = new Pipe(out, (line) -> acceptOut(line, outParser));
		this.err = new Pipe(err, (line) -> acceptErr(line, errParser));
	}

	/** Takes the first line on stdout for ordinary output too. */
	void expectNoHandshake() {
		this.firstLine.complete(Optional.empty());
	}

	/** Completes with the first line on stdout that is not blank, empty if none came. */
	CompletableFuture<Optional<String>> firstLine() {
		return this.firstLine;
	}

	/** What came on stdout behind the last end of a line, also once it has ended. */
	String unfinishedLine() {
		String atEnd = this.unfinishedAtEnd;
		return (atEnd != null) ? atEnd : this.out.framer.partial();
	}

	/** Completes when the plugin has exited and its output was read. */
	CompletableFuture<Void> finished() {
		return this.finished;
	}

	List<String> lastErrorLines() {
		return this.tail.lines();
	}

	@Override
	public void run() {
		try {
			pump();
			// Half a line is no handshake: it must not become one by being flushed.
			this.unfinishedAtEnd = this.out.framer.partial();
			this.firstLine.complete(Optional.empty());
			this.out.framer.flush();
			this.err.framer.flush();
			report(this.limit.takeAllSuppressed());
		}
		finally {
			this.firstLine.complete(Optional.empty());
			this.finished.complete(null);
		}
	}

	private void pump() {
		long pause = 1;
		long end = Long.MAX_VALUE;
		while (true) {
			// Asked before reading, so that what was written before the exit is read.
			boolean last = this.exited.getAsBoolean();
			long now = this.nanos.getAsLong();
			boolean outMoved = this.out.move(now);
			boolean moved = this.err.move(now) || outMoved;
			if (last) {
				end = (end == Long.MAX_VALUE) ? now + DRAIN : end;
				if (!moved || now - end > 0) {
					return;
				}
			}
			report(this.limit.takeSuppressed());
			pause = moved ? 1 : Math.min(LONGEST_PAUSE, pause * 2 + TimeUnit.MILLISECONDS.toNanos(1));
			if (!moved) {
				flushIdle(now);
				LockSupport.parkNanos(this, pause);
			}
		}
	}

	private void flushIdle(long now) {
		this.err.flushIfIdle(now);
		// The handshake is a whole line: half of it is not one, however late the rest.
		if (this.firstLine.isDone()) {
			this.out.flushIfIdle(now);
		}
	}

	private void acceptOut(String line, LogLineParser parser) {
		if (!this.firstLine.isDone() && !line.isBlank()) {
			this.firstLine.complete(Optional.of(line));
		}
		else {
			emit(line, parser);
		}
	}

	private void acceptErr(String line, LogLineParser parser) {
		this.tail.add(line);
		emit(line, parser);
	}

	private void emit(String line, LogLineParser parser) {
		if (this.limit.admit(line.length())) {
			emit(parser.parse(line));
		}
	}

	private void report(long suppressed) {
		if (suppressed > 0) {
			emit(new OutputRecord(Level.WARN, OutputLimit.suppressed(suppressed), Map.of()));
		}
	}

	private void emit(OutputRecord line) {
		try {
			this.output.accept(this.plugin, line.level(), line.message(), line.fields());
		}
		catch (RuntimeException ex) {
			// A fault of the log must not stop the reading, which would block the plugin.
			this.tail.add("(the output sink failed: " + ex + ")");
		}
	}

	/** One of the two pipes. */
	private static final class Pipe {

		private final InputStream stream;

		private final LineFramer framer;

		private final byte[] buffer = new byte[32 * 1024];

		private long lastByte;

		private boolean closed;

		Pipe(InputStream stream, Consumer<String> lines) {
			this.stream = stream;
			this.framer = new LineFramer(lines);
		}

		/** Reads what is there, up to a buffer full; false if nothing was. */
		boolean move(long now) {
			if (this.closed) {
				return false;
			}
			try {
				int available = this.stream.available();
				int count = (available > 0) ? this.stream.read(this.buffer, 0, Math.min(available, this.buffer.length))
						: 0;
				if (count <= 0) {
					return false;
				}
				this.lastByte = now;
				this.framer.accept(this.buffer, count);
				return true;
			}
			catch (IOException ex) {
				// Closed at the end of the plugin: there is nothing more to read.
				this.closed = true;
				return false;
			}
		}

		void flushIfIdle(long now) {
			if (now - this.lastByte > IDLE_LINE) {
				this.framer.flush();
			}
		}

	}

}
