/**
 * What plugins keep with the gateway, so that it survives their process. Start reading at
 * {@link org.hkpgateway.state.StateStore}.
 */
@NullMarked
package org.hkpgateway.state;

import org.jspecify.annotations.NullMarked;
