package org.hkpgateway.proxy;

import java.util.List;

import org.jspecify.annotations.Nullable;
import org.slf4j.spi.LoggingEventBuilder;

/**
 * The fields as members of a log record, named {@code hkp.<name>}: schemas of log stores
 * have ideas of their own of a plain {@code client}. What is not there is no member. The
 * message is for people: method, target, status.
 */
final class AccessRecord implements AccessFields {

	private LoggingEventBuilder event;

	private final StringBuilder message = new StringBuilder();

	AccessRecord(LoggingEventBuilder event) {
		this.event = event;
	}

	@Override
	public void word(String name, String value) {
		if (name.equals("method")) {
			this.message.append(value);
		}
		if (!value.isEmpty()) {
			add(name, value);
		}
	}

	@Override
	public void words(String name, List<String> values) {
		if (!values.isEmpty()) {
			add(name, values);
		}
	}

	@Override
	public void quoted(String name, String value) {
		if (name.equals("target")) {
			this.message.append(' ').append(value);
		}
		add(name, value);
	}

	@Override
	public void number(String name, long value) {
		if (name.equals("status")) {
			this.message.append(' ').append((value >= 0) ? value : "-");
		}
		if (value >= 0) {
			add(name, value);
		}
	}

	@Override
	public void millis(String name, long nanos) {
		if (nanos >= 0) {
			add(name, Millis.tenths(nanos) / 10.0);
		}
	}

	private void add(String name, Object value) {
		this.event = this.event.addKeyValue("hkp." + name, value);
	}

	/**
	 * Hands the record to the log.
	 * @param line to be the message, for a log of plain lines beside; null for a short
	 * one
	 */
	void log(@Nullable AccessLine line) {
		this.event.setMessage("{}").addArgument((line != null) ? line : this.message).log();
	}

}
