package org.hkpgateway.host;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.stream.Stream;

import org.hkpgateway.events.EventBus;
import org.hkpgateway.events.EventListener;
import org.hkpgateway.events.PluginEvents;
import org.hkpgateway.plugin.HostAccess;
import org.hkpgateway.plugin.KeyQuery;
import org.hkpgateway.plugin.PluginId;
import org.hkpgateway.plugin.PluginSpec;
import org.hkpgateway.state.LocalStateStore;
import org.hkpgateway.state.StateQuota;
import org.hkpgateway.state.StateStore;
import org.hkpgateway.storage.KeyStorage;
import org.hkpgateway.storage.StorageListener;
import org.hkpgateway.storage.StorageSettings;
import org.hkpgateway.storage.StorageTracing;
import reactor.core.publisher.Flux;

import org.springframework.util.FileSystemUtils;

/**
 * Host servers with a runtime directory of their own.
 */
final class TestHost implements AutoCloseable {

	static final HostInformation INFORMATION = new HostInformation("1.2.3", Duration.ofMillis(750),
			() -> List.of(new HostInformation.LoadedPlugin(new PluginId("alpha"), "0.1"),
					new HostInformation.LoadedPlugin(new PluginId("beta"), "0.2")));

	final ConcurrentLinkedQueue<String> refusals = new ConcurrentLinkedQueue<>();

	final EventBus bus = new EventBus();

	final Path runtime;

	final HostServers servers;

	private final KeyStorage storage;

	TestHost(URI... keyservers) {
		this(ServerTransport.best(), HostLimits.DEFAULTS, keyservers);
	}

	TestHost(ServerTransport transport, HostLimits limits, URI... keyservers) {
		this.runtime = shortDirectory();
		this.storage = storage(keyservers);
		this.servers = new HostServers(
				List.of(new PluginHostService(INFORMATION, state(), this.storage, events(this.bus)).bindService()),
				(plugin, refusal) -> this.refusals.add(plugin + " " + refusal.label()), transport, limits);
	}

	/** For what asks little of it. */
	static StateStore state() {
		return new LocalStateStore(new StateQuota(5, 1000));
	}

	/** Keeps little. */
	static KeyStorage storage(URI... keyservers) {
		Duration timeout = Duration.ofSeconds(20);
		return new KeyStorage(new StorageSettings(16 << 20, timeout, timeout, 8 << 20, timeout),
				() -> List.of(keyservers), Optional::empty, Flux.never(), new StorageListener() {

					@Override
					public void answered(KeyQuery.Type type, Result result, long nanos) {
					}

					@Override
					public void looked(Looked found) {
					}

					@Override
					public void provided(PluginId plugin, Provided provided) {
					}

					@Override
					public void dropped(int answers) {
					}

				}, StorageTracing.NONE);
	}

	static PluginEvents events(EventBus bus) {
		return new PluginEvents(bus, EventListener.NONE);
	}

	private static Path shortDirectory() {
		try {
			return Files.createTempDirectory(Path.of("/tmp"), "hs");
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
	}

	/** The private directory of a launch. */
	Path directory(String name) {
		try {
			return Files.createDirectory(this.runtime.resolve(name),
					PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
	}

	HostAccess.Session open(PluginSpec spec, String directory) {
		return this.servers.open(spec, directory(directory));
	}

	/** Everything below the runtime directory that is no directory of a launch. */
	List<Path> leftovers() {
		try (Stream<Path> tree = Files.walk(this.runtime)) {
			return tree.filter((path) -> !Files.isDirectory(path) || path.toString().endsWith(".h")).toList();
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
	}

	static void await(String what, BooleanSupplier condition) {
		long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
		while (!condition.getAsBoolean()) {
			if (System.nanoTime() - end > 0) {
				throw new AssertionError("expected: " + what + " within 20 s, got: nothing");
			}
			Thread.onSpinWait();
		}
	}

	@Override
	public void close() {
		this.servers.close();
		this.storage.close();
		this.bus.close();
		try {
			FileSystemUtils.deleteRecursively(this.runtime);
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
	}

}
