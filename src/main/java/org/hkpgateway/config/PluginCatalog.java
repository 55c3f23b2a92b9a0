package org.hkpgateway.config;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

import org.hkpgateway.manifest.Discovery;
import org.hkpgateway.manifest.Finding;
import org.hkpgateway.manifest.PluginDiscovery;
import org.hkpgateway.plugin.PluginId;
import org.hkpgateway.plugin.PluginSpec;
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
		this.edition = edition(configured, Map.of());
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
		return edition(configured, this.edition.specs()
			.stream()
			.collect(Collectors.toMap(PluginSpec::id, (spec) -> spec, (one, other) -> one, LinkedHashMap::new)));
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

	private Edition edition(HkpProperties configured, Map<PluginId, PluginSpec> running) {
		Discovery found = this.discovery.scan(configured.plugins().scanRequest());
		List<Finding> findings = new ArrayList<>(found.findings());
		findings.addAll(MissingPlugins.findings(configured.plugins(), found));
		Map<PluginId, PluginSpec> specs = new LinkedHashMap<>();
		found.plugins().forEach((spec) -> specs.put(spec.id(), spec));
		List<PluginId> kept = new ArrayList<>();
		// A typing error in a manifest must not take a filter out that is running.
		running.forEach((id, spec) -> {
			if (found.names().contains(id) && !specs.containsKey(id)) {
				specs.put(id, spec);
				kept.add(id);
			}
		});
		return new Edition(configured, found, List.copyOf(findings), List.copyOf(specs.values()), List.copyOf(kept));
	}

	/**
	 * One reading of configuration and directories.
	 *
	 * @param configured the configuration
	 * @param found what the directories hold
	 * @param findings what is wrong with that
	 * @param specs the plugins to have
	 * @param kept those of them that are what they were, because what was found now is
	 * faulty
	 */
	record Edition(HkpProperties configured, Discovery found, List<Finding> findings, List<PluginSpec> specs,
			List<PluginId> kept) {

		/** Required plugins that cannot start. */
		List<String> missing() {
			return MissingPlugins.required(this.configured.plugins(), this.found)
				.stream()
				.filter((name) -> !this.kept.contains(new PluginId(name)))
				.toList();
		}

	}

}
