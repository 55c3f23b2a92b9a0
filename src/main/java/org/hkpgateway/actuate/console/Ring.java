package org.hkpgateway.actuate.console;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;

/**
 * The latest of something: what is too much drops the oldest. Items are numbered from 1
 * on, so that each reader knows what it has seen. Thread-safe; holds its lock for as long
 * as copying takes at most.
 *
 * @param <T> what it holds, immutable
 */
final class Ring<T> {

	private final int capacity;

	private final Deque<T> items = new ArrayDeque<>();

	private long last;

	/**
	 * An empty ring.
	 * @param capacity the most items that it holds
	 */
	Ring(int capacity) {
		this.capacity = capacity;
	}

	synchronized void add(T item) {
		if (this.items.size() == this.capacity) {
			this.items.removeFirst();
		}
		this.items.addLast(item);
		this.last++;
	}

	/**
	 * What came after an item, as far as it is still there.
	 * @param number of the item; 0 for all
	 * @return the later ones, oldest first
	 */
	synchronized Later<T> after(long number) {
		List<T> later = new ArrayList<>(this.items);
		long first = this.last - later.size() + 1;
		int seen = (int) Math.max(0, Math.min(later.size(), number - first + 1));
		return new Later<>(List.copyOf(later.subList(seen, later.size())), this.last);
	}

	/**
	 * Some items.
	 *
	 * @param <T> what they are
	 * @param items oldest first
	 * @param last the number of the latest that there ever was
	 */
	record Later<T>(List<T> items, long last) {
	}

}
