package org.hkpgateway.process;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeoutException;
import java.util.function.Function;

import org.hkpgateway.plugin.Network;
import org.hkpgateway.plugin.PluginSource;
import org.hkpgateway.plugin.PluginSpec;
import org.hkpgateway.plugin.PluginStartException;
import org.hkpgateway.plugin.ProtocolVersion;

/**
 * Starts plugins as {@link LocalPluginLauncher} does, with the same environment,
 * directories and isolation, for somebody who wants to see all of it: what it is told may
 * be changed, what it prints is kept, and a process that does not shake hands is none the
 * worse for it. Thread-safe.
 */
public final class TrialLauncher implements AutoCloseable {

	private static final Duration START = Duration.ofSeconds(10);

	private final LaunchOptions options;

	private final Isolation isolation;

	private final RuntimeDirectory runtime;

	private final LaunchThread launchThread = new LaunchThread();

	private final Set<TrialProcess> running = ConcurrentHashMap.newKeySet();

	private volatile boolean closed;

	/**
	 * Makes a launcher with a fresh runtime directory.
	 * @param options how to launch; its output gets nothing
	 * @throws java.io.UncheckedIOException if the directory cannot be made
	 */
	public TrialLauncher(LaunchOptions options) {
		this.options = options;
		this.isolation = new Isolation(options);
		this.runtime = RuntimeDirectory.open(options.runtimeDirectory(), false, this.isolation::asUser);
	}

	/**
	 * Starts a process and does not wait for anything it does.
	 * @param spec a plugin to launch
	 * @param certificate whether its handshake must show one
	 * @param told what it is told beyond the usual, given its socket directory
	 * @param changes variables to set in place of the usual; one with the value
	 * {@link #UNSET} is left out
	 * @return the process
	 * @throws PluginStartException if it cannot be started
	 */
	public TrialProcess start(PluginSpec spec, boolean certificate, Function<Path, Map<String, String>> told,
			Map<String, String> changes) {
		PluginSource.Launched source = (PluginSource.Launched) spec.source();
		PluginEnvironment.LaunchDirectories directories;
		try {
			directories = this.runtime.create(spec.id(), OptionalInt.empty());
		}
		catch (IOException ex) {
			throw new PluginStartException(spec.id(), "no directory for its socket: " + ex.getMessage(), ex);
		}
		boolean started = false;
		try {
			PreparedLaunch prepared = PreparedLaunch.of(spec, source, told.apply(directories.sockets()), directories,
					OptionalInt.empty(), this.isolation, this.options.environment());
			ProcessBuilder builder = new ProcessBuilder(prepared.command()).directory(source.directory().toFile());
			builder.environment().clear();
			builder.environment().putAll(prepared.environment());
			changes.forEach((name, value) -> {
				builder.environment().remove(name);
				if (!value.equals(UNSET)) {
					builder.environment().put(name, value);
				}
			});
			HandshakeTerms terms = new HandshakeTerms(List.of(ProtocolVersion.CURRENT.major()),
					source.network() == Network.TCP, certificate);
			TrialProcess process = adopt(this.launchThread.start(builder, START), prepared, terms, directories);
			started = true;
			return process;
		}
		catch (IOException | TimeoutException | RejectedExecutionException ex) {
			throw new PluginStartException(spec.id(), "could not be executed: " + ex.getMessage() + "; executable: "
					+ ExecutableFile.describe(source.executable()), ex);
		}
		catch (InterruptedException ex) {
			Thread.currentThread().interrupt();
			throw new PluginStartException(spec.id(), "interrupted", ex);
		}
		finally {
			if (!started) {
				this.runtime.remove(directories);
			}
		}
	}

	/** The value of a variable that is not to be set: no variable can have it. */
	public static final String UNSET = "\0";

	private TrialProcess adopt(Process process, PreparedLaunch prepared, HandshakeTerms terms,
			PluginEnvironment.LaunchDirectories directories) {
		MarkedProcesses marked = new MarkedProcesses(Set.of(directories.sockets()), this.isolation::asUser);
		ProcessTree tree = new ProcessTree(process.toHandle(), marked, prepared.confinement().namespaced());
		TrialProcess[] made = new TrialProcess[1];
		made[0] = new TrialProcess(process, tree, marked, terms, prepared.address(), directories.sockets(), () -> {
			this.runtime.remove(directories);
			this.running.remove(made[0]);
		});
		this.running.add(made[0]);
		if (this.closed) {
			made[0].close();
		}
		return made[0];
	}

	/** Kills what still runs and removes the runtime directory. */
	@Override
	public void close() {
		this.closed = true;
		this.running.forEach(TrialProcess::close);
		this.launchThread.close();
		this.runtime.close();
	}

}
