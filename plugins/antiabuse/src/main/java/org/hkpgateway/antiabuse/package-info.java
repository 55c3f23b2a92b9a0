/**
 * The plugin that keeps abuse away from a keyserver. Start reading at
 * {@link org.hkpgateway.antiabuse.AntiabusePlugin}; what is refused and why is in
 * {@link org.hkpgateway.antiabuse.rule.Rules}.
 */
@NullMarked
package org.hkpgateway.antiabuse;

import org.jspecify.annotations.NullMarked;
