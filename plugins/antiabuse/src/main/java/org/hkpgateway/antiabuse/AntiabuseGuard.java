package org.hkpgateway.antiabuse;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.LongSupplier;

import org.hkpgateway.sdk.Decision;
import org.hkpgateway.sdk.Operation;
import org.hkpgateway.sdk.Request;
import org.hkpgateway.sdk.host.SharedState;
import org.hkpgateway.sdk.log.PluginLog;

import org.jspecify.annotations.Nullable;

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

	private final @Nullable SharedLimiter sharedRequests;

	private final @Nullable SharedLimiter sharedHashqueries;

	/**
	 * Makes the guard.
	 * @param config what is allowed
	 * @param state where clients are counted; null: in this process
	 * @param nanos the time, as {@link System#nanoTime()}
	 */
	AntiabuseGuard(AntiabuseConfig config, @Nullable SharedState state, LongSupplier nanos) {
		this.config = config;
		List<ClientLimiter.Limit> hashqueryLimits = List.of(config.hashqueryLimit());
		this.requests = own(config, config.limits(), config.maxClients(), nanos);
		this.hashqueries = own(config, hashqueryLimits, config.maxClients() / CLIENTS_PER_PEER, nanos);
		this.sharedRequests = (state != null)
				? new SharedLimiter(state, "", config.limits(), config, this.requests, nanos) : null;
		this.sharedHashqueries = (state != null)
				? new SharedLimiter(state, "hashquery:", hashqueryLimits, config, this.hashqueries, nanos) : null;
	}

	/**
	 * Decides about a request.
	 * @param request the request
	 * @return the decision, now or later
	 */
	CompletionStage<Decision> decide(Request request) {
		if (request.is(Operation.HEALTH) || this.config.allow().contains(request.clientAddress())) {
			return CompletableFuture.completedFuture(Decision.allow());
		}
		if (this.config.block().contains(request.clientAddress())) {
			return CompletableFuture.completedFuture(Decision.deny(403)
				.text("Requests from your address are not accepted here.")
				.annotate("rule", "block-list")
				.reason("the address is on the block list"));
		}
		boolean hashquery = request.is(Operation.HASHQUERY);
		ClientKey client = ClientKey.of(request.clientAddress());
		return limiter(hashquery).judge(client, request.dryRun())
			.thenApply(
					(verdict) -> decide(request, client, hashquery ? "hashquery-rate-limit" : "rate-limit", verdict));
	}

	private Limiter limiter(boolean hashquery) {
		SharedLimiter shared = hashquery ? this.sharedHashqueries : this.sharedRequests;
		if (shared != null) {
			return shared;
		}
		return hashquery ? this.hashqueries : this.requests;
	}

	private Decision decide(Request request, ClientKey client, String rule, Verdict verdict) {
		if (verdict instanceof Verdict.Refused refused) {
			if (refused.begins() && !request.dryRun()) {
				logBlock(client, rule, refused);
			}
			return deny(rule, refused);
		}
		return Decision.allow();
	}

	/**
	 * Where clients are counted at the moment.
	 * @return {@code shared}, {@code away}, which is in this process for want of the
	 * shared state, or {@code own}
	 */
	String state() {
		if (this.sharedRequests == null || this.sharedHashqueries == null) {
			return "own";
		}
		return (this.sharedRequests.isAway() || this.sharedHashqueries.isAway()) ? "away" : "shared";
	}

	/**
	 * How many clients are counted in this process.
	 * @return an estimate
	 */
	long clients() {
		return this.requests.clients() + this.hashqueries.clients();
	}

	/**
	 * How many clients are blocked, or were of late, in this process.
	 * @return an estimate
	 */
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

	private static ClientLimiter own(AntiabuseConfig config, List<ClientLimiter.Limit> limits, int maxClients,
			LongSupplier nanos) {
		return new ClientLimiter(limits, config.blockSteps(), config.forgetAfter(), maxClients, nanos);
	}

}
