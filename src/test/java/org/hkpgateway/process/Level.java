package org.hkpgateway.process;

import java.io.IOException;

import org.hkpgateway.plugin.IsolationLevel;
import org.hkpgateway.testsupport.Requirements;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Assertions;
import org.junit.jupiter.api.Assumptions;

/**
 * The isolation levels with and without users of their own, as tests go through them.
 */
enum Level {

	/** The control: what an attempt does when nothing hinders it. */
	NONE(IsolationLevel.NONE, false),

	BASIC(IsolationLevel.BASIC, false),

	BASIC_OWN_USER(IsolationLevel.BASIC, true),

	STRICT(IsolationLevel.STRICT, false),

	STRICT_OWN_USER(IsolationLevel.STRICT, true);

	private final IsolationLevel level;

	private final boolean ownUser;

	Level(IsolationLevel level, boolean ownUser) {
		this.level = level;
		this.ownUser = ownUser;
	}

	IsolationLevel level() {
		return this.level;
	}

	boolean strict() {
		return this.level == IsolationLevel.STRICT;
	}

	@Nullable UidRange uids() {
		return this.ownUser ? IsolatedPlugin.UIDS : null;
	}

	/** Skips the test, or lets it fail, where this level cannot be had. */
	Level required() throws IOException {
		if (this.level != IsolationLevel.NONE) {
			Requirements.program("setpriv");
			Requirements.program("prlimit");
		}
		if (this.ownUser) {
			root();
		}
		if (strict()) {
			Requirements.program("bwrap");
			Isolation isolation = new Isolation(
					new LaunchOptions(null, System.getenv(), new RecordedOutput(), true).withUidRange(uids()));
			require(isolation.strictProblem() == null,
					"expected: a bwrap that works, got: " + isolation.strictProblem());
		}
		return this;
	}

	/** Skips the test where it is not run by root, who cannot be installed. */
	static void root() throws IOException {
		Assumptions.assumeTrue(Ownership.self() == 0,
				"expected: tests that run as root, got: user " + Ownership.self());
	}

	private static void require(boolean had, String message) {
		if (!had) {
			if (Boolean.parseBoolean(System.getenv("HKP_REQUIRE_ALL"))) {
				Assertions.fail(message);
			}
			Assumptions.abort(message);
		}
	}

}
