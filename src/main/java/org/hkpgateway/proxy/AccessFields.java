package org.hkpgateway.proxy;

import java.util.List;

/**
 * Takes the fields of a line of the access log, in order. A value that is not there is
 * empty, or negative if it is a number.
 */
interface AccessFields {

	/** One word, which nothing that a client sends can lengthen. */
	void word(String name, String value);

	/** Several of them. */
	void words(String name, List<String> values);

	/** Text that may contain anything. */
	void quoted(String name, String value);

	void number(String name, long value);

	/** A time in nanoseconds, shown in milliseconds with one decimal. */
	void millis(String name, long nanos);

}
