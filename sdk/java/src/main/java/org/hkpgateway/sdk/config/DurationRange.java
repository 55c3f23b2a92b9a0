package org.hkpgateway.sdk.config;

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/**
 * The valid durations of a component of a configuration record, or of the items of its
 * list, map or {@code Optional}. Bounds are written as an operator would, and shown to
 * one as they are. On what is no {@code Duration} it is refused when the record is read.
 */
@Documented
@Retention(RetentionPolicy.RUNTIME)
@Target(ElementType.RECORD_COMPONENT)
public @interface DurationRange {

	/**
	 * Shortest valid duration.
	 * @return inclusive; empty: none
	 */
	String min() default "";

	/**
	 * Longest valid duration.
	 * @return inclusive; empty: none
	 */
	String max() default "";

}
