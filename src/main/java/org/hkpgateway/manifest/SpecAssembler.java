package org.hkpgateway.manifest;

import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.stream.Collectors;

import org.hkpgateway.plugin.BodyMode;
import org.hkpgateway.plugin.Capability;
import org.hkpgateway.plugin.HandshakeMode;
import org.hkpgateway.plugin.IsolationLevel;
import org.hkpgateway.plugin.MatchRules;
import org.hkpgateway.plugin.PluginDefaults;
import org.hkpgateway.plugin.PluginId;
import org.hkpgateway.plugin.PluginMode;
import org.hkpgateway.plugin.PluginSettings;
import org.hkpgateway.plugin.PluginSource;
import org.hkpgateway.plugin.PluginSpec;
import org.hkpgateway.plugin.Transport;

/**
 * Merges the operator's settings over a manifest.
 */
final class SpecAssembler {

	private static final int DEFAULT_ORDER = 100;

	private final PluginDefaults defaults;

	SpecAssembler(PluginDefaults defaults) {
		this.defaults = defaults;
	}

	PluginSpec assemble(Manifest manifest, PluginSettings settings, Findings findings) {
		Set<Capability> requested = requested(manifest, settings);
		Set<Capability> granted = setOf(settings.grants().isEmpty() ? this.defaults.grants() : settings.grants());
		granted.retainAll(requested);
		noticeReduction(manifest, requested, granted, findings);
		noticeWidening(manifest, granted, findings);
		noticeEarlierGeneration(manifest, settings, findings);
		warnOfMatchRules(manifest, settings.match(), findings);
		List<PluginId> dependencies = manifest.dependencies().stream().map(Manifest.Dependency::id).distinct().toList();
		return new PluginSpec(manifest.id(), settings.enabled(), manifest.version(), manifest.description(),
				manifest.protocolVersion(), source(manifest, settings), transport(settings), settings.environment(),
				ConfigJson.merge(manifest.config(), settings.config()), order(manifest, settings), settings.mode(),
				manifest.speculative(), settings.match(), required(manifest, settings, findings), settings.fail(),
				settings.timeout(), settings.maxConcurrent(), body(manifest, settings, granted, findings),
				settings.bodyPrefixBytes(), requested, granted, dependencies, manifest.maxMessageBytes());
	}

	/**
	 * A manifest of the earlier generation may have been written before there were most
	 * capabilities: then what the operator grants by name counts as requested.
	 */
	private Set<Capability> requested(Manifest manifest, PluginSettings settings) {
		Set<Capability> requested = named(manifest);
		if (manifest.grantsRequest()) {
			requested.addAll(settings.grants());
		}
		return requested;
	}

	/** By the manifest alone. */
	private Set<Capability> named(Manifest manifest) {
		return setOf(manifest.requested().isEmpty() ? this.defaults.grants() : manifest.requested());
	}

	/** Readiness does not wait for a plugin whose decisions have no effect. */
	private static boolean required(Manifest manifest, PluginSettings settings, Findings findings) {
		boolean enforced = settings.mode() == PluginMode.ENFORCE;
		if (settings.required() && !enforced) {
			findings.notice(0, manifest.settingsKey() + ".required has no effect with mode shadow: nothing waits for a "
					+ "plugin whose decisions are only compared");
		}
		return settings.required() && enforced;
	}

	private PluginSource source(Manifest manifest, PluginSettings settings) {
		if (manifest.origin() instanceof Origin.Elsewhere elsewhere) {
			return elsewhere.source();
		}
		if (settings.attach() != null) {
			return new PluginSource.Attached(settings.attach());
		}
		Origin.Program program = (Origin.Program) manifest.origin();
		IsolationLevel isolation = settings.isolation();
		return new PluginSource.Launched(program.directory(), program.executable(), program.arguments(),
				settings.sha256(), handshake(program, settings), settings.network(),
				(isolation != null) ? isolation : this.defaults.isolation());
	}

	private static HandshakeMode handshake(Origin.Program program, PluginSettings settings) {
		HandshakeMode operators = settings.handshake();
		HandshakeMode own = program.handshake();
		if (operators != null) {
			return operators;
		}
		return (own != null) ? own : HandshakeMode.GO_PLUGIN;
	}

	/** A process that was started by hand has neither certificate nor secret of ours. */
	private Transport transport(PluginSettings settings) {
		Transport own = settings.transport();
		if (settings.attach() != null) {
			return Transport.PLAINTEXT;
		}
		return (own != null) ? own : this.defaults.transport();
	}

	private static void noticeReduction(Manifest manifest, Set<Capability> requested, Set<Capability> granted,
			Findings findings) {
		List<String> refused = new ArrayList<>();
		for (Capability capability : setOf(requested)) {
			if (!granted.contains(capability)) {
				refused.add(capability.label());
			}
		}
		if (!refused.isEmpty()) {
			findings.notice(manifest.capabilitiesLine(), "requested but not granted: " + String.join(", ", refused)
					+ "; to grant it: " + manifest.settingsKey() + ".grants");
		}
	}

	/** Nobody has asked for these: the operator may have listed more than he meant to. */
	private void noticeWidening(Manifest manifest, Set<Capability> granted, Findings findings) {
		Set<Capability> beyond = setOf(granted);
		beyond.removeAll(named(manifest));
		if (!beyond.isEmpty()) {
			findings.notice((manifest.capabilitiesLine() > 0) ? manifest.capabilitiesLine() : manifest.earlierLine(),
					"granted beyond the manifest, which has no words for them: "
							+ beyond.stream().map(Capability::label).collect(Collectors.joining(", ")) + "; by "
							+ manifest.settingsKey() + ".grants");
		}
	}

	/** A filter that is never asked looks like one that lets everything pass. */
	private static void warnOfMatchRules(Manifest manifest, MatchRules match, Findings findings) {
		for (String impossible : match.impossible()) {
			boolean all = impossible.equals(match.toString());
			findings.warning(0,
					manifest.settingsKey() + ".match: "
							+ (all ? "no request can match all of " + impossible + ": the plugin is never asked"
									: impossible + " can never match together with the rest of " + match)
							+ "; the lists must hold all at once, and an operation is asked for by its own methods "
							+ "and paths only");
		}
	}

	/** Silent once somebody has decided how it shakes hands. */
	private static void noticeEarlierGeneration(Manifest manifest, PluginSettings settings, Findings findings) {
		if (manifest.earlierLine() > 0 && settings.handshake() == null && settings.attach() == null
				&& manifest.origin() instanceof Origin.Program program && program.handshake() == null) {
			findings.notice(manifest.earlierLine(), EarlierGeneration.hint(manifest.settingsKey()));
		}
	}

	private static int order(Manifest manifest, PluginSettings settings) {
		Integer operators = settings.order();
		if (operators != null) {
			return operators;
		}
		Integer own = manifest.order();
		return (own != null) ? own : DEFAULT_ORDER;
	}

	private static BodyMode body(Manifest manifest, PluginSettings settings, Set<Capability> granted,
			Findings findings) {
		BodyMode operators = settings.body();
		BodyMode own = manifest.body();
		BodyMode wanted = (operators != null) ? operators : own;
		if (wanted == null || wanted == BodyMode.NONE) {
			return BodyMode.NONE;
		}
		if (!granted.contains(Capability.HTTP_REQUEST_BODY)) {
			findings.warning((operators != null) ? 0 : manifest.bodyLine(),
					"body '" + wanted.name().toLowerCase(Locale.ROOT) + "' is taken as 'none': the plugin gets no "
							+ "bodies unless its manifest requests and " + manifest.settingsKey() + ".grants grants "
							+ Capability.HTTP_REQUEST_BODY);
			return BodyMode.NONE;
		}
		return wanted;
	}

	private static Set<Capability> setOf(Iterable<Capability> capabilities) {
		Set<Capability> set = EnumSet.noneOf(Capability.class);
		capabilities.forEach(set::add);
		return set;
	}

}
