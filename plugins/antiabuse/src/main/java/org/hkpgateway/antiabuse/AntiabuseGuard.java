package org.hkpgateway.antiabuse;

import java.time.Duration;
import java.util.List;
import java.util.function.LongSupplier;

import org.hkpgateway.sdk.Decision;
import org.hkpgateway.sdk.Operation;
import org.hkpgateway.sdk.Request;
import org.hkpgateway.sdk.log.PluginLog;

/**
 * Decides about requests, once configured. Looks at the client that the gateway resolved
 * and at the operation, at nothing else: what a client writes into headers or searches
 * for is no reason to refuse it. Safe for any number of threads; never blocks.
 */
final class AntiabuseGuard {

	private static final PluginLog log = PluginLog.get("antiabuse");

	/** Peers are few compared with clients. */
	private static final int CLIENTS_PER_PEER = 10;

	private final AntiabuseConfig config;

	private final ClientLimiter requests;

	private final ClientLimiter hashqueries;

	AntiabuseGuard(AntiabuseConfig config, LongSupplier nanos) {
		this.config = config;
		this.requests = limiter(config, config.limits(), config.maxClients(), nanos);
		this.hashqueries = limiter(config, List.of(config.hashqueryLimit()), config.maxClients() / CLIENTS_PER_PEER,
				nanos);
	}

	Decision decide(Request request) {
		if (request.is(Operation.HEALTH) || this.config.allow().contains(request.clientAddress())) {
			return Decision.allow();
		}
		if (this.config.block().contains(request.clientAddress())) {
			return Decision.deny(403)
				.text("Requests from your address are not accepted here.")
				.annotate("rule", "block-list")
				.reason("the address is on the block list");
		}
		boolean hashquery = request.is(Operation.HASHQUERY);
		ClientLimiter limiter = hashquery ? this.hashqueries : this.requests;
		ClientKey client = ClientKey.of(request.clientAddress());
		Verdict verdict = request.dryRun() ? limiter.peek(client) : limiter.check(client);
		if (verdict instanceof Verdict.Refused refused) {
			String rule = hashquery ? "hashquery-rate-limit" : "rate-limit";
			if (refused.begins() && !request.dryRun()) {
				logBlock(client, rule, refused);
			}
			return deny(rule, refused);
		}
		return Decision.allow();
	}

	long clients() {
		return this.requests.clients() + this.hashqueries.clients();
	}

	long offenders() {
		return this.requests.offenders() + this.hashqueries.offenders();
	}

	private void logBlock(ClientKey client, String rule, Verdict.Refused refused) {
		log.warn("client blocked", "client", this.config.logAddresses() ? client : "-", "rule", rule, "limit",
				refused.limit(), "seconds", seconds(refused.remaining()), "strike", refused.strike());
	}

	private static Decision deny(String rule, Verdict.Refused refused) {
		long seconds = seconds(refused.remaining());
		return Decision.deny(429)
			.retryAfter(refused.remaining())
			.text("Too many requests from your address. Please try again in " + seconds
					+ ((seconds == 1) ? " second." : " seconds."))
			.annotate("rule", rule)
			.reason("more than " + refused.limit() + ", block " + refused.strike() + " of this client");
	}

	private static long seconds(Duration remaining) {
		return Math.max(1, remaining.plusNanos(999_999_999).toSeconds());
	}

	private static ClientLimiter limiter(AntiabuseConfig config, List<ClientLimiter.Limit> limits, int maxClients,
			LongSupplier nanos) {
		return new ClientLimiter(limits, config.blockSteps(), config.forgetAfter(), maxClients, nanos);
	}

}
