package org.hkpgateway.process;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeoutException;

import org.hkpgateway.plugin.HostAccess;
import org.hkpgateway.plugin.IsolationReport;
import org.hkpgateway.plugin.PluginConnection;
import org.hkpgateway.plugin.PluginEndpoint;
import org.hkpgateway.plugin.PluginSource;
import org.hkpgateway.plugin.PluginSpec;
import org.hkpgateway.plugin.PluginStartException;

import org.jspecify.annotations.Nullable;
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

	private final Isolation isolation;

	private final RuntimeDirectory runtime;

	private final @Nullable PluginUsers users;

	private final LaunchThread launchThread = new LaunchThread();

	private final Set<ChildProcess> children = ConcurrentHashMap.newKeySet();

	private volatile boolean closed;

	/**
	 * Creates a launcher with a thread of its own. Finds out how plugins can be isolated
	 * here, which may take a moment. Ends the processes that plugins of a gateway that
	 * was killed have left, and removes their directories; that blocks for some seconds
	 * at most.
	 * @param options how to launch
	 * @throws IllegalArgumentException if the runtime directory cannot be used, or
	 * another gateway uses it
	 * @throws java.io.UncheckedIOException if it cannot be made
	 */
	public LocalPluginLauncher(LaunchOptions options) {
		this.options = options;
		UidRange range = options.uidRange();
		this.isolation = new Isolation(options);
		this.runtime = RuntimeDirectory.open(options.runtimeDirectory(), range != null, this.isolation::asUser);
		this.users = (range != null) ? new PluginUsers(range, this.runtime.data()) : null;
	}

	/**
	 * Whether the kernel kills plugins when the gateway dies. If not, plugins learn of it
	 * only by the end of their stdin, which they have to read.
	 * @return true if it does
	 */
	public boolean parentDeathSignal() {
		return this.isolation.diesWithGateway();
	}

	@Override
	public PluginProcess launch(PluginSpec spec, PluginConnection.Offer offer, Duration timeout) {
		if (this.closed) {
			throw stopping(spec);
		}
		PluginSource source = spec.source();
		if (source instanceof PluginSource.Attached attached) {
			return AttachedProcess.attach(spec, attached, offer);
		}
		if (source instanceof PluginSource.Remote remote) {
			return AttachedProcess.remote(remote);
		}
		if (source instanceof PluginSource.Launched launched) {
			return launch(spec, launched, offer, timeout);
		}
		throw new IllegalArgumentException("plugin " + spec.id() + ": expected: something to launch, got: " + source);
	}

	private PluginProcess launch(PluginSpec spec, PluginSource.Launched source, PluginConnection.Offer offer,
			Duration timeout) {
		long deadline = System.nanoTime() + timeout.toNanos();
		PreparedLaunch.check(spec, source, offer);
		OptionalInt user = user(spec, source);
		PluginEnvironment.LaunchDirectories directories = directories(spec, user);
		HostAccess.Session session = HostAccess.Session.NONE;
		PreparedLaunch prepared;
		ChildProcess child;
		try {
			session = this.options.hostAccess().open(spec, directories.sockets());
			prepared = PreparedLaunch.of(spec, source, told(offer, session), directories, user, this.isolation,
					this.options.environment());
			child = start(spec, source, prepared, session, directories, timeout);
		}
		catch (RuntimeException ex) {
			session.close();
			this.runtime.remove(directories);
			throw ex;
		}
		try {
			HandshakeReader reader = new HandshakeReader(child, HandshakeTerms.of(source.network(), offer), timeout);
			IsolationReport report = prepared.confinement().report();
			if (prepared.address() != null) {
				return new LocalPluginProcess(child, reader.awaitPort(prepared.address(), deadline), null, report);
			}
			Handshake handshake = reader.await(deadline);
			warnOfPlace(spec, handshake.endpoint(), directories.sockets());
			return new LocalPluginProcess(child, handshake.endpoint(), handshake.certificate(), report);
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

	/** What goes into the environment and is secret. */
	private static Map<String, String> told(PluginConnection.Offer offer, HostAccess.Session session) {
		Map<String, String> told = new HashMap<>(offer.environment());
		told.putAll(session.environment());
		return told;
	}

	private OptionalInt user(PluginSpec spec, PluginSource.Launched source) {
		if (this.users == null || !this.isolation.ownUsers(spec, source.isolation())) {
			return OptionalInt.empty();
		}
		try {
			return OptionalInt.of(this.users.of(spec.id()));
		}
		catch (IOException ex) {
			throw noDirectory(spec, ex);
		}
	}

	private PluginEnvironment.LaunchDirectories directories(PluginSpec spec, OptionalInt user) {
		try {
			return this.runtime.create(spec.id(), user);
		}
		catch (IOException ex) {
			throw noDirectory(spec, ex);
		}
	}

	private static PluginStartException noDirectory(PluginSpec spec, IOException cause) {
		return new PluginStartException(spec.id(), "no directory for its socket: expected: a runtime directory "
				+ "that the gateway can write, got: " + cause, cause);
	}

	private ChildProcess start(PluginSpec spec, PluginSource.Launched source, PreparedLaunch prepared,
			HostAccess.Session session, PluginEnvironment.LaunchDirectories directories, Duration timeout) {
		ProcessBuilder builder = new ProcessBuilder(prepared.command()).directory(source.directory().toFile());
		builder.environment().clear();
		builder.environment().putAll(prepared.environment());
		try {
			return adopt(spec, this.launchThread.start(builder, timeout), prepared, session, directories);
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

	private ChildProcess adopt(PluginSpec spec, Process process, PreparedLaunch prepared, HostAccess.Session session,
			PluginEnvironment.LaunchDirectories directories) {
		ProcessTree tree = new ProcessTree(process.toHandle(),
				new MarkedProcesses(Set.of(directories.sockets()), this.isolation::asUser),
				prepared.confinement().namespaced());
		ChildProcess child = new ChildProcess(spec.id(), process, tree, this.options.output(), (ended) -> {
			session.close();
			this.runtime.remove(directories);
			this.children.remove(ended);
		});
		this.children.add(child);
		if (prepared.address() != null) {
			child.expectNoHandshake();
		}
		child.start();
		// A token dies with its process, not only when somebody tidies up after it.
		var unused = child.onExit().thenRun(session::close);
		// Asked after adding: either close() sees the child, or the child sees it.
		if (this.closed) {
			child.end(Duration.ZERO, Duration.ZERO);
			throw stopping(spec);
		}
		return child;
	}

	private void warnOfPlace(PluginSpec spec, PluginEndpoint endpoint, Path directory) {
		if (endpoint instanceof PluginEndpoint.Unix unix && !unix.path().normalize().startsWith(directory)) {
			this.options.output()
				.accept(spec.id(), Level.WARN,
						"listens outside of its private directory, where others may reach it and nobody removes it: "
								+ "expected: a socket in " + directory + ", got: "
								+ Printable.escape(unix.path().toString()),
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
