package org.hkpgateway.grpc;

import java.lang.ref.WeakReference;
import java.util.concurrent.atomic.AtomicReferenceArray;
import java.util.function.Function;

import com.google.protobuf.ByteString;
import org.hkpgateway.plugin.RequestEvent;
import org.jspecify.annotations.Nullable;

/**
 * Remembers the bytes made of an event, so that plugins which are shown the same event
 * share them. The chain asks them shortly one after the other, so slots for the requests
 * that are in the chain at a time are enough: a slot is chosen by identity and
 * overwritten by whatever comes next. Losing an entry costs one more conversion and is
 * never wrong.
 * <p>
 * It holds neither event nor body: the event is referred to weakly, and bytes are kept
 * without those of the body, and not if there are more than {@value #MAX_BYTES}, so at
 * most {@value #SLOTS} times as many stay in memory. Safe for any thread, without locks.
 */
final class EventMemo {

	private static final int SLOTS = 1024;

	private static final int MAX_BYTES = 4096;

	private final AtomicReferenceArray<@Nullable Entry> slots = new AtomicReferenceArray<>(SLOTS);

	/**
	 * Returns the bytes of an event.
	 * @param event the event, compared by identity
	 * @param conversion makes the bytes when they are not remembered
	 * @return the bytes
	 */
	ByteString get(RequestEvent event, Function<RequestEvent, ByteString> conversion) {
		int slot = System.identityHashCode(event) & (SLOTS - 1);
		Entry entry = this.slots.get(slot);
		if (entry != null && entry.event.refersTo(event)) {
			return entry.bytes;
		}
		ByteString bytes = conversion.apply(event);
		if (bytes.size() <= MAX_BYTES) {
			this.slots.set(slot, new Entry(new WeakReference<>(event), bytes));
		}
		return bytes;
	}

	private record Entry(WeakReference<RequestEvent> event, ByteString bytes) {
	}

}
