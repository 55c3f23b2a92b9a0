package org.hkpgateway.sdk;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.Optional;

/**
 * What is still known of a request when its answer comes: neither headers nor body.
 *
 * @param method upper case by convention
 * @param target path and query as they were sent to the keyserver, with what plugins have
 * changed (ISO-8859-1)
 * @param client the client as the gateway resolved it; no header can forge it
 * @param hkp the gateway's reading of the target; empty outside HKP
 */
public record AnsweredRequest(String method, String target, InetSocketAddress client, Optional<HkpQuery> hkp) {

	/**
	 * The client's address.
	 * @return an IPv4 or IPv6 address, never a name
	 */
	public InetAddress clientAddress() {
		return this.client.getAddress();
	}

	/**
	 * Whether it asks for an operation.
	 * @param operation the operation
	 * @return false also outside HKP
	 */
	public boolean is(Operation operation) {
		return this.hkp.isPresent() && this.hkp.get().operation() == operation;
	}

}
