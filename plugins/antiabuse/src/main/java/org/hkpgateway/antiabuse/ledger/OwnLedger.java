package org.hkpgateway.antiabuse.ledger;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.LongSupplier;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import com.github.benmanes.caffeine.cache.Expiry;
import org.hkpgateway.antiabuse.count.ClientKey;
import org.hkpgateway.antiabuse.count.Excess;
import org.jspecify.annotations.Nullable;

/**
 * Has the blocks in the memory of this process. That is bounded: a block of a client that
 * goes on knocking stays under a flood of addresses, and one that is lost all the same is
 * found again at the next request, as long as the counts still exceed the limit.
 */
public final class OwnLedger implements Ledger {

	private final LongSupplier nanos;

	private final long start;

	/** Of each client the last block by each rule, until it is forgotten. */
	private final Cache<ClientKey, List<Block>> blocks;

	/**
	 * Makes a ledger.
	 * @param maxClients how many clients have blocks at a time
	 * @param nanos the time, as {@link System#nanoTime()}
	 */
	public OwnLedger(int maxClients, LongSupplier nanos) {
		this.nanos = nanos;
		this.start = nanos.getAsLong();
		this.blocks = Caffeine.newBuilder()
			.maximumSize(Math.max(1, maxClients))
			.expireAfter(Expiry.<ClientKey, List<Block>>writing((client, blocks) -> untilForgotten(blocks)))
			.ticker(nanos::getAsLong)
			.executor(Runnable::run)
			.build();
	}

	@Override
	public CompletionStage<Standing> standing(ClientKey client, boolean dryRun) {
		Standing.Blocked blocked = blocked(client);
		return (blocked != null) ? CompletableFuture.completedFuture(blocked) : Standing.CLEAR;
	}

	/** Looks for a block as well: what the gateway could not be told may be here. */
	@Override
	public CompletionStage<Standing> count(Offence offence, ClientKey client, long what, boolean dryRun) {
		return judge(offence, client, what, dryRun);
	}

	@Override
	public CompletionStage<Standing> judge(Offence offence, ClientKey client, long what, boolean dryRun) {
		Standing.Blocked blocked = blocked(client);
		if (blocked != null) {
			return CompletableFuture.completedFuture(blocked);
		}
		Excess excess = offence.own().count(client, what, dryRun);
		if (excess == null) {
			return Standing.CLEAR;
		}
		return CompletableFuture
			.completedFuture(dryRun ? next(offence, excess, 1, this.blocks.asMap().get(client)).told(now(), true)
					: begin(offence, client, excess, 1));
	}

	/**
	 * Begins a block, unless there is one: another thread may be first.
	 * @param offence what for
	 * @param client whose
	 * @param excess the limit that was exceeded
	 * @param strike its number, if this process knows of fewer
	 * @return the block that there is then
	 */
	Standing.Blocked begin(Offence offence, ClientKey client, Excess excess, int strike) {
		AtomicReference<Standing.@Nullable Blocked> result = new AtomicReference<>();
		this.blocks.asMap().compute(client, (key, old) -> {
			long now = now();
			Block standing = standing(old, now);
			Block block = (standing != null) ? standing : next(offence, excess, strike, old);
			result.set(block.told(now, standing == null));
			return (standing != null) ? old : replaced(old, block);
		});
		offence.own().blocked(client);
		Standing.Blocked blocked = result.get();
		if (blocked == null) {
			throw new IllegalStateException("a computation always has a result");
		}
		return blocked;
	}

	/**
	 * The block of a client that stands.
	 * @param client the client
	 * @return with what it is for; null: there is none
	 */
	@Nullable Held held(ClientKey client) {
		List<Block> blocks = this.blocks.getIfPresent(client);
		long now = now();
		Block standing = standing(blocks, now);
		return (standing != null) ? new Held(standing.offence(), standing.told(now, false)) : null;
	}

	/**
	 * The clients that are blocked.
	 * @return a copy, in no order
	 */
	List<ClientKey> blockedClients() {
		long now = now();
		List<ClientKey> clients = new ArrayList<>();
		this.blocks.asMap().forEach((client, blocks) -> {
			if (standing(blocks, now) != null) {
				clients.add(client);
			}
		});
		return clients;
	}

	/**
	 * Ends the block of a client, as somebody else has it now, and forgets what has led
	 * to it: who lifts it there must not be undone here. It still counts for the length
	 * of the next one.
	 * @param held the client's block
	 * @param client the client
	 */
	void release(Held held, ClientKey client) {
		held.offence().own().forget(client);
		this.blocks.asMap().computeIfPresent(client, (key, old) -> {
			long now = now();
			return old.stream().map((block) -> block.endedBy(now)).toList();
		});
	}

	private Block next(Offence offence, Excess excess, int least, @Nullable List<Block> old) {
		long now = now();
		int strike = Math.max(least, strikes(offence, old, now) + 1);
		Duration length = offence.steps().length(strike, excess.untilRoom());
		long until = now + Math.max(1, length.toNanos());
		return new Block(offence, excess.limit(), strike, until, until + offence.steps().forgetAfter().toNanos());
	}

	/**
	 * How many blocks a client has earned in this process that are not forgotten.
	 * @param offence by which rule
	 * @param client the client
	 * @return 0 or more
	 */
	int strikes(Offence offence, ClientKey client) {
		return strikes(offence, this.blocks.getIfPresent(client), now());
	}

	private static int strikes(Offence offence, @Nullable List<Block> blocks, long now) {
		if (blocks != null) {
			for (Block block : blocks) {
				if (block.isFor(offence) && block.forgottenAt() > now) {
					return block.strike();
				}
			}
		}
		return 0;
	}

	private static List<Block> replaced(@Nullable List<Block> old, Block block) {
		List<Block> blocks = new ArrayList<>((old != null) ? old : List.of());
		blocks.removeIf((other) -> other.isFor(block.offence()));
		blocks.add(block);
		return List.copyOf(blocks);
	}

	private Standing.@Nullable Blocked blocked(ClientKey client) {
		Held held = held(client);
		return (held != null) ? held.block() : null;
	}

	private static @Nullable Block standing(@Nullable List<Block> blocks, long now) {
		if (blocks != null) {
			for (Block block : blocks) {
				if (block.until() > now) {
					return block;
				}
			}
		}
		return null;
	}

	@Override
	public long offenders() {
		return this.blocks.estimatedSize();
	}

	/** Does all upkeep that is due, for tests. */
	void cleanUp() {
		this.blocks.cleanUp();
	}

	private Duration untilForgotten(List<Block> blocks) {
		long last = blocks.stream().mapToLong(Block::forgottenAt).max().orElse(0);
		return Duration.ofNanos(Math.max(1, last - now()));
	}

	private long now() {
		return this.nanos.getAsLong() - this.start;
	}

	/**
	 * A block that stands.
	 *
	 * @param offence what it is for
	 * @param block what there is against the client
	 */
	record Held(Offence offence, Standing.Blocked block) {
	}

	private record Block(Offence offence, String limit, int strike, long until, long forgottenAt) {

		boolean isFor(Offence other) {
			return this.offence.rule().equals(other.rule());
		}

		Block endedBy(long now) {
			return new Block(this.offence, this.limit, this.strike, Math.min(this.until, now), this.forgottenAt);
		}

		Standing.Blocked told(long now, boolean begins) {
			return new Standing.Blocked(this.offence.rule(), this.limit, this.strike,
					Duration.ofNanos(this.until - now), begins);
		}

	}

}
