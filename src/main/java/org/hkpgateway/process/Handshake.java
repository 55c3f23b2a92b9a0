package org.hkpgateway.process;

import java.security.cert.X509Certificate;
import java.util.List;

import org.hkpgateway.plugin.PluginEndpoint;

import org.jspecify.annotations.Nullable;

/**
 * The first line on a plugin's stdout, as go-plugin defines it:
 * {@code core|app|network|address[|protocol[|certificate[|multiplex]]]}.
 *
 * @param appVersion the major protocol version that the plugin chose
 * @param endpoint where it listens
 * @param certificate null if none was expected
 */
record Handshake(int appVersion, PluginEndpoint endpoint, @Nullable X509Certificate certificate) {

	private static final String FORM = "core|app|network|address|protocol, for example 1|1|unix|/run/x/plugin123|grpc";

	private static final int CORE_VERSION = 1;

	/**
	 * Reads a handshake.
	 * @param line the line without its end
	 * @param terms what the plugin may answer
	 * @return the handshake
	 * @throws HandshakeException if it is none, or none that the gateway can work with
	 */
	static Handshake parse(String line, HandshakeTerms terms) {
		String[] fields = line.strip().split("\\|", -1);
		if (fields.length < 4 || !isNumber(fields[0])) {
			throw new HandshakeException("not a handshake: expected: " + FORM + ", got: '"
					+ Printable.excerpt(line, 200) + "'. Does the plugin, or a runtime it is started by, print "
					+ "something before the handshake? Is it built for another machine, or does it miss libraries?");
		}
		checkCore(fields[0]);
		int appVersion = appVersion(fields[1], terms.appVersions());
		PluginEndpoint endpoint = HandshakeAddress.parse(fields[2], fields[3], terms.tcp());
		checkProtocol((fields.length > 4) ? fields[4] : "");
		X509Certificate certificate = HandshakeCertificate.parse((fields.length > 5) ? fields[5] : "",
				terms.certificate());
		return new Handshake(appVersion, endpoint, certificate);
	}

	private static void checkCore(String core) {
		if (!core.equals(String.valueOf(CORE_VERSION))) {
			throw new HandshakeException(
					"core protocol version: expected: " + CORE_VERSION + ", got: " + Printable.excerpt(core, 20)
							+ "; build the plugin with a library that speaks version " + CORE_VERSION);
		}
	}

	private static int appVersion(String text, List<Integer> appVersions) {
		if (!isNumber(text)) {
			throw new HandshakeException(
					"app protocol version: expected: a number, got: '" + Printable.excerpt(text, 20) + "'");
		}
		int version = Integer.parseInt(text);
		if (!appVersions.contains(version)) {
			throw new HandshakeException(
					"no common app protocol version: the plugin speaks " + version + ", this gateway speaks "
							+ appVersions + "; the plugin must choose one of " + "PLUGIN_PROTOCOL_VERSIONS");
		}
		return version;
	}

	private static void checkProtocol(String protocol) {
		if (!protocol.equals("grpc")) {
			throw new HandshakeException("protocol: expected: grpc, got: "
					+ (protocol.isEmpty() ? "nothing, which means netrpc" : "'" + Printable.excerpt(protocol, 20) + "'")
					+ "; have the plugin serve gRPC");
		}
	}

	private static boolean isNumber(String text) {
		return text.matches("[0-9]{1,9}");
	}

}
