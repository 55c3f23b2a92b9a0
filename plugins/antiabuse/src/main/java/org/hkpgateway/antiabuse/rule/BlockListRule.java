package org.hkpgateway.antiabuse.rule;

import java.util.concurrent.CompletionStage;

import org.hkpgateway.antiabuse.count.ClientKey;
import org.hkpgateway.sdk.Request;

/**
 * {@code block-list}: addresses that are always refused.
 */
final class BlockListRule implements Rule {

	static final String NAME = "block-list";

	private final AddressSet addresses;

	BlockListRule(AddressSet addresses) {
		this.addresses = addresses;
	}

	@Override
	public CompletionStage<Verdict> judge(Request request, ClientKey client) {
		return this.addresses.contains(request.clientAddress()) ? Verdict.refused(NAME, 403,
				"Requests from your address are not accepted here.", "the address is on the block list")
				: Verdict.PASSED;
	}

}
