package org.hkpgateway.process;

import java.io.Closeable;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;

import org.hkpgateway.plugin.PluginId;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A plugin's process as a child of the gateway, whether or not it has shaken hands.
 * Thread-safe: every step of the end may be done twice.
 */
final class ChildProcess {

	private static final Logger log = LoggerFactory.getLogger(ChildProcess.class);

	private static final Duration LAST_WAIT = Duration.ofSeconds(2);

	private static final int KILLED = 128 + 9;

	private final PluginId plugin;

	private final Process process;

	private final ProcessTree tree;

	private final OutputPump pump;

	private final Thread pumping;

	private final Consumer<ChildProcess> cleanup;

	private final CompletableFuture<ExitStatus> exit;

	/**
	 * Takes charge of a process that was just started.
	 * @param plugin its plugin
	 * @param process the process
	 * @param tree the same with its descendants
	 * @param output where its lines go
	 * @param cleanup what to do once it has ended; may be called more than once
	 */
	ChildProcess(PluginId plugin, Process process, ProcessTree tree, PluginOutput output,
			Consumer<ChildProcess> cleanup) {
		this.plugin = plugin;
		this.process = process;
		this.tree = tree;
		this.cleanup = cleanup;
		this.pump = new OutputPump(plugin, process.getInputStream(), process.getErrorStream(), () -> !process.isAlive(),
				output, System::nanoTime);
		this.pumping = new Thread(this.pump, "hkp-plugin-output-" + plugin);
		this.pumping.setDaemon(true);
		this.exit = this.pump.finished().thenApply((nothing) -> status());
	}

	/** Takes all lines on stdout for ordinary output. To be called before the start. */
	void expectNoHandshake() {
		this.pump.expectNoHandshake();
	}

	/** Begins to read its output and to watch for its exit. */
	void start() {
		this.pumping.start();
		CompletableFuture<Void> unused = this.process.onExit().thenRun(() -> {
			LockSupport.unpark(this.pumping);
			// Should the output's sink block, the exit is news all the same.
			this.pump.finished().completeOnTimeout(null, LAST_WAIT.toMillis(), TimeUnit.MILLISECONDS);
		});
	}

	OutputPump output() {
		return this.pump;
	}

	/** Of the plugin itself, not of what it is wrapped in. */
	long pid() {
		return this.tree.plugin().pid();
	}

	/** See {@link PluginProcess#onExit()}. */
	CompletableFuture<ExitStatus> onExit() {
		return this.exit.copy();
	}

	boolean isAlive() {
		return this.process.isAlive();
	}

	/** Waits for the process to exit; an interrupt ends the waiting and stays set. */
	boolean exitsWithin(Duration wait) {
		try {
			return this.process.waitFor(wait.toNanos(), TimeUnit.NANOSECONDS);
		}
		catch (InterruptedException ex) {
			Thread.currentThread().interrupt();
			return !this.process.isAlive();
		}
	}

	/** Kills the whole tree and does not wait for its exit. */
	void kill() {
		this.tree.kill();
	}

	/** See {@link PluginProcess#end(Duration, Duration)}. */
	ExitStatus end(Duration voluntary, Duration term) {
		this.tree.remember();
		if (!exitsWithin(voluntary) && term.toNanos() > 0) {
			this.tree.remember();
			// Process.destroy() would also close the pipes, and a plugin that then says
			// goodbye would die of SIGPIPE.
			this.tree.plugin().destroy();
			exitsWithin(term);
		}
		this.tree.kill();
		awaitEnd();
		List.<Closeable>of(this.process.getOutputStream(), this.process.getInputStream(), this.process.getErrorStream())
			.forEach(ChildProcess::closeQuietly);
		this.cleanup.accept(this);
		return status();
	}

	/** The end is near: whoever is interrupted waits for it all the same. */
	private void awaitEnd() {
		boolean interrupted = Thread.interrupted();
		long deadline = System.nanoTime() + LAST_WAIT.toNanos();
		if (!exitsWithin(LAST_WAIT)) {
			log.warn("Plugin {}: process {} has not ended after SIGKILL", this.plugin, this.process.pid());
		}
		awaitPump(deadline - System.nanoTime());
		if (interrupted) {
			Thread.currentThread().interrupt();
		}
	}

	private void awaitPump(long nanos) {
		try {
			if (Thread.currentThread() != this.pumping) {
				this.pumping.join(Math.max(1, TimeUnit.NANOSECONDS.toMillis(nanos)));
			}
		}
		catch (InterruptedException ex) {
			Thread.currentThread().interrupt();
		}
	}

	private static void closeQuietly(Closeable stream) {
		try {
			stream.close();
		}
		catch (IOException ex) {
			log.trace("A pipe of a plugin that has ended", ex);
		}
	}

	private ExitStatus status() {
		return new ExitStatus(this.process.isAlive() ? KILLED : this.process.exitValue(), this.pump.lastErrorLines());
	}

}
