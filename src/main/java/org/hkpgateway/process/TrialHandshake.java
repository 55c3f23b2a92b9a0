package org.hkpgateway.process;

import java.security.cert.X509Certificate;

import org.hkpgateway.plugin.PluginEndpoint;
import org.jspecify.annotations.Nullable;

/**
 * What came of waiting for a plugin's handshake.
 *
 * @param line the first line on stdout that is not blank; null if none came
 * @param appVersion the major version that the plugin chose, 0 if that cannot be read
 * @param endpoint where it listens, null if the gateway could not tell
 * @param certificate of the line, null if there is none
 * @param fault which part of it the gateway would refuse
 * @param problem what was expected, and what came; empty without fault
 * @param socketAtOnce whether the socket was there when the line came
 */
public record TrialHandshake(@Nullable String line, int appVersion, @Nullable PluginEndpoint endpoint,
		@Nullable X509Certificate certificate, Fault fault, String problem, boolean socketAtOnce) {

	/**
	 * Reads a line as the gateway does.
	 * @param line the line
	 * @param terms what the plugin may answer
	 */
	static TrialHandshake read(String line, HandshakeTerms terms) {
		String[] fields = line.strip().split("\\|", -1);
		int version = (fields.length > 1 && fields[1].matches("[0-9]{1,9}")) ? Integer.parseInt(fields[1]) : 0;
		try {
			Handshake handshake = Handshake.parse(line, terms);
			return new TrialHandshake(line, version, handshake.endpoint(), handshake.certificate(), Fault.NONE, "",
					true);
		}
		catch (HandshakeException ex) {
			return new TrialHandshake(line, version, null, null, fault(fields, terms), String.valueOf(ex.getMessage()),
					true);
		}
	}

	/** No line: it is the line itself that is wrong. */
	static TrialHandshake none(@Nullable String line, String problem) {
		return new TrialHandshake(line, 0, null, null, Fault.LINE, problem, false);
	}

	TrialHandshake withoutSocket() {
		return new TrialHandshake(this.line, this.appVersion, this.endpoint, this.certificate, this.fault, this.problem,
				false);
	}

	/** In the order in which the gateway reads the fields. */
	private static Fault fault(String[] fields, HandshakeTerms terms) {
		if (fields.length < 4 || !fields[0].matches("[0-9]{1,9}")) {
			return Fault.LINE;
		}
		if (!fields[0].equals("1") || terms.appVersions().stream().map(String::valueOf).noneMatch(fields[1]::equals)) {
			return Fault.VERSION;
		}
		try {
			HandshakeAddress.parse(fields[2], fields[3], terms.tcp());
		}
		catch (HandshakeException ex) {
			return Fault.ADDRESS;
		}
		return (fields.length > 4 && fields[4].equals("grpc")) ? Fault.CERTIFICATE : Fault.LINE;
	}

	/** What is wrong with a handshake. */
	public enum Fault {

		/** Nothing. */
		NONE,
		/** No line, or none of the form. */
		LINE,
		/** The core or app version. */
		VERSION,
		/** Network or address. */
		ADDRESS,
		/** The certificate. */
		CERTIFICATE

	}

}
