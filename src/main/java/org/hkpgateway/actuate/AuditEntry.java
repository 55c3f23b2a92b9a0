package org.hkpgateway.actuate;

import org.jspecify.annotations.Nullable;
import reactor.util.context.ContextView;

import org.springframework.web.server.ServerWebExchange;

/**
 * What {@link AuditLog} will say of one request to the management port. Filled by whoever
 * knows: security, who it was; the endpoint, what was wanted and what came of it. Never
 * holds secrets.
 */
public final class AuditEntry {

	private volatile @Nullable String who;

	private volatile String claimed = "";

	private volatile boolean refused;

	private volatile String action = "";

	private volatile String plugin = "";

	private volatile String key = "";

	private volatile String outcome = "";

	AuditEntry() {
	}

	/**
	 * The entry of a request.
	 * @param exchange the request
	 * @return one that nobody reads, if there is no audit log
	 */
	public static AuditEntry of(ServerWebExchange exchange) {
		return (exchange.getAttribute(AuditEntry.class.getName()) instanceof AuditEntry entry) ? entry
				: new AuditEntry();
	}

	/** The same for who sees no exchange. */
	static AuditEntry of(ContextView context) {
		return context.<AuditEntry>getOrEmpty(AuditEntry.class).orElseGet(AuditEntry::new);
	}

	/**
	 * Somebody has shown a credential that is right.
	 * @param name whose it is
	 */
	public void by(String name) {
		this.who = name;
	}

	/**
	 * Somebody says who he is.
	 * @param name not believed yet
	 */
	public void claims(String name) {
		this.claimed = name;
	}

	/**
	 * Somebody has shown a credential that is not accepted. It is written even of what
	 * may be read without one: nobody should find out by trying unseen.
	 */
	public void refused() {
		this.refused = true;
	}

	/**
	 * Says what is wanted.
	 * @param what for example restart
	 * @param ofPlugin of which plugin; empty for none
	 * @param ofKey of which key of its state; empty for none
	 */
	void wants(String what, String ofPlugin, String ofKey) {
		this.action = what;
		this.plugin = ofPlugin;
		this.key = ofKey;
	}

	/** Says what came of it, in a word or two. */
	void came(String of) {
		this.outcome = of;
	}

	/** Null if nobody has shown who he is. */
	@Nullable String who() {
		return this.who;
	}

	boolean isRefused() {
		return this.refused;
	}

	String claimed() {
		return this.claimed;
	}

	String action() {
		return this.action;
	}

	String plugin() {
		return this.plugin;
	}

	String key() {
		return this.key;
	}

	String outcome() {
		return this.outcome;
	}

}
