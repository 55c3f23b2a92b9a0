package org.hkpgateway.plugin;

import java.nio.ByteBuffer;

import org.hkpgateway.http.HeaderField;

import org.jspecify.annotations.Nullable;

/**
 * Another body for a request, as a plugin asks for it.
 *
 * @param bytes read-only, possibly empty
 * @param contentType the new value of Content-Type; null to leave it as it is
 */
public record BodyReplacement(ByteBuffer bytes, @Nullable String contentType) {

	public BodyReplacement {
		bytes = bytes.asReadOnlyBuffer();
		if (contentType != null) {
			HeaderField.checkValue("Content-Type", contentType);
		}
	}

}
