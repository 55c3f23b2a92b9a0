package org.hkpgateway.antiabuse.ledger;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

import org.hkpgateway.antiabuse.count.ClientKey;
import org.hkpgateway.antiabuse.count.Excess;
import org.hkpgateway.antiabuse.count.SharedCounter;
import org.hkpgateway.sdk.host.SharedState;
import org.jspecify.annotations.Nullable;

/**
 * Has the blocks with the gateway: they are the same for all replicas, outlive this
 * process, and can be seen and lifted by an operator. A client that is blocked has under
 * its name a value that says so: who deletes the name lifts the block. Under
 * {@code strikes:} and its name is the number of its blocks by one rule, until they are
 * forgotten.
 *
 * <p>
 * A question for which the gateway has no answer is decided by an {@link OwnLedger}.
 */
public final class SharedLedger implements Ledger {

	private static final Pattern BLOCK = Pattern.compile("(?:([a-z-]{1,40}): )?(.{1,200}), block (\\d{1,9})");

	private final StateLink link;

	private final SharedState state;

	private final String prefix;

	private final String usualRule;

	private final OwnLedger own;

	/**
	 * Makes a ledger.
	 * @param link where it has the blocks
	 * @param prefix of all names
	 * @param usualRule the rule that need not be named in a block: those of plugins that
	 * had no other were written so
	 * @param own decides when the gateway does not
	 */
	public SharedLedger(StateLink link, String prefix, String usualRule, OwnLedger own) {
		this.link = link;
		this.state = link.state();
		this.prefix = prefix;
		this.usualRule = usualRule;
		this.own = own;
	}

	@Override
	public CompletionStage<Standing> standing(ClientKey client) {
		return this.link.ask(() -> this.state.get(this.prefix + client)
			.thenCompose((block) -> block.isPresent() ? CompletableFuture.completedFuture(blocked(block.get()))
					: Standing.CLEAR),
				() -> this.own.standing(client));
	}

	@Override
	public CompletionStage<Standing> judge(Offence offence, ClientKey client, long what, boolean dryRun) {
		SharedCounter counter = offence.shared();
		if (counter == null) {
			return this.own.judge(offence, client, what, dryRun);
		}
		String name = client.toString();
		return this.link.ask(
				() -> this.state.get(this.prefix + name)
					.thenCompose((block) -> block.isPresent() ? CompletableFuture.completedFuture(blocked(block.get()))
							: count(offence, counter, name, what, dryRun)),
				() -> this.own.judge(offence, client, what, dryRun));
	}

	@Override
	public CompletionStage<Standing> count(Offence offence, ClientKey client, long what, boolean dryRun) {
		SharedCounter counter = offence.shared();
		if (counter == null) {
			return this.own.count(offence, client, what, dryRun);
		}
		return this.link.ask(() -> count(offence, counter, client.toString(), what, dryRun),
				() -> this.own.count(offence, client, what, dryRun));
	}

	private CompletionStage<Standing> count(Offence offence, SharedCounter counter, String client, long what,
			boolean dryRun) {
		return counter.count(client, what, dryRun)
			.thenCompose(
					(excess) -> (excess != null) ? block(offence, counter, client, excess, dryRun) : Standing.CLEAR);
	}

	private CompletionStage<Standing> block(Offence offence, SharedCounter counter, String client, Excess excess,
			boolean dryRun) {
		return this.state.get("strikes:" + offence.strikesPrefix() + client).thenCompose((strikes) -> {
			int strike = strikes.map(SharedLedger::number).orElse(0) + 1;
			Duration length = offence.steps().length(strike, excess.untilRoom());
			Standing.Blocked block = new Standing.Blocked(offence.rule(), excess.limit(), strike, length, true);
			return dryRun ? CompletableFuture.completedFuture(block) : begin(offence, counter, client, block);
		});
	}

	/** Another request, or replica, may be first: a block begins once. */
	private CompletionStage<Standing> begin(Offence offence, SharedCounter counter, String client,
			Standing.Blocked block) {
		return this.state.compareAndSet(this.prefix + client, 0, text(block), block.remaining()).thenCompose((swap) -> {
			if (!swap.stored()) {
				return CompletableFuture.<Standing>completedFuture(older(swap.current(), block));
			}
			return this.state
				.put("strikes:" + offence.strikesPrefix() + client, bytes(Integer.toString(block.strike())),
						block.remaining().plus(offence.steps().forgetAfter()))
				.thenCompose((stored) -> counter.blocked(client))
				.thenApply((done) -> block);
		});
	}

	private Standing.Blocked older(Optional<SharedState.Value> current, Standing.Blocked block) {
		return current.map(this::blocked)
			.orElse(new Standing.Blocked(block.rule(), block.limit(), block.strike(), block.remaining(), false));
	}

	@Override
	public long offenders() {
		return this.own.offenders();
	}

	private byte[] text(Standing.Blocked block) {
		String rule = block.rule().equals(this.usualRule) ? "" : block.rule() + ": ";
		return bytes(rule + block.limit() + ", block " + block.strike());
	}

	private Standing.Blocked blocked(SharedState.Value block) {
		Matcher text = BLOCK.matcher(text(block));
		// A moment at least: what has just expired was there.
		Duration remaining = block.ttl().isZero() ? Duration.ofMillis(1) : block.ttl();
		if (!text.matches()) {
			return new Standing.Blocked(this.usualRule, "a limit", 1, remaining, false);
		}
		@Nullable String rule = text.group(1);
		return new Standing.Blocked((rule != null) ? rule : this.usualRule, text.group(2),
				Integer.parseInt(text.group(3)), remaining, false);
	}

	private static int number(SharedState.Value strikes) {
		String text = text(strikes);
		return text.matches("\\d{1,9}") ? Integer.parseInt(text) : 0;
	}

	private static String text(SharedState.Value value) {
		return new String(value.bytes(), StandardCharsets.US_ASCII);
	}

	private static byte[] bytes(String text) {
		return text.getBytes(StandardCharsets.US_ASCII);
	}

}
