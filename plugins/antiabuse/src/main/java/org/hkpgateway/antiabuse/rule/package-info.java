/**
 * The rules, one class each. Start reading at {@link org.hkpgateway.antiabuse.rule.Rule};
 * {@link org.hkpgateway.antiabuse.rule.Rules} orders them.
 */
@NullMarked
package org.hkpgateway.antiabuse.rule;

import org.jspecify.annotations.NullMarked;
