package org.hkpgateway.antiabuse.rule;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import java.util.function.LongSupplier;

import org.hkpgateway.antiabuse.count.BucketCounter;
import org.hkpgateway.antiabuse.count.Limit;
import org.hkpgateway.antiabuse.count.OwnCounter;
import org.hkpgateway.antiabuse.count.SearchCounter;
import org.hkpgateway.antiabuse.count.SharedCounter;
import org.hkpgateway.antiabuse.count.SharedSearchCounter;
import org.hkpgateway.antiabuse.count.SharedWindowCounter;
import org.hkpgateway.antiabuse.count.SlidingCounter;
import org.hkpgateway.antiabuse.count.WindowCounter;
import org.hkpgateway.antiabuse.ledger.Ledger;
import org.hkpgateway.antiabuse.ledger.Offence;
import org.hkpgateway.antiabuse.ledger.OwnLedger;
import org.hkpgateway.antiabuse.ledger.SharedLedger;
import org.hkpgateway.antiabuse.ledger.StateLink;
import org.hkpgateway.antiabuse.ledger.Steps;
import org.hkpgateway.sdk.host.SharedState;
import org.jspecify.annotations.Nullable;

/**
 * Makes the rules and orders them. First what costs nothing and blocks nobody, then what
 * counts, and what looks into uploads behind it, so that a flood of bad ones is limited,
 * too.
 *
 * <p>
 * Enforced rules have one ledger: whatever a client is blocked for, it is blocked, and an
 * operator lifts that under one name. A rule that only observes has a ledger of its own,
 * so that it says what it would do, whatever the others do.
 */
public final class RulesFactory {

	/** Peers are few compared with clients. */
	private static final int CLIENTS_PER_PEER = 10;

	/** A block, and an error, cost more than a request. */
	private static final int CLIENTS_PER_OFFENDER = 4;

	/** Memory for the searches of all clients, per client that may be counted. */
	private static final int SEARCH_BYTES = 64;

	private final RulesConfig config;

	private final @Nullable StateLink link;

	private final LongSupplier nanos;

	private final List<OwnCounter> counters = new ArrayList<>();

	private final List<Ledger> ledgers = new ArrayList<>();

	private final Rules rules;

	/**
	 * Makes the rules.
	 * @param config what they are told
	 * @param link where clients are counted; null: in this process
	 * @param nanos the time, as {@link System#nanoTime()}
	 */
	public RulesFactory(RulesConfig config, @Nullable StateLink link, LongSupplier nanos) {
		this.config = config;
		this.link = link;
		this.nanos = nanos;
		this.rules = new Rules(requests(), hashqueries());
	}

	private List<Rules.Entry> requests() {
		Ledger enforced = ledger("", RateRule.NAME, this.config.maxClients());
		List<Rules.Entry> entries = new ArrayList<>();
		addStateless(entries);
		addRate(entries, RateRule.NAME, this.config.rate(), enforced, "", this.config.maxClients());
		RulesConfig.Upload upload = this.config.upload();
		add(entries, upload.mode(), new UploadRule(upload.maxBytes(), upload.contentTypes()));
		addCounting(entries, HarvestRule.NAME, this.config.harvest().mode(), enforced, this::harvest);
		addCounting(entries, ErrorsRule.NAME, this.config.errors().mode(), enforced, this::errors);
		return entries;
	}

	private List<Rules.Entry> hashqueries() {
		int peers = this.config.maxClients() / CLIENTS_PER_PEER;
		Ledger enforced = ledger("hashquery:", RateRule.HASHQUERY_NAME, peers);
		List<Rules.Entry> entries = new ArrayList<>();
		addStateless(entries);
		addRate(entries, RateRule.HASHQUERY_NAME, this.config.hashquery(), enforced, "hashquery:", peers);
		return entries;
	}

	/** Looks for blocks itself, so that each request is looked up once. */
	private void addRate(List<Rules.Entry> entries, String name, RulesConfig.Rate rate, Ledger enforced, String prefix,
			int clients) {
		if (rate.mode() != Mode.ENFORCE) {
			entries.add(new Rules.Entry(new StandingBlocks(enforced, null), Mode.ENFORCE));
		}
		if (rate.mode() != Mode.OFF) {
			String names = prefix(name, rate.mode(), prefix);
			Ledger ledger = (rate.mode() == Mode.ENFORCE) ? enforced : ledger(names, name, clients);
			Offence offence = offence(name, rate.steps(), names, new SlidingCounter(rate.limits(), clients, this.nanos),
					(state) -> new BucketCounter(state, names, rate.limits()));
			entries.add(new Rules.Entry(new RateRule(ledger, offence), rate.mode()));
		}
	}

	private void addStateless(List<Rules.Entry> entries) {
		add(entries, this.config.blockList().mode(), new BlockListRule(this.config.blockList().addresses()));
		if (!this.config.userAgent().patterns().isEmpty()) {
			add(entries, this.config.userAgent().mode(), new UserAgentRule(this.config.userAgent().patterns()));
		}
	}

	private static void add(List<Rules.Entry> entries, Mode mode, Rule rule) {
		if (mode != Mode.OFF) {
			entries.add(new Rules.Entry(rule, mode));
		}
	}

	private void addCounting(List<Rules.Entry> entries, String name, Mode mode, Ledger enforced,
			Function<Ledger, Rule> rule) {
		if (mode == Mode.ENFORCE) {
			entries.add(new Rules.Entry(rule.apply(enforced), mode));
		}
		if (mode == Mode.OBSERVE) {
			Ledger apart = ledger("observed:" + name + ":", name, this.config.maxClients());
			entries.add(new Rules.Entry(new StandingBlocks(apart, rule.apply(apart)), mode));
		}
	}

	private Rule harvest(Ledger ledger) {
		RulesConfig.Harvest harvest = this.config.harvest();
		Offence offence = offence(HarvestRule.NAME, harvest.steps(),
				prefix(HarvestRule.NAME, harvest.mode(), HarvestRule.NAME + ":"),
				new SearchCounter(harvest.searches(), harvest.broad(), (long) this.config.maxClients() * SEARCH_BYTES,
						this.nanos),
				(state) -> new SharedSearchCounter(state, HarvestRule.NAME + ":", harvest.searches(), harvest.broad()));
		return new HarvestRule(ledger, offence, harvest.shortest());
	}

	private Rule errors(Ledger ledger) {
		RulesConfig.Errors errors = this.config.errors();
		return new ErrorsRule(ledger, failures(errors, errors.searches(), "errors:"),
				failures(errors, errors.fetches(), "errors:keys:"), errors.statuses());
	}

	private Offence failures(RulesConfig.Errors errors, Limit limit, String names) {
		return offence(ErrorsRule.NAME, errors.steps(), prefix(ErrorsRule.NAME, errors.mode(), ErrorsRule.NAME + ":"),
				new WindowCounter(limit, this.config.maxClients() / CLIENTS_PER_OFFENDER, this.nanos),
				(state) -> new SharedWindowCounter(state, names, limit));
	}

	/** Strikes that were only observed do not count for a rule that is enforced. */
	private static String prefix(String rule, Mode mode, String enforced) {
		return (mode == Mode.OBSERVE) ? "observed:" + rule + ":" : enforced;
	}

	private Offence offence(String rule, Steps steps, String strikesPrefix, OwnCounter own,
			Function<SharedState, SharedCounter> shared) {
		this.counters.add(own);
		return new Offence(rule, steps, strikesPrefix, own,
				(this.link != null) ? shared.apply(this.link.state()) : null);
	}

	private Ledger ledger(String prefix, String usualRule, int clients) {
		OwnLedger own = new OwnLedger(clients / CLIENTS_PER_OFFENDER, this.nanos);
		Ledger ledger = (this.link != null) ? new SharedLedger(this.link, prefix, usualRule, own) : own;
		this.ledgers.add(ledger);
		return ledger;
	}

	/**
	 * The rules.
	 * @return ordered
	 */
	public Rules rules() {
		return this.rules;
	}

	/**
	 * How many clients are counted in this process, by all rules together.
	 * @return an estimate
	 */
	public long clients() {
		return this.counters.stream().mapToLong(OwnCounter::clients).sum();
	}

	/**
	 * How many clients are blocked in this process, or were of late.
	 * @return an estimate
	 */
	public long offenders() {
		return this.ledgers.stream().mapToLong(Ledger::offenders).sum();
	}

}
