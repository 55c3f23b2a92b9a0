package org.hkpgateway.cli;

import java.io.PrintStream;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

import org.hkpgateway.manifest.Discovery;
import org.hkpgateway.manifest.Finding;
import org.hkpgateway.manifest.PluginDiscovery;
import org.hkpgateway.manifest.ScanRequest;
import org.hkpgateway.plugin.Capability;
import org.hkpgateway.plugin.PluginId;
import org.hkpgateway.plugin.PluginSource;
import org.hkpgateway.plugin.PluginSpec;

/**
 * {@code plugins check} and {@code plugins list}: what the gateway would find in
 * directories, as far as that does not depend on its configuration.
 */
final class PluginsCommand {

	private final Discovery discovery;

	private final PrintStream out;

	PluginsCommand(List<Path> directories, PrintStream out) {
		this.discovery = new PluginDiscovery().scan(ScanRequest.of(directories));
		this.out = out;
	}

	int check() {
		this.discovery.findings().forEach(this.out::println);
		this.out.println(count(this.discovery.plugins().size(), "plugin") + " can run; "
				+ count(errors().size(), "error") + ", " + count(number(Finding.Severity.WARNING), "warning") + ", "
				+ count(number(Finding.Severity.NOTICE), "notice"));
		return errors().isEmpty() ? CommandLine.OK : CommandLine.FAULTY;
	}

	int list() {
		Table table = new Table(List.of("NAME", "VERSION", "ORDER", "PROTOCOL", "CAPABILITIES", "EXECUTABLE"));
		this.discovery.plugins().forEach((spec) -> table.add(row(spec)));
		Map<Path, Finding> keptOut = new LinkedHashMap<>();
		errors().forEach((error) -> keptOut.putIfAbsent(error.file(), error));
		keptOut.values().forEach((error) -> table.add(row(error)));
		table.print(this.out);
		return CommandLine.OK;
	}

	private static List<String> row(PluginSpec spec) {
		String capabilities = spec.requested()
			.stream()
			.sorted()
			.map(Capability::label)
			.collect(Collectors.joining(","));
		String executable = (spec.source() instanceof PluginSource.Launched launched) ? launched.executable().toString()
				: spec.source().toString();
		return List.of(spec.id().name(), spec.version(), String.valueOf(spec.order()),
				spec.protocolVersion().toString(), capabilities, executable);
	}

	private static List<String> row(Finding error) {
		PluginId id = error.plugin();
		List<String> cells = new ArrayList<>(List.of((id != null) ? id.name() : "-"));
		cells.addAll(List.of("-", "-", "-", "-", "kept out: " + error));
		return cells;
	}

	private List<Finding> errors() {
		return this.discovery.errors();
	}

	private int number(Finding.Severity severity) {
		return (int) this.discovery.findings().stream().filter((finding) -> finding.severity() == severity).count();
	}

	private static String count(int number, String noun) {
		return number + " " + noun + ((number == 1) ? "" : "s");
	}

}
