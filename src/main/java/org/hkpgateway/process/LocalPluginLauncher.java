package org.hkpgateway.process;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeoutException;

import org.hkpgateway.plugin.IsolationLevel;
import org.hkpgateway.plugin.IsolationReport;
import org.hkpgateway.plugin.PluginConnection;
import org.hkpgateway.plugin.PluginEndpoint;
import org.hkpgateway.plugin.PluginSource;
import org.hkpgateway.plugin.PluginSpec;
import org.hkpgateway.plugin.PluginStartException;

import org.slf4j.event.Level;

/**
 * Launches plugins as children of the gateway: clean environment, a private directory for
 * the socket of each launch, the plugin's own directory as working directory, and an open
 * pipe as stdin that ends when the gateway does.
 * <p>
 * {@code PLUGIN_DATA_DIR} is kept when a plugin is restarted. No plugin may count on
 * more: it goes with the gateway unless the runtime directory is configured.
 * <p>
 * Thread-safe; several plugins may be launched at the same time.
 */
public final class LocalPluginLauncher implements PluginLauncher {

	private final LaunchOptions options;

	private final ParentDeathSignal parentDeathSignal;

	private final RuntimeDirectory runtime;

	private final LaunchThread launchThread = new LaunchThread();

	private final Set<ChildProcess> children = ConcurrentHashMap.newKeySet();

	private volatile boolean closed;

	/**
	 * Creates a launcher with a thread of its own. Looks for a way to have plugins killed
	 * with the gateway, which may take a moment.
	 * @param options how to launch
	 * @throws IllegalArgumentException if the runtime directory cannot be used
	 * @throws java.io.UncheckedIOException if it cannot be made
	 */
	public LocalPluginLauncher(LaunchOptions options) {
		this.options = options;
		this.runtime = RuntimeDirectory.open(options.runtimeDirectory());
		this.parentDeathSignal = options.parentDeathSignal() ? ParentDeathSignal.detect(options.environment())
				: ParentDeathSignal.none();
	}

	/**
	 * Whether the kernel kills plugins when the gateway dies. If not, plugins learn of it
	 * only by the end of their stdin, which they have to read.
	 * @return true if it does
	 */
	public boolean parentDeathSignal() {
		return this.parentDeathSignal.available();
	}

	@Override
	public PluginProcess launch(PluginSpec spec, PluginConnection.Offer offer, Duration timeout) {
		if (!(spec.source() instanceof PluginSource.Launched source)) {
			throw new PluginStartException(spec.id(), "expected: a plugin to launch, got: " + spec.source());
		}
		long deadline = System.nanoTime() + timeout.toNanos();
		if (this.closed) {
			throw stopping(spec);
		}
		PluginEnvironment.LaunchDirectories directories = directories(spec);
		ChildProcess child;
		try {
			child = start(spec, source, offer, directories, timeout);
		}
		catch (RuntimeException ex) {
			this.runtime.remove(directories);
			throw ex;
		}
		try {
			PluginEndpoint.Unix endpoint = new HandshakeReader(child, timeout).await(deadline);
			warnOfPlace(spec, endpoint.path(), directories.sockets());
			return new LocalPluginProcess(child, endpoint,
					new IsolationReport(IsolationLevel.NONE, List.of(), false, ""));
		}
		catch (HandshakeException ex) {
			throw LaunchFailure.of(spec.id(), source.executable(), child, String.valueOf(ex.getMessage()));
		}
		catch (InterruptedException ex) {
			child.end(Duration.ZERO, Duration.ZERO);
			throw interrupted(spec);
		}
		catch (RuntimeException ex) {
			child.end(Duration.ZERO, Duration.ZERO);
			throw ex;
		}
	}

	private PluginEnvironment.LaunchDirectories directories(PluginSpec spec) {
		try {
			return this.runtime.create(spec.id());
		}
		catch (IOException ex) {
			throw new PluginStartException(spec.id(), "no directory for its socket: expected: a runtime directory "
					+ "that the gateway can write, got: " + ex, ex);
		}
	}

	private ChildProcess start(PluginSpec spec, PluginSource.Launched source, PluginConnection.Offer offer,
			PluginEnvironment.LaunchDirectories directories, Duration timeout) {
		List<String> command = new ArrayList<>(List.of(source.executable().toString()));
		command.addAll(source.arguments());
		ProcessBuilder builder = new ProcessBuilder(this.parentDeathSignal.wrap(command))
			.directory(source.directory().toFile());
		Map<String, String> environment = builder.environment();
		environment.clear();
		environment.putAll(PluginEnvironment.of(spec, this.options.environment(), directories));
		environment.putAll(offer.environment());
		try {
			return adopt(spec, this.launchThread.start(builder, timeout), directories);
		}
		catch (IOException ex) {
			throw new PluginStartException(spec.id(), "could not be executed: " + ex.getMessage() + "; executable: "
					+ ExecutableFile.describe(source.executable()), ex);
		}
		catch (TimeoutException ex) {
			throw new PluginStartException(spec.id(),
					"expected: a process within " + LaunchFailure.words(timeout) + ", got: none", ex);
		}
		catch (RejectedExecutionException ex) {
			throw stopping(spec);
		}
		catch (InterruptedException ex) {
			throw interrupted(spec);
		}
	}

	private ChildProcess adopt(PluginSpec spec, Process process, PluginEnvironment.LaunchDirectories directories) {
		ChildProcess child = new ChildProcess(spec.id(), process,
				new ProcessTree(process.toHandle(), directories.sockets()), this.options.output(), (ended) -> {
					this.runtime.remove(directories);
					this.children.remove(ended);
				});
		this.children.add(child);
		child.start();
		// Asked after adding: either close() sees the child, or the child sees it.
		if (this.closed) {
			child.end(Duration.ZERO, Duration.ZERO);
			throw stopping(spec);
		}
		return child;
	}

	private void warnOfPlace(PluginSpec spec, Path socket, Path directory) {
		if (!socket.normalize().startsWith(directory)) {
			this.options.output()
				.accept(spec.id(), Level.WARN,
						"listens outside of its private directory, where others may reach it and nobody removes it: "
								+ "expected: a socket in " + directory + ", got: "
								+ Printable.escape(socket.toString()),
						Map.of());
		}
	}

	private static PluginStartException stopping(PluginSpec spec) {
		return new PluginStartException(spec.id(), "not started: the gateway is stopping");
	}

	private static PluginStartException interrupted(PluginSpec spec) {
		Thread.currentThread().interrupt();
		return new PluginStartException(spec.id(), "the launch was interrupted: the gateway is stopping");
	}

	@Override
	public void close() {
		this.closed = true;
		this.children.forEach(ChildProcess::kill);
		this.children.forEach((child) -> child.end(Duration.ZERO, Duration.ZERO));
		this.launchThread.close();
		this.runtime.close();
	}

}
