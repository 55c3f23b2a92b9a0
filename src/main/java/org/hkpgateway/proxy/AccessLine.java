package org.hkpgateway.proxy;

import java.util.List;

/**
 * The fields as a line of logfmt: {@code key=value key="text"}, {@code -} for a value
 * that is not there. Nothing in a value can end the line or the quotes.
 */
final class AccessLine implements AccessFields {

	private static final char[] HEX = "0123456789abcdef".toCharArray();

	private final StringBuilder line = new StringBuilder(512);

	@Override
	public void word(String name, String value) {
		name(name).append(value.isEmpty() ? "-" : value);
	}

	@Override
	public void words(String name, List<String> values) {
		word(name, values.isEmpty() ? "" : String.join(",", values));
	}

	@Override
	public void quoted(String name, String value) {
		name(name).append('"');
		for (int i = 0; i < value.length(); i++) {
			char c = value.charAt(i);
			if (c >= 0x20 && c < 0x7f && c != '"' && c != '\\') {
				this.line.append(c);
			}
			else if (c < 0x100) {
				this.line.append("\\x").append(HEX[c >> 4]).append(HEX[c & 15]);
			}
			else {
				this.line.append("\\u")
					.append(HEX[c >> 12])
					.append(HEX[c >> 8 & 15])
					.append(HEX[c >> 4 & 15])
					.append(HEX[c & 15]);
			}
		}
		this.line.append('"');
	}

	@Override
	public void number(String name, long value) {
		if (value < 0) {
			word(name, "");
		}
		else {
			name(name).append(value);
		}
	}

	@Override
	public void millis(String name, long nanos) {
		if (nanos < 0) {
			word(name, "");
		}
		else {
			Millis.append(name(name), nanos);
		}
	}

	private StringBuilder name(String name) {
		if (!this.line.isEmpty()) {
			this.line.append(' ');
		}
		return this.line.append(name).append('=');
	}

	@Override
	public String toString() {
		return this.line.toString();
	}

}
