package org.hkpgateway.lifecycle;

import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.TreeSet;

import org.hkpgateway.plugin.PluginSource;
import org.hkpgateway.plugin.PluginSpec;

import org.jspecify.annotations.Nullable;

/**
 * Says in words what differs between two specifications of one plugin. Of what may be
 * secret (configuration, environment, tokens) only the name.
 */
final class SpecChanges {

	private final List<String> words = new ArrayList<>();

	private SpecChanges() {
	}

	/**
	 * Compares.
	 * @param before one specification
	 * @param after the other
	 * @return one entry for each component that differs; empty if and only if they are
	 * equal
	 */
	static List<String> between(PluginSpec before, PluginSpec after) {
		SpecChanges changes = new SpecChanges();
		changes.compare(before, after);
		if (changes.words.isEmpty() && !before.equals(after)) {
			changes.words.add("other");
		}
		return List.copyOf(changes.words);
	}

	private void compare(PluginSpec before, PluginSpec after) {
		value("enabled", before.enabled(), after.enabled());
		value("version", before.version(), after.version());
		name("description", before.description(), after.description());
		value("protocol version", before.protocolVersion(), after.protocolVersion());
		source(before.source(), after.source());
		value("transport", before.transport(), after.transport());
		name("environment", before.environment(), after.environment());
		name("config", before.configJson(), after.configJson());
		value("order", before.order(), after.order());
		value("mode", before.mode(), after.mode());
		value("speculative", before.speculative(), after.speculative());
		value("match", before.match(), after.match());
		value("required", before.required(), after.required());
		value("fail", before.fail(), after.fail());
		value("timeout", before.timeout().toMillis() + " ms", after.timeout().toMillis() + " ms");
		value("max-concurrent", before.maxConcurrent(), after.maxConcurrent());
		value("body", before.body(), after.body());
		value("body-prefix", before.bodyPrefixBytes(), after.bodyPrefixBytes());
		set("requested", before.requested(), after.requested());
		set("grants", before.granted(), after.granted());
		set("dependencies", before.dependencies(), after.dependencies());
		value("max-message-bytes", before.maxMessageBytes(), after.maxMessageBytes());
	}

	private void source(PluginSource before, PluginSource after) {
		if (before instanceof PluginSource.Launched from && after instanceof PluginSource.Launched to) {
			value("directory", from.directory(), to.directory());
			value("executable", from.executable(), to.executable());
			name("arguments", from.arguments(), to.arguments());
			name("sha256", from.sha256(), to.sha256());
			value("handshake", from.handshake(), to.handshake());
			value("network", from.network(), to.network());
			value("isolation", from.isolation(), to.isolation());
		}
		else if (before instanceof PluginSource.Remote from && after instanceof PluginSource.Remote to) {
			value("address", from.address(), to.address());
			value("tls-bundle", Objects.toString(from.tlsBundle(), "none"), Objects.toString(to.tlsBundle(), "none"));
			name("token", from.token(), to.token());
			name("host-token", from.hostToken(), to.hostToken());
		}
		else {
			value("source", before, after);
		}
	}

	private void value(String name, Object before, Object after) {
		if (!before.equals(after)) {
			this.words.add(name + " " + word(before) + " -> " + word(after));
		}
	}

	private void name(String name, @Nullable Object before, @Nullable Object after) {
		if (!Objects.equals(before, after)) {
			this.words.add(name);
		}
	}

	private void set(String name, Collection<? extends Comparable<?>> before,
			Collection<? extends Comparable<?>> after) {
		TreeSet<String> all = new TreeSet<>();
		after.stream().filter((each) -> !before.contains(each)).forEach((each) -> all.add("+" + each));
		before.stream().filter((each) -> !after.contains(each)).forEach((each) -> all.add("-" + each));
		if (!all.isEmpty()) {
			this.words.add(name + " " + String.join(" ", all));
		}
	}

	private static String word(Object value) {
		return (value instanceof Enum<?> constant) ? constant.name().toLowerCase(Locale.ROOT).replace('_', '-')
				: value.toString();
	}

}
