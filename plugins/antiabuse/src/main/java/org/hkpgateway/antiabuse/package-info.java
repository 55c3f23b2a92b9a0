/**
 * The plugin that limits requests per client address. Start reading at
 * {@link org.hkpgateway.antiabuse.AntiabusePlugin}; the counting is in
 * {@link org.hkpgateway.antiabuse.ClientLimiter} and
 * {@link org.hkpgateway.antiabuse.SlidingWindow}, which know nothing of plugins.
 */
@NullMarked
package org.hkpgateway.antiabuse;

import org.jspecify.annotations.NullMarked;
