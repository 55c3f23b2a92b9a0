package org.hkpgateway.sdk.config;

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/**
 * The valid values of a component of a configuration record, or of the items of its list,
 * map or {@code Optional}: of whole numbers, of {@code double}, and of the bytes of a
 * {@link Size}. On anything else it is refused when the record is read; durations have
 * {@link DurationRange}. Other checks belong into the record's compact constructor.
 */
@Documented
@Retention(RetentionPolicy.RUNTIME)
@Target(ElementType.RECORD_COMPONENT)
public @interface Range {

	/**
	 * Smallest valid value.
	 * @return inclusive; not given: none
	 */
	long min() default Long.MIN_VALUE;

	/**
	 * Largest valid value.
	 * @return inclusive; not given: none
	 */
	long max() default Long.MAX_VALUE;

}
