/**
 * What operators see: health and the plugins endpoint.
 */
@NullMarked
package org.hkpgateway.actuate;

import org.jspecify.annotations.NullMarked;
