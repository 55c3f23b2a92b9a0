/**
 * Lines of the log that must not fill it. Everybody may use it.
 */
@NullMarked
package org.hkpgateway.log;

import org.jspecify.annotations.NullMarked;
