package org.hkpgateway.process;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;

import org.hkpgateway.plugin.HandshakeMode;
import org.hkpgateway.plugin.PluginConnection;
import org.hkpgateway.plugin.PluginEndpoint;
import org.hkpgateway.plugin.PluginSource;
import org.hkpgateway.plugin.PluginSpec;
import org.hkpgateway.plugin.PluginStartException;

import org.jspecify.annotations.Nullable;

/**
 * A process about to be started.
 *
 * @param command with its wrapper; holds no secret, because arguments are public
 * @param environment all variables; some are secret
 * @param confinement how it is isolated
 * @param address where it is told to listen; null if it says so itself
 */
record PreparedLaunch(List<String> command, Map<String, String> environment, Confinement confinement,
		PluginEndpoint.@Nullable Tcp address) {

	/**
	 * Prepares a launch.
	 * @param told what the process is told beyond the usual; secret
	 * @param user of the plugin, empty for the gateway's
	 * @throws PluginStartException if something is not as it must be
	 */
	static PreparedLaunch of(PluginSpec spec, PluginSource.Launched source, Map<String, String> told,
			PluginEnvironment.LaunchDirectories directories, OptionalInt user, Isolation isolation,
			Map<String, String> gateway) {
		PluginEndpoint.Tcp address = (source.handshake() == HandshakeMode.NONE) ? freePort(spec) : null;
		Map<String, String> environment = PluginEnvironment.of(spec, gateway, directories);
		environment.putAll(PluginEnvironment.listening(source.network(), address));
		environment.putAll(told);
		Confinement confinement = isolation.confine(spec, source, directories, user, environment);
		user.ifPresent((uid) -> UserAccess.check(spec, source, directories, uid, isolation.asUser(uid)));
		List<String> command = new ArrayList<>(List.of(source.executable().toString()));
		command.addAll(source.arguments());
		return new PreparedLaunch(confinement.wrap(command), environment, confinement, address);
	}

	/**
	 * Checks what can be checked before anything is made for the launch.
	 * @throws PluginStartException if the settings contradict each other
	 */
	static void check(PluginSpec spec, PluginSource.Launched source, PluginConnection.Offer offer) {
		if (source.handshake() == HandshakeMode.NONE && offer.certificateExpected()) {
			String key = "hkp.plugins.settings." + spec.id();
			throw new PluginStartException(spec.id(),
					"handshake: none and transport: mtls: expected: transport plaintext, because a plugin that prints no "
							+ "handshake cannot show a certificate, got: mtls; set " + key
							+ ".transport to plaintext, or have the plugin shake hands");
		}
		ExecutablePin.check(spec, source);
	}

	private static PluginEndpoint.Tcp freePort(PluginSpec spec) {
		try {
			return LoopbackPort.free();
		}
		catch (IOException ex) {
			throw new PluginStartException(spec.id(),
					"no port to listen on: expected: a free port of the loopback interface, got: " + ex, ex);
		}
	}

	@Override
	public String toString() {
		// Not the environment.
		return String.join(" ", this.command);
	}

}
