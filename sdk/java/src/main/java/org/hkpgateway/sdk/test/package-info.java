/**
 * Runs a plugin inside its own tests: without a gateway, a process or a network. Start
 * reading at {@link org.hkpgateway.sdk.test.PluginHarness}.
 */
@NullMarked
package org.hkpgateway.sdk.test;

import org.jspecify.annotations.NullMarked;
