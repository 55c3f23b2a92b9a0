package org.hkpgateway.process;

import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;

import org.hkpgateway.plugin.PluginId;
import org.slf4j.event.Level;

/**
 * Makes log records of what a plugin prints when its output comes through a stream of its
 * own and not through the pipes of its process. The same rules hold as for pipes: lines
 * are understood, a flood is limited, a line without an end is shown after a second.
 * Thread-safe.
 */
public final class StreamedOutput {

	private static final Executor AFTER_A_SECOND = CompletableFuture.delayedExecutor(1, TimeUnit.SECONDS);

	private static final long SECOND = TimeUnit.SECONDS.toNanos(1);

	private final PluginOutput output;

	/** One entry for each plugin that ever printed: bounded by the plugins there are. */
	private final Map<PluginId, Lines> plugins = new ConcurrentHashMap<>();

	/**
	 * Nothing was printed yet.
	 * @param output where the records go
	 */
	public StreamedOutput(PluginOutput output) {
		this.output = output;
	}

	/**
	 * Takes some bytes, cut anywhere. Blocks as long as the output does.
	 * @param plugin who printed them
	 * @param error whether on standard error
	 * @param bytes what was printed
	 */
	public void accept(PluginId plugin, boolean error, byte[] bytes) {
		this.plugins.computeIfAbsent(plugin, Lines::new).accept(error, bytes);
	}

	/** Both streams of one plugin, which share one limit. */
	private final class Lines {

		private final PluginId plugin;

		private final OutputLimit limit = new OutputLimit(System::nanoTime);

		private final LineFramer out = framer(new LogLineParser());

		private final LineFramer err = framer(new LogLineParser());

		/** {@link System#nanoTime()} of the latest bytes. */
		private long latest;

		/** At most one for each plugin, however much it prints. */
		private boolean watched;

		Lines(PluginId plugin) {
			this.plugin = plugin;
		}

		private LineFramer framer(LogLineParser parser) {
			return new LineFramer((line) -> {
				if (this.limit.admit(line.length())) {
					emit(parser.parse(line));
				}
			});
		}

		synchronized void accept(boolean error, byte[] bytes) {
			(error ? this.err : this.out).accept(bytes, bytes.length);
			report(this.limit.takeSuppressed());
			this.latest = System.nanoTime();
			if (!this.watched) {
				this.watched = true;
				AFTER_A_SECOND.execute(this::rest);
			}
		}

		/** Whether nothing more came for a while. */
		private synchronized void rest() {
			if (System.nanoTime() - this.latest < SECOND) {
				AFTER_A_SECOND.execute(this::rest);
				return;
			}
			this.watched = false;
			this.out.flush();
			this.err.flush();
			report(this.limit.takeAllSuppressed());
		}

		private void report(long suppressed) {
			if (suppressed > 0) {
				emit(new OutputRecord(Level.WARN, OutputLimit.suppressed(suppressed), Map.of()));
			}
		}

		private void emit(OutputRecord line) {
			StreamedOutput.this.output.accept(this.plugin, line.level(), line.message(), line.fields());
		}

	}

}
