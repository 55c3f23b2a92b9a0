package org.hkpgateway.manifest;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

import org.hkpgateway.plugin.BodyMode;
import org.hkpgateway.plugin.Capability;
import org.hkpgateway.plugin.HandshakeMode;
import org.hkpgateway.plugin.PluginId;
import org.hkpgateway.plugin.PluginSpec;
import org.hkpgateway.plugin.ProtocolVersion;

import org.jspecify.annotations.Nullable;
import org.tomlj.TomlTable;

/**
 * Reads and validates {@code plugin.toml}. Reports every fault of a file at once.
 */
final class ManifestReader {

	private static final Set<String> TABLES = Set.of("plugin", "config", "health", "grpc");

	private static final Set<String> KEYS = Set.of("name", "version", "executable", "protocol_version", "description",
			"author", "license", "args", "order", "priority", "capabilities", "dependencies", "body", "handshake",
			"speculative", "max_message_bytes", "config");

	private final ExecutableCheck executables;

	private final FileTrust trust;

	ManifestReader(FileTrust trust) {
		this.executables = new ExecutableCheck(trust);
		this.trust = trust;
	}

	Candidate read(PluginFile file) {
		Findings findings = new Findings(file.path());
		TomlTable document = ManifestParser.parse(findings);
		if (document == null) {
			return new Candidate(findings, null, 0, null);
		}
		Fields top = new Fields(document, "", 0, findings);
		TomlTable table = top.table("plugin");
		if (table == null) {
			if (!findings.failed()) {
				findings.error(0, "the table [plugin] is missing; expected: name, version, executable and "
						+ "protocol_version in it");
			}
			return new Candidate(findings, null, 0, null);
		}
		Fields fields = new Fields(table, "plugin", top.line("plugin"), findings);
		PluginId id = name(fields, findings);
		if (id != null) {
			findings.about(id);
		}
		warnOfTables(top, findings);
		fields.warnOfOthers(KEYS);
		Manifest manifest = manifest(id, top, fields, file.root(), findings);
		return new Candidate(findings, id, fields.line("name"), manifest);
	}

	private static @Nullable PluginId name(Fields fields, Findings findings) {
		String name = fields.required("name");
		try {
			return (name != null) ? new PluginId(name) : null;
		}
		catch (IllegalArgumentException ex) {
			findings.error(fields.line("name"), "plugin.name: " + ex.getMessage());
			return null;
		}
	}

	private static void warnOfTables(Fields top, Findings findings) {
		top.warnOfOthers(TABLES);
		for (String ignored : List.of("health", "grpc")) {
			if (top.has(ignored)) {
				findings.notice(top.line(ignored),
						"[" + ignored + "] belongs to an earlier plugin host and is ignored");
			}
		}
	}

	/** {@code [plugin.config]}, or {@code [config]} of the earlier generation. */
	private static Map<String, Object> config(Fields top, Fields fields, Findings findings) {
		TomlTable own = fields.table("config");
		TomlTable earlier = top.table("config");
		if (own != null && earlier != null) {
			findings.warning(top.line("config"), "[config] is ignored because there is [plugin.config]");
		}
		TomlTable config = (own != null) ? own : earlier;
		return (config != null) ? TomlValues.toMap(config) : Map.of();
	}

	private @Nullable Manifest manifest(@Nullable PluginId id, Fields top, Fields fields, Path root,
			Findings findings) {
		Map<String, Object> config = config(top, fields, findings);
		String version = fields.required("version");
		ProtocolVersion protocolVersion = protocolVersion(fields, findings);
		String description = fields.string("description");
		fields.string("author");
		fields.string("license");
		boolean speculative = Boolean.TRUE.equals(fields.bool("speculative"));
		Integer order = order(fields, findings);
		List<String> labels = fields.strings("capabilities").stream().map(Fields.Item::text).toList();
		List<Manifest.Dependency> dependencies = dependencies(fields, findings);
		BodyMode body = body(fields);
		Integer maxMessageBytes = fields.integer("max_message_bytes", PluginSpec.DEFAULT_MAX_MESSAGE_BYTES,
				Integer.MAX_VALUE);
		Origin origin = program(root, fields, findings);
		if (id == null || version == null || protocolVersion == null || origin == null) {
			return null;
		}
		int earlierLine = EarlierGeneration.line(top, fields, labels);
		return new Manifest(id, version, (description != null) ? description : "", protocolVersion, origin, order,
				speculative, Capability.requestedBy(labels),
				fields.has("capabilities") ? fields.line("capabilities") : 0, dependencies, body,
				fields.has("body") ? fields.line("body") : 0, earlierLine,
				earlierLine > 0 && EarlierGeneration.hadNoWords(fields, labels),
				(maxMessageBytes != null) ? maxMessageBytes : PluginSpec.DEFAULT_MAX_MESSAGE_BYTES, config);
	}

	private static @Nullable ProtocolVersion protocolVersion(Fields fields, Findings findings) {
		if (!fields.has("protocol_version")) {
			findings.notice(fields.line("protocol_version"), "plugin.protocol_version is missing and taken as 1.0");
			return new ProtocolVersion(1, 0, 0);
		}
		String text = fields.required("protocol_version");
		if (text == null) {
			return null;
		}
		ProtocolVersion version;
		try {
			version = ProtocolVersion.parse(text);
		}
		catch (IllegalArgumentException ex) {
			fields.error("protocol_version", String.valueOf(ex.getMessage()));
			return null;
		}
		Optional<ProtocolVersion> common = ProtocolVersion.negotiate(List.of(ProtocolVersion.CURRENT),
				List.of(version));
		if (common.isEmpty()) {
			fields.error("protocol_version", "no common protocol version: the plugin speaks " + version
					+ ", this gateway speaks " + ProtocolVersion.CURRENT);
		}
		return version;
	}

	private static @Nullable HandshakeMode handshake(Fields fields) {
		String handshake = fields.string("handshake");
		if (handshake == null) {
			return null;
		}
		if (handshake.equals("none")) {
			return HandshakeMode.NONE;
		}
		if (!handshake.equals("go-plugin")) {
			fields.error("handshake", "expected: \"go-plugin\" or \"none\", got: \"" + handshake + "\"");
		}
		return HandshakeMode.GO_PLUGIN;
	}

	private static @Nullable Integer order(Fields fields, Findings findings) {
		Integer priority = fields.integer("priority", Integer.MIN_VALUE, Integer.MAX_VALUE);
		Integer order = fields.integer("order", Integer.MIN_VALUE, Integer.MAX_VALUE);
		if (order != null && priority != null) {
			findings.warning(fields.line("priority"),
					"plugin.priority is another name of plugin.order and ignored because that is set");
		}
		return (order != null) ? order : priority;
	}

	private static List<Manifest.Dependency> dependencies(Fields fields, Findings findings) {
		List<Manifest.Dependency> dependencies = new ArrayList<>();
		for (Fields.Item item : fields.strings("dependencies")) {
			try {
				dependencies.add(new Manifest.Dependency(new PluginId(item.text()), item.line()));
			}
			catch (IllegalArgumentException ex) {
				findings.error(item.line(), "plugin.dependencies: " + ex.getMessage());
			}
		}
		return dependencies;
	}

	private static @Nullable BodyMode body(Fields fields) {
		String text = fields.string("body");
		if (text == null) {
			return null;
		}
		Optional<BodyMode> mode = Arrays.stream(BodyMode.values())
			.filter((value) -> value.name().toLowerCase(Locale.ROOT).equals(text))
			.findFirst();
		if (mode.isEmpty()) {
			fields.error("body", "expected: \"none\", \"prefix\" or \"full\", got: \"" + text + "\"");
		}
		return mode.orElse(null);
	}

	private Origin.@Nullable Program program(Path root, Fields fields, Findings findings) {
		HandshakeMode handshake = handshake(fields);
		List<String> arguments = fields.strings("args").stream().map(Fields.Item::text).toList();
		String name = fields.required("executable");
		Path directory;
		Path manifest;
		try {
			directory = findings.file().resolveSibling("").toRealPath();
			manifest = findings.file().toRealPath();
		}
		catch (IOException ex) {
			findings.error(0, "the plugin's directory cannot be read: " + PluginFiles.reason(ex));
			return null;
		}
		Path executable = (name != null) ? this.executables.resolve(directory, name,
				new Spot(findings, fields.line("executable"), "plugin.executable: ")) : null;
		checkTrust(root, directory, manifest, executable, new Spot(findings, 0, ""));
		if (name == null || executable == null) {
			return null;
		}
		return new Origin.Program(directory, executable, findings.file().resolveSibling(name).normalize(), arguments,
				handshake);
	}

	private void checkTrust(Path root, Path directory, Path manifest, @Nullable Path executable, Spot spot) {
		if (!manifest.startsWith(directory)) {
			spot.error("expected: a file inside the plugin's own directory " + directory + ", got: a link to "
					+ manifest + "; copy the file, or make the directory a link");
			return;
		}
		this.trust.checkManifest(manifest, spot);
		this.trust.checkDirectories(root, directory,
				(executable != null) ? List.of(manifest, executable) : List.of(manifest), spot);
	}

}
