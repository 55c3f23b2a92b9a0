package org.hkpgateway.manifest;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;

import org.hkpgateway.plugin.Capability;
import org.hkpgateway.plugin.IsolationLevel;
import org.hkpgateway.plugin.PluginDefaults;
import org.hkpgateway.plugin.PluginId;
import org.hkpgateway.plugin.PluginSettings;
import org.hkpgateway.plugin.PluginSource;
import org.hkpgateway.plugin.Transport;

/**
 * Plugin directories for tests, and what a scan of them tells.
 */
final class PluginDirectories {

	private final Path root;

	private final List<Path> directories = new ArrayList<>();

	private final Map<String, PluginSettings> settings = new HashMap<>();

	private List<Capability> defaultGrants = List.of(Capability.HTTP_REQUEST, Capability.HTTP_RESPOND);

	private final Map<PluginId, PluginSource.Remote> remotes = new TreeMap<>();

	private FileTrust trust = new FileTrust(TrustedOwners.rootAndSelf());

	PluginDirectories(Path root) throws IOException {
		this.root = root.toRealPath();
		mode("rwxr-xr-x", this.root);
		this.directories.add(this.root);
	}

	Path root() {
		return this.root;
	}

	/** Writes a manifest and beside it an executable {@code run}. */
	Path plugin(String directory, String... lines) {
		return plugin(this.root, directory, lines);
	}

	Path plugin(Path parent, String directory, String... lines) {
		try {
			Path folder = folder(parent, directory);
			executable(folder.resolve("run"), "rwxr-xr-x");
			return mode("rw-r--r--", Files.writeString(folder.resolve("plugin.toml"), String.join("\n", lines) + "\n"));
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
	}

	/** A directory with a mode that does not depend on the umask. */
	static Path folder(Path parent, String name) throws IOException {
		return mode("rwxr-xr-x", Files.createDirectories(parent.resolve(name)));
	}

	static Path mode(String mode, Path path) throws IOException {
		return Files.setPosixFilePermissions(path, PosixFilePermissions.fromString(mode));
	}

	/** A valid manifest of five lines, and then {@code more} from line 6 on. */
	Path valid(String name, String... more) {
		List<String> lines = new ArrayList<>(List.of("[plugin]", "name = \"" + name + "\"", "version = \"1.2.3\"",
				"executable = \"run\"", "protocol_version = \"1.0\""));
		lines.addAll(List.of(more));
		return plugin(name, lines.toArray(String[]::new));
	}

	static Path executable(Path file, String mode) throws IOException {
		Files.writeString(file, "#!/bin/sh\n");
		return mode(mode, file);
	}

	PluginDirectories add(Path directory) {
		this.directories.add(directory);
		return this;
	}

	PluginDirectories settings(String name, PluginSettings settings) {
		this.settings.put(name, settings);
		return this;
	}

	PluginDirectories defaultGrants(Capability... grants) {
		this.defaultGrants = List.of(grants);
		return this;
	}

	PluginDirectories remote(String name, String address) {
		this.remotes.put(new PluginId(name), new PluginSource.Remote(address, null, null));
		return this;
	}

	PluginDirectories trusting(TrustedOwners owners) {
		this.trust = new FileTrust(owners);
		return this;
	}

	/** As if these were mounted read-only. */
	PluginDirectories readOnly(FileTrust.ReadOnly readOnly) {
		this.trust = new FileTrust(TrustedOwners.rootAndSelf(), readOnly);
		return this;
	}

	Discovery scan() {
		return new PluginDiscovery(this.trust).scan(new ScanRequest(this.directories, this.remotes,
				this.settings.keySet().stream().map(PluginId::new).collect(Collectors.toSet()),
				(PluginId id) -> this.settings.getOrDefault(id.name(), PluginSettings.DEFAULTS),
				new PluginDefaults(this.defaultGrants, Transport.MTLS, IsolationLevel.AUTO)));
	}

	/** The findings as text, with paths relative to the first directory. */
	List<String> findings() {
		return scan().findings()
			.stream()
			.map((finding) -> finding.toString().replace(this.root + "/", "").replace(this.root.toString(), "."))
			.toList();
	}

}
