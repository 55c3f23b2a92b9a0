package org.hkpgateway.grpc;

import java.io.PrintStream;
import java.time.Duration;

/**
 * What {@link FakePlugin} prints when it prints too much.
 */
final class FakeOutput {

	private FakeOutput() {
	}

	static void longLines() {
		for (PrintStream pipe : new PrintStream[] { System.out, System.err }) {
			pipe.println("x".repeat(100 * 1024));
			pipe.println("after the long line");
		}
	}

	/** On both pipes at once, on threads of their own. */
	static void flood(Duration time) {
		long end = System.nanoTime() + time.toNanos();
		for (PrintStream pipe : new PrintStream[] { System.out, System.err }) {
			Thread printing = new Thread(() -> {
				while (System.nanoTime() < end) {
					pipe.println("a line of a flood, again and again");
				}
				pipe.println("the flood is over");
			}, "flood");
			printing.setDaemon(true);
			printing.start();
		}
	}

}
