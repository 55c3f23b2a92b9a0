package org.hkpgateway.config;

import java.nio.file.Path;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

import org.hkpgateway.plugin.BodyMode;
import org.hkpgateway.plugin.Capability;
import org.hkpgateway.plugin.FailPolicy;
import org.hkpgateway.plugin.PluginId;
import org.hkpgateway.plugin.PluginSettings;
import org.jspecify.annotations.Nullable;

import org.springframework.boot.context.properties.bind.DefaultValue;
import org.springframework.util.unit.DataSize;

/**
 * {@code hkp.plugins}: the plugin host.
 *
 * @param directories where to look for plugins
 * @param runtimeDirectory private sockets and data; empty for a short temporary directory
 * @param chainBudget the longest that all plugins together may take for one request
 * @param defaultGrants capabilities granted to plugins that are granted none by name
 * @param settings by plugin name
 */
public record PluginsProperties(@DefaultValue("/var/lib/hockeypuck/plugins") List<Path> directories,
		@DefaultValue("") String runtimeDirectory, @DefaultValue("1s") Duration chainBudget, @DefaultValue( {
				"http.request", "http.respond" }) List<String> defaultGrants,
		@DefaultValue Map<String, Settings> settings){

	public PluginsProperties {
		directories = List.copyOf(directories);
		settings = new LinkedHashMap<>(settings);
		settings.keySet().forEach((name) -> checked("hkp.plugins.settings", () -> new PluginId(name)));
		capabilities("hkp.plugins.default-grants", defaultGrants);
		positive("hkp.plugins.chain-budget", chainBudget);
		settings.forEach((name, one) -> one.toDomain(name));
	}

	List<Capability> grants() {
		return capabilities("hkp.plugins.default-grants", this.defaultGrants);
	}

	PluginSettings of(PluginId id) {
		Settings found = this.settings.get(id.name());
		return (found != null) ? found.toDomain(id.name()) : PluginSettings.DEFAULTS;
	}

	/**
	 * {@code hkp.plugins.settings.<name>}: beats the manifest.
	 *
	 * @param enabled whether it runs at all
	 * @param order place in the chain, lowest first; the manifest's if not set
	 * @param required whether readiness waits for it
	 * @param fail what its failure means
	 * @param timeout limit of one call
	 * @param maxConcurrent most calls in flight
	 * @param body how much of a body it gets; the manifest's if not set
	 * @param bodyPrefix how much {@code prefix} means
	 * @param grants granted capabilities; empty for the default grants
	 * @param environment variables to add to its process
	 * @param config merged over {@code [plugin.config]}
	 */
	public record Settings(@DefaultValue("true") boolean enabled, @Nullable Integer order,
			@DefaultValue("false") boolean required, @DefaultValue("closed") FailPolicy fail,
			@DefaultValue("200ms") Duration timeout, @DefaultValue("256") int maxConcurrent, @Nullable BodyMode body,
			@DefaultValue("64KB") DataSize bodyPrefix, @DefaultValue List<String> grants,
			@DefaultValue Map<String, String> environment, @DefaultValue Map<String, Object> config) {

		PluginSettings toDomain(String name) {
			String prefix = "hkp.plugins.settings." + name;
			positive(prefix + ".timeout", this.timeout);
			check(this.maxConcurrent > 0, prefix + ".max-concurrent", "a number above 0", this.maxConcurrent);
			check(this.bodyPrefix.toBytes() > 0 && this.bodyPrefix.toBytes() <= 1024 * 1024, prefix + ".body-prefix",
					"1B to 1MB", this.bodyPrefix);
			return new PluginSettings(this.enabled, this.order, this.required, this.fail, this.timeout,
					this.maxConcurrent, this.body, (int) this.bodyPrefix.toBytes(),
					capabilities(prefix + ".grants", this.grants), this.environment, ConfigTree.normalize(this.config));
		}

	}

	private static List<Capability> capabilities(String key, List<String> labels) {
		return labels.stream()
			.map((label) -> Capability.byLabel(label)
				.orElseThrow(() -> new IllegalArgumentException(
						key + ": expected: capabilities, any of " + List.of(Capability.values()) + ", got: " + label)))
			.toList();
	}

	private static void positive(String key, Duration value) {
		check(!value.isNegative() && !value.isZero(), key, "a duration above 0", value);
	}

	private static void check(boolean valid, String key, String expected, Object got) {
		if (!valid) {
			throw new IllegalArgumentException(key + ": expected: " + expected + ", got: " + got);
		}
	}

	/** Without the cause: Boot tells the operator of the innermost exception only. */
	private static void checked(String key, Runnable check) {
		try {
			check.run();
		}
		catch (IllegalArgumentException ex) {
			throw new IllegalArgumentException(key + ": " + ex.getMessage());
		}
	}

}
