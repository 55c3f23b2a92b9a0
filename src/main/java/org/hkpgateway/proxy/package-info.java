/**
 * The HTTP edge: takes requests in, runs the chain, forwards to the keyserver.
 */
@NullMarked
package org.hkpgateway.proxy;

import org.jspecify.annotations.NullMarked;
