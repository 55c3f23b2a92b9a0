package org.hkpgateway.state;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/**
 * What runs in Redis, as one step each. The files say what goes in and what comes out.
 */
enum RedisScript {

	GET("namespace", "get"), PUT("namespace", "put"), DELETE("namespace", "delete"),
	INCREMENT("namespace", "increment"), ACQUIRE("namespace", "acquire"), SIZE("namespace", "size"),
	OVERVIEW("namespace", "overview"), HEARTBEAT("heartbeat");

	private final String source;

	private final String digest;

	RedisScript(String... files) {
		StringBuilder text = new StringBuilder();
		for (String file : files) {
			text.append(read(file + ".lua"));
		}
		this.source = text.toString();
		this.digest = sha1(this.source);
	}

	private static String read(String file) {
		try (InputStream input = RedisScript.class.getResourceAsStream(file)) {
			if (input == null) {
				throw new IllegalStateException("expected: the resource " + file + ", got: none");
			}
			return new String(input.readAllBytes(), StandardCharsets.UTF_8);
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
	}

	/** By which Redis knows a script. */
	private static String sha1(String text) {
		try {
			return HexFormat.of()
				.formatHex(MessageDigest.getInstance("SHA-1").digest(text.getBytes(StandardCharsets.UTF_8)));
		}
		catch (NoSuchAlgorithmException ex) {
			throw new IllegalStateException(ex);
		}
	}

	/** The script itself. */
	String source() {
		return this.source;
	}

	/** Its SHA-1, in hexadecimal digits. */
	String digest() {
		return this.digest;
	}

}
