/**
 * What plugins keep with the gateway, so that it survives their process, and Redis, in
 * which gateways share it. Start reading at {@link org.hkpgateway.state.StateStore}.
 * Messages between gateways go the same way: {@link org.hkpgateway.state.RedisChannel}.
 */
@NullMarked
package org.hkpgateway.state;

import org.jspecify.annotations.NullMarked;
