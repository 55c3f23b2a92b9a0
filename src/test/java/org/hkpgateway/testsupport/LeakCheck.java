package org.hkpgateway.testsupport;

import java.util.List;

import org.junit.jupiter.api.extension.AfterAllCallback;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/**
 * Fails a test class when a buffer of Netty has leaked in this JVM. JUnit finds it by
 * itself and runs it for every class; garbage is collected only after those that used
 * Netty.
 */
public final class LeakCheck implements BeforeAllCallback, AfterAllCallback {

	private static volatile boolean active;

	private static long checked;

	/** Whether JUnit runs this. */
	static boolean isActive() {
		return active;
	}

	@Override
	public void beforeAll(ExtensionContext context) {
		active = true;
	}

	@Override
	public void afterAll(ExtensionContext context) {
		check(context.getDisplayName());
	}

	/**
	 * Fails if a buffer has leaked since the last time. Takes some 50 ms.
	 * @param where for the message
	 */
	public static synchronized void check(String where) {
		if (RecordingLeakDetector.tracked() == checked) {
			return;
		}
		List<String> leaks = RecordingLeakDetector.collect();
		checked = RecordingLeakDetector.tracked();
		if (!leaks.isEmpty()) {
			throw new AssertionError("expected: no leaked buffer at the end of " + where
					+ " (one of an earlier class may be found late), got: " + leaks);
		}
	}

}
