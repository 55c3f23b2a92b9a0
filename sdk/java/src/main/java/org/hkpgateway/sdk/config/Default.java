package org.hkpgateway.sdk.config;

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/**
 * What a component of a configuration record is when its key is absent. On the component,
 * because there the reader of the record looks for it.
 */
@Documented
@Retention(RetentionPolicy.RUNTIME)
@Target(ElementType.RECORD_COMPONENT)
public @interface Default {

	/**
	 * The value as an operator would write it, read in the same way: {@code "4"},
	 * {@code "10s"}, {@code "a, b"}.
	 * @return the text
	 */
	String value();

}
