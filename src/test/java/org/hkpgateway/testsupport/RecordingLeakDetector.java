package org.hkpgateway.testsupport;

import java.lang.ref.ReferenceQueue;
import java.lang.ref.WeakReference;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicLong;

import io.netty.util.ResourceLeakDetector;
import io.netty.util.ResourceLeakTracker;

/**
 * Netty's leak detector, which also remembers what it finds. Netty makes one for each
 * type of resource, see the system property {@code io.netty.customResourceLeakDetector}.
 *
 * @param <T> the type
 */
public final class RecordingLeakDetector<T> extends ResourceLeakDetector<T> {

	/** Garbage collectors have had enough time by then. */
	private static final long COLLECTION_MILLIS = 5000;

	private static final List<RecordingLeakDetector<Object>> all = new CopyOnWriteArrayList<>();

	private static final Queue<String> leaks = new ConcurrentLinkedQueue<>();

	private static final AtomicLong tracked = new AtomicLong();

	/**
	 * Called by Netty.
	 * @param type of the resources
	 * @param interval not used at level paranoid
	 */
	@SuppressWarnings({ "unchecked", "deprecation", "this-escape" })
	public RecordingLeakDetector(Class<?> type, int interval) {
		super(type, interval);
		all.add((RecordingLeakDetector<Object>) this);
	}

	/** As Netty calls it in an older way. */
	@SuppressWarnings({ "unchecked", "deprecation", "this-escape" })
	public RecordingLeakDetector(Class<?> type, int interval, long maxActive) {
		super(type, interval, maxActive);
		all.add((RecordingLeakDetector<Object>) this);
	}

	@Override
	public ResourceLeakTracker<T> track(T resource) {
		tracked.incrementAndGet();
		return super.track(resource);
	}

	@Override
	protected boolean needReport() {
		return true;
	}

	@Override
	protected void reportTracedLeak(String type, String records) {
		leaks.add(type + records);
		super.reportTracedLeak(type, records);
	}

	@Override
	protected void reportUntracedLeak(String type) {
		leaks.add(type);
		super.reportUntracedLeak(type);
	}

	/** How many resources were tracked up to now. */
	static long tracked() {
		return tracked.get();
	}

	/**
	 * Collects garbage and takes what has leaked since the last call. Takes some 50 ms.
	 * @return for each leak its type and where it was last used
	 */
	static List<String> collect() {
		awaitCollection();
		// A detector looks at what was collected when it is given the next resource.
		for (RecordingLeakDetector<Object> detector : all) {
			Object resource = new Object();
			ResourceLeakTracker<Object> tracker = detector.trackForcibly(resource);
			if (tracker != null) {
				tracker.close(resource);
			}
		}
		List<String> found = new ArrayList<>();
		for (String leak = leaks.poll(); leak != null; leak = leaks.poll()) {
			found.add(leak);
		}
		return found;
	}

	private static void awaitCollection() {
		ReferenceQueue<Object> queue = new ReferenceQueue<>();
		for (int i = 0; i < 2; i++) {
			WeakReference<Object> sentinel = new WeakReference<>(new Object(), queue);
			System.gc();
			try {
				if (queue.remove(COLLECTION_MILLIS) != sentinel) {
					throw new AssertionError("expected: a garbage collection within 5 s, got: none");
				}
			}
			catch (InterruptedException ex) {
				Thread.currentThread().interrupt();
				return;
			}
		}
	}

}
