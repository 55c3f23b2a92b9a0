/**
 * Keeps plugins running: one state machine and one supervisor each.
 */
@NullMarked
package org.hkpgateway.lifecycle;

import org.jspecify.annotations.NullMarked;
