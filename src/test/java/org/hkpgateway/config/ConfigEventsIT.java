package org.hkpgateway.config;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

import org.hkpgateway.actuate.PluginRescan;
import org.hkpgateway.events.Event;
import org.hkpgateway.events.EventBus;
import org.hkpgateway.events.EventFilter;
import org.hkpgateway.lifecycle.EventLinks;
import org.hkpgateway.lifecycle.LifecycleSettings;
import org.hkpgateway.lifecycle.PluginHost;
import org.hkpgateway.plugin.BreakerListener;
import org.hkpgateway.plugin.PluginConnection;
import org.hkpgateway.plugin.PluginSpec;
import org.hkpgateway.process.PluginLauncher;
import org.hkpgateway.process.PluginProcess;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import reactor.core.Disposable;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * What {@link ConfigEvents} says when {@link PluginUpdates} puts changed settings and
 * files in force. The plugins are disabled, so none is started.
 */
@Timeout(120)
class ConfigEventsIT {

	private static final PluginLauncher NO_LAUNCHER = new PluginLauncher() {

		@Override
		public PluginProcess launch(PluginSpec spec, PluginConnection.Offer offer, Duration timeout) {
			throw new AssertionError("expected: no launch, got: one of " + spec.id());
		}

		@Override
		public void close() {
		}

	};

	@TempDir
	private Path temp;

	private Path directory;

	private Path settings;

	private final EventBus bus = new EventBus();

	private final BlockingQueue<Event> events = new LinkedBlockingQueue<>();

	private final Disposable subscriber = this.bus.events(EventFilter.ofTypes("config.*"), 10)
		.subscribe((delivery) -> this.events.add(delivery.event()));

	private PluginHost host;

	private PluginUpdates updates;

	@BeforeEach
	void start() throws IOException {
		Files.setPosixFilePermissions(this.temp, PosixFilePermissions.fromString("rwxr-xr-x"));
		this.directory = Files.createDirectory(this.temp.resolve("plugins"));
		this.settings = this.temp.resolve("application.yml");
		install("a", "1");
		install("b", "1");
		configure("hkp.plugins.settings.a: {enabled: false, order: 1}", "hkp.plugins.settings.b.enabled: false");
		ConfigurationReader reader = new ConfigurationReader(
				new String[] { "--spring.config.additional-location=file:" + this.temp + "/" });
		PluginCatalog catalog = new PluginCatalog(reader.read());
		this.host = new PluginHost(NO_LAUNCHER, (spec) -> {
			throw new AssertionError("expected: no connection, got: one to " + spec.id());
		}, (spec, client, breakers) -> {
			throw new AssertionError("expected: no client, got: one of " + spec.id());
		}, LifecycleSettings.DEFAULTS, List.of(), BreakerListener.NONE, EventLinks.NONE);
		this.host.start(catalog.current().specs());
		this.updates = new PluginUpdates(catalog, reader, this.host, new ConfigEvents(this.bus));
	}

	@AfterEach
	void stop() {
		this.updates.close();
		this.host.close();
		this.subscriber.dispose();
	}

	@Test
	void whatWasAppliedWithoutItsValues() throws Exception {
		assertThat(rescan(false).difference().isEmpty()).isTrue();
		install("c", "1");
		Files.move(this.directory.resolve("b"), this.temp.resolve("b"));
		configure("hkp.plugins.settings.a: {enabled: false, order: 2, config: {password: hunter2}}",
				"hkp.plugins.settings.c.enabled: false");
		assertThat(rescan(true).difference().isEmpty()).isFalse();
		assertThat(this.events).isEmpty();
		rescan(false);
		Event event = next();
		assertThat(event.type()).isEqualTo("config.changed");
		assertThat(event.source()).isEqualTo("gateway");
		assertThat(event.metadata()).isEmpty();
		assertThat(event.data()).isEqualTo("{\"plugins\":[{\"plugin\":\"c\",\"change\":\"added\",\"outcome\":\"done\"},"
				+ "{\"plugin\":\"a\",\"change\":\"changed\",\"outcome\":\"done\"},"
				+ "{\"plugin\":\"b\",\"change\":\"removed\",\"outcome\":\"done\"}]}");
		// Neither the rescan without changes nor the dry one has said anything.
		assertThat(event.id()).endsWith("-1");
	}

	@Test
	void filesThatHaveChanged() throws Exception {
		// Behind the first look at the files, which remembers how they are.
		rescan(true);
		install("b", "2");
		assertThat(next().data())
			.isEqualTo("{\"plugins\":[{\"plugin\":\"b\",\"change\":\"changed\",\"outcome\":\"done\"}]}");
		Files.writeString(this.directory.resolve("a/run"), "#!/bin/sh\nexit 1\n");
		String data = next().data();
		assertThat(data).startsWith("{\"plugins\":[{\"plugin\":\"a\",\"change\":\"files\",\"outcome\":");
	}

	@Test
	void aCertificate() throws Exception {
		new ConfigEvents(this.bus).certificateChanged("keys");
		assertThat(next().data()).isEqualTo("{\"tls_bundle\":\"keys\"}");
	}

	private PluginRescan.Report rescan(boolean dryRun) throws Exception {
		return this.updates.rescan(dryRun).get(60, TimeUnit.SECONDS);
	}

	private Event next() throws InterruptedException {
		Event event = this.events.poll(60, TimeUnit.SECONDS);
		assertThat(event).as("an event within 60 s").isNotNull();
		return event;
	}

	private void configure(String... lines) throws IOException {
		Files.writeString(this.settings, "hkp.plugins.directories: " + this.directory + "\nhkp.plugins.watch: true\n"
				+ String.join("\n", lines));
	}

	private void install(String name, String version) throws IOException {
		Path home = Files.createDirectories(this.directory.resolve(name));
		Path run = Files.writeString(home.resolve("run"), "#!/bin/sh\n");
		Files.setPosixFilePermissions(run, PosixFilePermissions.fromString("rwxr-xr-x"));
		Files.writeString(home.resolve("plugin.toml"), """
				[plugin]
				name = "%s"
				version = "%s"
				executable = "run"
				protocol_version = "1.0"
				""".formatted(name, version));
	}

}
