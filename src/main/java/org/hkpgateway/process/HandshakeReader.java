package org.hkpgateway.process;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

import org.hkpgateway.plugin.PluginEndpoint;

/**
 * Waits for the handshake of a process that was just started.
 */
final class HandshakeReader {

	/** A plugin should listen before it says so; this forgives a little disorder. */
	private static final Duration SOCKET_WAIT = Duration.ofSeconds(2);

	private static final Duration POLL = Duration.ofMillis(10);

	private static final int SOCKET_TYPE = 0140000;

	private static final int TYPE_MASK = 0170000;

	private final ChildProcess child;

	private final HandshakeTerms terms;

	private final Duration timeout;

	/**
	 * Creates a reader.
	 * @param child the process
	 * @param terms what it may answer
	 * @param timeout how long the launch may take, for messages
	 */
	HandshakeReader(ChildProcess child, HandshakeTerms terms, Duration timeout) {
		this.child = child;
		this.terms = terms;
		this.timeout = timeout;
	}

	/**
	 * Waits until the plugin has said where it listens and does.
	 * @param deadline in the time of {@link System#nanoTime()}
	 * @throws HandshakeException if it does not, or not as it should
	 */
	Handshake await(long deadline) throws InterruptedException {
		Optional<String> line = firstLine(deadline);
		if (line.isEmpty()) {
			throw new HandshakeException("exited before the handshake: expected: a line on stdout, got: "
					+ LaunchFailure.unfinished(this.child.output().unfinishedLine()));
		}
		Handshake handshake = Handshake.parse(line.get(), this.terms);
		if (handshake.endpoint() instanceof PluginEndpoint.Unix unix) {
			awaitSocket(unix.path(), Math.min(deadline, System.nanoTime() + SOCKET_WAIT.toNanos()));
		}
		return handshake;
	}

	/**
	 * Waits until a plugin that says nothing accepts connections where it was told to
	 * listen.
	 * @param address what it was told
	 * @param deadline in the time of {@link System#nanoTime()}
	 * @return which address of {@code localhost} it is
	 * @throws HandshakeException if it does not
	 */
	PluginEndpoint.Tcp awaitPort(PluginEndpoint.Tcp address, long deadline) throws InterruptedException {
		while (true) {
			Optional<PluginEndpoint.Tcp> accepting = LoopbackPort.accepting(address);
			// Asked afterwards: somebody else may have taken the port.
			pause("exited before it accepted connections on " + address.host() + ":" + address.port() + " ("
					+ PluginEnvironment.GRPC_ADDRESS + ")");
			if (accepting.isPresent()) {
				return accepting.get();
			}
			if (System.nanoTime() - deadline > 0) {
				throw new HandshakeException("no connection: expected: a plugin that accepts connections on "
						+ address.host() + ":" + address.port() + " (" + PluginEnvironment.GRPC_ADDRESS + ") within "
						+ LaunchFailure.words(this.timeout) + ", got: none; does it read that variable?");
			}
		}
	}

	private void pause(String ifExited) throws InterruptedException {
		if (this.child.exitsWithin(POLL)) {
			throw new HandshakeException(ifExited);
		}
		if (Thread.interrupted()) {
			throw new InterruptedException();
		}
	}

	private Optional<String> firstLine(long deadline) throws InterruptedException {
		try {
			return this.child.output().firstLine().get(deadline - System.nanoTime(), TimeUnit.NANOSECONDS);
		}
		catch (TimeoutException ex) {
			throw new HandshakeException(LaunchFailure.noLine(this.timeout, this.child.output().unfinishedLine()));
		}
		catch (ExecutionException ex) {
			throw new IllegalStateException(ex);
		}
	}

	private void awaitSocket(Path socket, long deadline) throws InterruptedException {
		while (!isSocket(socket)) {
			pause("exited right after the handshake");
			if (System.nanoTime() - deadline > 0) {
				throw new HandshakeException("address: expected: a socket that the plugin listens on, got: "
						+ Printable.escape(socket.toString()) + ", which "
						+ (Files.exists(socket) ? "is no socket" : "does not exist"));
			}
		}
	}

	private static boolean isSocket(Path path) {
		try {
			if (!path.getFileSystem().supportedFileAttributeViews().contains("unix")) {
				return Files.exists(path);
			}
			int mode = (Integer) Files.getAttribute(path, "unix:mode", LinkOption.NOFOLLOW_LINKS);
			return (mode & TYPE_MASK) == SOCKET_TYPE;
		}
		catch (IOException ex) {
			return false;
		}
	}

}
