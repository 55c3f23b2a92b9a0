package org.hkpgateway.antiabuse.ledger;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Iterator;
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
 * A question for which the gateway has no answer is decided by an {@link OwnLedger}, and
 * a block for which it has no room begins there: so a client is blocked if either says
 * so. Such a block is handed over to the gateway as soon as that takes it, at the latest
 * when the client asks again, so that an operator sees it and lifts it like all others.
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
		link.onReturn(() -> handOver(own.blockedClients().iterator()));
	}

	@Override
	public CompletionStage<Standing> standing(ClientKey client, boolean dryRun) {
		return this.link.ask(
				() -> this.state.get(this.prefix + client).thenCompose((block) -> standing(client, block, dryRun)),
				() -> this.own.standing(client, dryRun));
	}

	@Override
	public CompletionStage<Standing> judge(Offence offence, ClientKey client, long what, boolean dryRun) {
		SharedCounter counter = offence.shared();
		if (counter == null) {
			return this.own.judge(offence, client, what, dryRun);
		}
		return this.link.ask(() -> this.state.get(this.prefix + client).thenCompose((block) -> {
			CompletionStage<Standing> standing = standing(client, block, dryRun);
			return (standing != Standing.CLEAR) ? standing : count(offence, counter, client, what, dryRun);
		}), () -> this.own.judge(offence, client, what, dryRun));
	}

	/** Both memories are asked, and the longer block counts. */
	private CompletionStage<Standing> standing(ClientKey client, Optional<SharedState.Value> there, boolean dryRun) {
		OwnLedger.Held here = this.own.held(client);
		if (here == null) {
			return there.isPresent() ? CompletableFuture.completedFuture(blocked(there.get())) : Standing.CLEAR;
		}
		Standing standing = isAsLong(there, here) ? blocked(there.orElseThrow()) : here.block();
		return dryRun ? CompletableFuture.completedFuture(standing)
				: handOver(client, here, there, true).thenApply((taken) -> standing);
	}

	private static boolean isAsLong(Optional<SharedState.Value> there, OwnLedger.Held here) {
		return there.isPresent() && there.get().ttl().compareTo(here.block().remaining()) >= 0;
	}

	/** One after the other, until the gateway fails again. */
	private void handOver(Iterator<ClientKey> clients) {
		while (clients.hasNext()) {
			ClientKey client = clients.next();
			OwnLedger.Held here = this.own.held(client);
			if (here == null) {
				continue;
			}
			CompletableFuture<Boolean> taken = handOver(client, here, Optional.empty(), true).toCompletableFuture();
			if (!taken.isDone()) {
				var unused = taken.thenAccept((done) -> {
					if (done) {
						handOver(clients);
					}
				});
				return;
			}
			if (!taken.join()) {
				return;
			}
		}
	}

	/**
	 * Gives the gateway a block that began here, unless it has one that lasts as long.
	 * @param there what it has, as far as is known
	 * @param again whether to try once more if it has something else by now
	 * @return whether the next client may be handed over; does not fail
	 */
	private CompletionStage<Boolean> handOver(ClientKey client, OwnLedger.Held here, Optional<SharedState.Value> there,
			boolean again) {
		if (isAsLong(there, here)) {
			this.own.release(here, client);
			return CompletableFuture.completedFuture(true);
		}
		Standing.Blocked block = here.block();
		long version = there.map(SharedState.Value::version).orElse(0L);
		return this.state.compareAndSet(this.prefix + client, version, text(block), block.remaining())
			.<CompletionStage<Boolean>>handle((swap, failure) -> {
				if (failure != null) {
					this.link.failed(failure);
					return CompletableFuture.completedFuture(false);
				}
				if (swap.stored()) {
					this.own.release(here, client);
					return begun(here.offence(), client, block).thenApply((done) -> true);
				}
				return again ? handOver(client, here, swap.current(), false) : CompletableFuture.completedFuture(true);
			})
			.thenCompose((stage) -> stage);
	}

	@Override
	public CompletionStage<Standing> count(Offence offence, ClientKey client, long what, boolean dryRun) {
		SharedCounter counter = offence.shared();
		if (counter == null) {
			return this.own.count(offence, client, what, dryRun);
		}
		return this.link.ask(() -> count(offence, counter, client, what, dryRun),
				() -> this.own.count(offence, client, what, dryRun));
	}

	private CompletionStage<Standing> count(Offence offence, SharedCounter counter, ClientKey client, long what,
			boolean dryRun) {
		return counter.count(client.toString(), what, dryRun)
			.thenCompose((excess) -> (excess != null) ? block(offence, client, excess, dryRun) : Standing.CLEAR);
	}

	/** From here on the client is refused, whatever fails. */
	private CompletionStage<Standing> block(Offence offence, ClientKey client, Excess excess, boolean dryRun) {
		int here = this.own.strikes(offence, client);
		return this.state.get(strikes(offence, client)).handle((strikes, failure) -> {
			if (failure != null) {
				this.link.failed(failure);
				return here;
			}
			return Math.max(here, strikes.map(SharedLedger::number).orElse(0));
		}).thenCompose((before) -> {
			int strike = before + 1;
			Duration length = offence.steps().length(strike, excess.untilRoom());
			Standing.Blocked block = new Standing.Blocked(offence.rule(), excess.limit(), strike, length, true);
			return dryRun ? CompletableFuture.completedFuture(block) : begin(offence, client, excess, block);
		});
	}

	/** Another request, or replica, may be first: a block begins once. */
	private CompletionStage<Standing> begin(Offence offence, ClientKey client, Excess excess, Standing.Blocked block) {
		return this.state.compareAndSet(this.prefix + client, 0, text(block), block.remaining())
			.<CompletionStage<Standing>>handle((swap, failure) -> {
				if (failure != null) {
					this.link.failed(failure);
					Standing here = this.own.begin(offence, client, excess, block.strike());
					return startAnew(offence, client).thenApply((done) -> here);
				}
				if (!swap.stored()) {
					return CompletableFuture.completedFuture(older(swap.current(), block));
				}
				return begun(offence, client, block).thenApply((done) -> block);
			})
			.thenCompose((stage) -> stage);
	}

	private CompletionStage<Boolean> begun(Offence offence, ClientKey client, Standing.Blocked block) {
		return settled(this.state.put(strikes(offence, client), bytes(Integer.toString(block.strike())),
				block.remaining().plus(offence.steps().forgetAfter())))
			.thenCompose((done) -> startAnew(offence, client));
	}

	/** What led to a block does not count again behind it. */
	private CompletionStage<Boolean> startAnew(Offence offence, ClientKey client) {
		SharedCounter counter = offence.shared();
		return (counter != null) ? settled(counter.blocked(client.toString()))
				: CompletableFuture.completedFuture(true);
	}

	/** Waits for what changes nothing of a block that stands. */
	private CompletionStage<Boolean> settled(CompletionStage<?> stage) {
		return stage.handle((done, failure) -> {
			if (failure != null) {
				this.link.failed(failure);
			}
			return failure == null;
		});
	}

	private static String strikes(Offence offence, ClientKey client) {
		return "strikes:" + offence.strikesPrefix() + client;
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
