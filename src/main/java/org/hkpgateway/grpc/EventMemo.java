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
 * without those of the body, until other requests come. {@value #SLOTS} of at most
 * {@value #SMALL_BYTES} bytes are, as nearly all requests have, and {@value #LARGE_SLOTS}
 * of more. Safe for any thread, without locks.
 */
final class EventMemo {

	private static final int SLOTS = 1024;

	private static final int SMALL_BYTES = 4096;

	private static final int LARGE_SLOTS = 64;

	private final AtomicReferenceArray<@Nullable Entry> small = new AtomicReferenceArray<>(SLOTS);

	private final AtomicReferenceArray<@Nullable Entry> large = new AtomicReferenceArray<>(LARGE_SLOTS);

	/**
	 * Returns the bytes of an event.
	 * @param event the event, compared by identity
	 * @param conversion makes the bytes when they are not remembered
	 * @return the bytes
	 */
	ByteString get(RequestEvent event, Function<RequestEvent, ByteString> conversion) {
		int hash = System.identityHashCode(event);
		Entry entry = find(this.small, hash, event);
		if (entry == null) {
			entry = find(this.large, hash, event);
		}
		if (entry != null) {
			return entry.bytes;
		}
		ByteString bytes = conversion.apply(event);
		AtomicReferenceArray<@Nullable Entry> slots = (bytes.size() <= SMALL_BYTES) ? this.small : this.large;
		slots.set(hash & (slots.length() - 1), new Entry(new WeakReference<>(event), bytes));
		return bytes;
	}

	private static @Nullable Entry find(AtomicReferenceArray<@Nullable Entry> slots, int hash, RequestEvent event) {
		Entry entry = slots.get(hash & (slots.length() - 1));
		return (entry != null && entry.event.refersTo(event)) ? entry : null;
	}

	private record Entry(WeakReference<RequestEvent> event, ByteString bytes) {
	}

}
