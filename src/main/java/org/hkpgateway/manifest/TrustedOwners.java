package org.hkpgateway.manifest;

import com.sun.security.auth.module.UnixSystem;

/**
 * The users whose files the gateway runs.
 */
@FunctionalInterface
interface TrustedOwners {

	boolean contains(int uid);

	/** Root, and the user that the gateway runs as. */
	static TrustedOwners rootAndSelf() {
		return (uid) -> uid == 0 || uid == new UnixSystem().getUid();
	}

}
