package org.hkpgateway.process;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.OptionalInt;
import java.util.concurrent.TimeUnit;

import org.hkpgateway.plugin.PluginEndpoint;
import org.jspecify.annotations.Nullable;

/**
 * One process of a plugin on trial. Whoever started it has to {@link #close()} it.
 */
public final class TrialProcess implements AutoCloseable {

	private static final Duration LAST_WAIT = Duration.ofSeconds(2);

	private static final Duration POLL = Duration.ofMillis(10);

	/** How long a plugin may shake hands before it listens, as for the gateway. */
	private static final Duration SOCKET_WAIT = Duration.ofSeconds(2);

	private final Process process;

	private final ProcessTree tree;

	private final MarkedProcesses marked;

	private final HandshakeTerms terms;

	private final PluginEndpoint.@Nullable Tcp address;

	private final Path sockets;

	private final CapturedOutput out;

	private final CapturedOutput err;

	private final Runnable cleanup;

	TrialProcess(Process process, ProcessTree tree, MarkedProcesses marked, HandshakeTerms terms,
			PluginEndpoint.@Nullable Tcp address, Path sockets, Runnable cleanup) {
		this.process = process;
		this.tree = tree;
		this.marked = marked;
		this.terms = terms;
		this.address = address;
		this.sockets = sockets;
		this.cleanup = cleanup;
		this.out = new CapturedOutput(process.getInputStream(), "trial-stdout");
		this.err = new CapturedOutput(process.getErrorStream(), "trial-stderr");
	}

	/**
	 * Its process id.
	 * @return of the plugin itself, not of what it is wrapped in
	 */
	public long pid() {
		return this.tree.plugin().pid();
	}

	/**
	 * The private directory for its socket.
	 * @return as in {@code PLUGIN_UNIX_SOCKET_DIR}
	 */
	public Path sockets() {
		return this.sockets;
	}

	public CapturedOutput out() {
		return this.out;
	}

	public CapturedOutput err() {
		return this.err;
	}

	public boolean isAlive() {
		return this.process.isAlive();
	}

	/**
	 * Waits until it has said where it listens and does, as the gateway would.
	 * @param timeout the longest to wait for the line
	 * @return what came of it
	 * @throws InterruptedException if the thread is interrupted
	 */
	public TrialHandshake awaitHandshake(Duration timeout) throws InterruptedException {
		if (this.address != null) {
			return awaitPort(this.address, timeout);
		}
		boolean complete = this.out.awaitLine(timeout);
		String line = this.out.text().lines().filter((each) -> !each.isBlank()).findFirst().orElse(null);
		if (!complete || line == null) {
			return TrialHandshake.none(line, missing(line, timeout));
		}
		TrialHandshake handshake = TrialHandshake.read(line, this.terms);
		return (handshake.endpoint() instanceof PluginEndpoint.Unix unix) ? withSocket(handshake, unix.path())
				: handshake;
	}

	private String missing(@Nullable String line, Duration timeout) throws InterruptedException {
		String got = LaunchFailure.unfinished((line != null) ? line : "");
		OptionalInt code = awaitExit(Duration.ofMillis(250));
		return code.isPresent()
				? "expected: a line on stdout, got: " + got + ", and then "
						+ new ExitStatus(code.getAsInt(), List.of()).describe()
				: "expected: a line on stdout within " + LaunchFailure.words(timeout) + ", got: " + got;
	}

	private TrialHandshake withSocket(TrialHandshake handshake, Path socket) throws InterruptedException {
		if (Files.exists(socket)) {
			return handshake;
		}
		long deadline = System.nanoTime() + SOCKET_WAIT.toNanos();
		while (!Files.exists(socket) && isAlive() && System.nanoTime() - deadline < 0) {
			TimeUnit.NANOSECONDS.sleep(POLL.toNanos());
		}
		return handshake.withoutSocket();
	}

	private TrialHandshake awaitPort(PluginEndpoint.Tcp told, Duration timeout) throws InterruptedException {
		long deadline = System.nanoTime() + timeout.toNanos();
		while (isAlive() && System.nanoTime() - deadline < 0) {
			PluginEndpoint.Tcp accepting = LoopbackPort.accepting(told).orElse(null);
			if (accepting != null) {
				return new TrialHandshake("", 1, accepting, null, TrialHandshake.Fault.NONE, "", true);
			}
			TimeUnit.NANOSECONDS.sleep(POLL.toNanos());
		}
		return TrialHandshake.none(null, "expected: connections accepted at " + told + " (PLUGIN_GRPC_ADDRESS), got: "
				+ (isAlive() ? "none within " + LaunchFailure.words(timeout) : "an exit"));
	}

	/** Ends its stdin, as the death of the gateway does. */
	public void closeInput() {
		try (OutputStream input = this.process.getOutputStream()) {
			input.flush();
		}
		catch (IOException ex) {
			// It has ended already.
		}
	}

	/** SIGTERM for the plugin itself. */
	public void terminate() {
		this.tree.plugin().destroy();
	}

	/**
	 * Waits for its exit, and then a moment for the rest of its output.
	 * @param timeout the longest to wait
	 * @return its exit code, above 128 by signal; empty if it still runs
	 * @throws InterruptedException if the thread is interrupted
	 */
	public OptionalInt awaitExit(Duration timeout) throws InterruptedException {
		if (!this.process.waitFor(timeout.toNanos(), TimeUnit.NANOSECONDS)) {
			return OptionalInt.empty();
		}
		Duration rest = Duration.ofMillis(500);
		this.out.awaitEnd(rest);
		this.err.awaitEnd(rest);
		return OptionalInt.of(this.process.exitValue());
	}

	/**
	 * The other processes of this launch that run now, whoever their parent is.
	 * @return process ids; none where the system does not tell
	 */
	public List<Long> others() {
		return this.marked.find()
			.stream()
			.map((found) -> found.process().pid())
			.filter((pid) -> pid != this.process.pid() && pid != pid())
			.sorted()
			.toList();
	}

	/**
	 * What stands in its socket directory now, other than the directory for temporary
	 * files.
	 * @return names
	 */
	public List<String> leftInSockets() {
		try (var entries = Files.list(this.sockets)) {
			return entries.filter((entry) -> !Files.isDirectory(entry, LinkOption.NOFOLLOW_LINKS))
				.map((entry) -> String.valueOf(entry.getFileName()))
				.sorted()
				.toList();
		}
		catch (IOException ex) {
			return List.of();
		}
	}

	/**
	 * Kills what there is of it and removes its directories. Blocks for two seconds at
	 * most.
	 */
	@Override
	public void close() {
		this.tree.kill();
		try {
			if (this.process.waitFor(LAST_WAIT.toMillis(), TimeUnit.MILLISECONDS)) {
				this.out.awaitEnd(POLL);
				this.err.awaitEnd(POLL);
			}
		}
		catch (InterruptedException ex) {
			Thread.currentThread().interrupt();
		}
		this.cleanup.run();
	}

}
