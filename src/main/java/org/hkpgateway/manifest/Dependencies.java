package org.hkpgateway.manifest;

import java.util.ArrayDeque;
import java.util.Collections;
import java.util.Deque;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;

import org.hkpgateway.plugin.Capability;
import org.hkpgateway.plugin.PluginId;
import org.hkpgateway.plugin.PluginSpec;

import org.jspecify.annotations.Nullable;

/**
 * Keeps plugins out whose dependencies cannot be met, with an error for each, and warns
 * of those that come too late in the chain.
 */
final class Dependencies {

	private final Map<PluginId, Candidate> named;

	private final Predicate<PluginId> enabled;

	Dependencies(Map<PluginId, Candidate> named, Predicate<PluginId> enabled) {
		this.named = named;
		this.enabled = enabled;
	}

	/**
	 * Cycles first: a plugin that merely depends on a cycle is then one more to miss it.
	 */
	void check() {
		Map<PluginId, String> cycles = new LinkedHashMap<>();
		running().forEach((id, manifest) -> {
			String cycle = cycle(id);
			if (cycle != null) {
				cycles.put(id, cycle);
			}
		});
		cycles.forEach((id, cycle) -> fail(id, lineOfFirst(id), "dependency cycle: " + cycle));
		boolean changed = true;
		while (changed) {
			changed = false;
			for (Map.Entry<PluginId, Manifest> entry : running().entrySet()) {
				changed |= checkPresence(entry.getKey(), entry.getValue());
			}
		}
	}

	/**
	 * Warns of each plugin that would be asked about a request before what it depends on.
	 * @param plugins those that can run, with the order that is in force
	 */
	void checkOrder(List<PluginSpec> plugins) {
		Map<PluginId, PluginSpec> chain = new LinkedHashMap<>();
		plugins.stream()
			.filter((spec) -> spec.enabled() && spec.granted().contains(Capability.HTTP_REQUEST))
			.forEach((spec) -> chain.put(spec.id(), spec));
		Set<String> warned = new HashSet<>();
		running().forEach((id, manifest) -> manifest.dependencies().forEach((dependency) -> {
			PluginSpec first = chain.get(dependency.id());
			PluginSpec second = chain.get(id);
			if (first != null && second != null && PluginSpec.CHAIN_ORDER.compare(first, second) > 0
					&& warned.add(id + " " + dependency.id())) {
				warn(manifest, dependency, first.order(), second.order());
			}
		}));
	}

	private void warn(Manifest dependent, Manifest.Dependency dependency, int first, int second) {
		Candidate candidate = this.named.get(dependent.id());
		Candidate other = this.named.get(dependency.id());
		Manifest needed = (other != null) ? other.manifest() : null;
		if (candidate != null && needed != null) {
			String got = (first == second) ? "behind it by name, both with order " + first
					: "behind it, with order " + first + " after " + second;
			candidate.findings()
				.warning(dependency.line(),
						"plugin.dependencies: expected: '" + dependency.id() + "' before '" + dependent.id()
								+ "' in the chain, got: " + got + "; lower " + needed.settingsKey() + ".order or raise "
								+ dependent.settingsKey() + ".order");
		}
	}

	private boolean checkPresence(PluginId id, Manifest manifest) {
		Map<PluginId, Manifest> running = running();
		boolean failed = false;
		for (Manifest.Dependency dependency : manifest.dependencies()) {
			if (!running.containsKey(dependency.id())) {
				fail(id, dependency.line(), "depends on '" + dependency.id() + "', " + absence(dependency.id()));
				failed = true;
			}
		}
		return failed;
	}

	private String absence(PluginId id) {
		Candidate other = this.named.get(id);
		if (other == null) {
			return "which is in no plugin directory and not among hkp.plugins.remote";
		}
		Manifest manifest = other.manifest();
		if (manifest == null) {
			return "which is kept out by an error of its own";
		}
		return "which is disabled by " + manifest.settingsKey() + ".enabled";
	}

	private Map<PluginId, Manifest> running() {
		Map<PluginId, Manifest> running = new LinkedHashMap<>();
		this.named.forEach((id, candidate) -> {
			Manifest manifest = candidate.manifest();
			if (manifest != null && this.enabled.test(id)) {
				running.put(id, manifest);
			}
		});
		return running;
	}

	/** The shortest way from a plugin back to itself, or null. */
	private @Nullable String cycle(PluginId start) {
		Map<PluginId, Manifest> running = running();
		Map<PluginId, PluginId> cameFrom = new LinkedHashMap<>();
		Deque<PluginId> open = new ArrayDeque<>(List.of(start));
		while (!open.isEmpty()) {
			PluginId from = open.remove();
			Manifest manifest = running.get(from);
			for (Manifest.Dependency to : (manifest != null) ? manifest.dependencies()
					: Collections.<Manifest.Dependency>emptyList()) {
				if (to.id().equals(start)) {
					return path(start, from, cameFrom);
				}
				if (cameFrom.putIfAbsent(to.id(), from) == null) {
					open.add(to.id());
				}
			}
		}
		return null;
	}

	private static String path(PluginId start, PluginId last, Map<PluginId, PluginId> cameFrom) {
		Deque<String> names = new ArrayDeque<>(List.of(start.name()));
		PluginId step = last;
		while (step != null && !step.equals(start)) {
			names.addFirst(step.name());
			step = cameFrom.get(step);
		}
		names.addFirst(start.name());
		return String.join(" -> ", names);
	}

	private int lineOfFirst(PluginId id) {
		Manifest manifest = running().get(id);
		return (manifest != null && !manifest.dependencies().isEmpty()) ? manifest.dependencies().get(0).line() : 0;
	}

	private void fail(PluginId id, int line, String message) {
		Candidate candidate = this.named.get(id);
		if (candidate != null) {
			candidate.findings().error(line, "plugin.dependencies: " + message);
		}
	}

}
