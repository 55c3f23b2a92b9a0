package org.hkpgateway.hkp;

import java.util.Locale;

import org.jspecify.annotations.Nullable;

/**
 * A key of an upload.
 *
 * @param fingerprint upper-case hex of 32, 40 or 64 digits
 * @param version of the key packet, 0 if nobody says
 * @param change what became of it; null if nobody knows whether anything did
 */
public record UploadedKey(String fingerprint, int version, @Nullable KeyChange change) {

	public UploadedKey {
		fingerprint = fingerprint.toUpperCase(Locale.ROOT);
	}

	UploadedKey with(KeyChange change) {
		return new UploadedKey(this.fingerprint, this.version, change);
	}

	static boolean isFingerprint(String text) {
		return (text.length() == 32 || text.length() == 40 || text.length() == 64)
				&& text.chars().allMatch((digit) -> Character.digit(digit, 16) >= 0 && digit < 0x80);
	}

}
