package org.hkpgateway.config;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

import org.hkpgateway.manifest.Discovery;
import org.hkpgateway.manifest.Finding;
import org.hkpgateway.manifest.PluginDiscovery;
import org.hkpgateway.plugin.PluginId;
import org.hkpgateway.plugin.PluginSpec;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What is configured, what was found in the plugin directories, and which plugins that
 * makes. Read by any thread, changed by one at a time.
 */
final class PluginCatalog {

	private static final Logger logger = LoggerFactory.getLogger(PluginCatalog.class);

	private final PluginDiscovery discovery = new PluginDiscovery();

	private volatile Edition edition;

	/**
	 * Scans for the first time, and logs what is wrong. Blocks as reading files does.
	 * @param configured the configuration
	 */
	PluginCatalog(HkpProperties configured) {
		this.edition = edition(configured, null);
		log(this.edition.findings(), List.of());
		if (this.edition.specs().isEmpty()) {
			logger.warn("No plugin found in {}: requests pass unexamined", configured.plugins().directories());
		}
	}

	/**
	 * What is in force.
	 * @return immutable
	 */
	Edition current() {
		return this.edition;
	}

	/**
	 * Scans again; nothing is in force before it is published.
	 * @param configured the configuration to scan with
	 * @return what is to come
	 */
	Edition next(HkpProperties configured) {
		return edition(configured, this.edition);
	}

	/**
	 * Takes over some of what was scanned; nothing is in force before it is published.
	 * @param scanned a scan with the configuration in force
	 * @param specs the plugins to have, of the same names as now
	 * @return what is to come
	 */
	Edition adopting(Edition scanned, List<PluginSpec> specs) {
		return Edition.of(scanned.configured(), scanned.found(), scanned.findings(), specs, this.edition.files());
	}

	/** Puts an edition in force and logs its findings, as far as they are new. */
	void publish(Edition next) {
		log(next.findings(), this.edition.findings());
		this.edition = next;
	}

	private static void log(List<Finding> findings, List<Finding> known) {
		for (Finding finding : findings) {
			if (!known.contains(finding)) {
				switch (finding.severity()) {
					case ERROR -> logger.error("{}", finding);
					case WARNING -> logger.warn("{}", finding);
					case NOTICE -> logger.info("{}", finding);
				}
			}
		}
	}

	private Edition edition(HkpProperties configured, @Nullable Edition before) {
		Discovery found = this.discovery.scan(configured.plugins().scanRequest());
		Map<PluginId, PluginSpec> specs = new LinkedHashMap<>();
		found.plugins().forEach((spec) -> specs.put(spec.id(), spec));
		Map<PluginId, List<Path>> files = (before != null) ? before.files() : Map.of();
		if (before != null) {
			// A typing error in a manifest must not take a filter out that is running.
			// Nor must an update that is half done, if the filter is required.
			before.specs()
				.stream()
				.filter((spec) -> !MissingPlugins.isStandIn(spec))
				.filter((spec) -> configured.plugins().of(spec.id()).enabled())
				.filter((spec) -> found.names().contains(spec.id()) || configured.plugins().of(spec.id()).required()
						|| unreadable(found, files.get(spec.id())))
				.forEach((spec) -> specs.putIfAbsent(spec.id(), spec));
		}
		List<Finding> findings = new ArrayList<>(found.findings());
		MissingPlugins.findings(configured.plugins(), found)
			.stream()
			.filter((finding) -> !specs.containsKey(finding.plugin())
					|| !unreadable(found, files.get(finding.plugin())))
			.forEach(findings::add);
		MissingPlugins.standIns(configured.plugins(), specs.values(), findings)
			.forEach((spec) -> specs.put(spec.id(), spec));
		return Edition.of(configured, found, findings, List.copyOf(specs.values()), files);
	}

	/** A manifest that cannot be read does not say whose it is. */
	private static boolean unreadable(Discovery found, @Nullable List<Path> files) {
		return files != null && !files.isEmpty()
				&& found.findings()
					.stream()
					.filter((finding) -> finding.plugin() == null && finding.severity() != Finding.Severity.NOTICE)
					.anyMatch((finding) -> files.get(0).startsWith(finding.file()));
	}

	/**
	 * One reading of configuration and directories.
	 *
	 * @param configured the configuration
	 * @param found what the directories hold
	 * @param findings what is wrong with that
	 * @param specs the plugins to have, and what stands in for required ones that are
	 * missing
	 * @param kept those of them that are what they were, because what was found now is
	 * faulty, or nothing was
	 * @param files the files of each plugin found, and those that plugins which are kept
	 * had before: they may come back
	 */
	record Edition(HkpProperties configured, Discovery found, List<Finding> findings, List<PluginSpec> specs,
			List<PluginId> kept, Map<PluginId, List<Path>> files) {

		static Edition of(HkpProperties configured, Discovery found, List<Finding> findings, List<PluginSpec> specs,
				Map<PluginId, List<Path>> filesBefore) {
			Set<PluginId> valid = found.plugins().stream().map(PluginSpec::id).collect(Collectors.toSet());
			List<PluginId> kept = specs.stream()
				.filter((spec) -> !MissingPlugins.isStandIn(spec))
				.map(PluginSpec::id)
				.filter((id) -> !valid.contains(id))
				.toList();
			Map<PluginId, List<Path>> files = new LinkedHashMap<>(found.files());
			for (PluginId id : kept) {
				List<Path> before = filesBefore.get(id);
				if (before != null) {
					files.putIfAbsent(id, before);
				}
			}
			return new Edition(configured, found, List.copyOf(findings), List.copyOf(specs), kept, Map.copyOf(files));
		}

	}

}
