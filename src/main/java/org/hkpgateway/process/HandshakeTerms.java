package org.hkpgateway.process;

import java.util.List;

import org.hkpgateway.plugin.Network;
import org.hkpgateway.plugin.PluginConnection;
import org.hkpgateway.plugin.ProtocolVersion;

/**
 * What a plugin was told, and so may answer.
 *
 * @param appVersions the majors that the gateway speaks
 * @param tcp whether it may listen on a loopback port; a unix socket is always welcome
 * @param certificate whether it must show a certificate; if not, it must not
 */
record HandshakeTerms(List<Integer> appVersions, boolean tcp, boolean certificate) {

	HandshakeTerms {
		appVersions = List.copyOf(appVersions);
	}

	static HandshakeTerms of(Network network, PluginConnection.Offer offer) {
		return new HandshakeTerms(List.of(ProtocolVersion.CURRENT.major()), network == Network.TCP,
				offer.certificateExpected());
	}

}
