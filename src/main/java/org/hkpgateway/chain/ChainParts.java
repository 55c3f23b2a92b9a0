package org.hkpgateway.chain;

import java.util.function.LongSupplier;

import org.hkpgateway.plugin.RequestChanges;

import org.jspecify.annotations.Nullable;

/**
 * What all requests of a chain share.
 *
 * @param settings bounds
 * @param changes how requests are changed
 * @param asker how plugins are asked
 * @param shadows how those in shadow mode are asked; null for in turn, and waited for
 * @param tarpit holds results back; null for not at all
 * @param warnings bounds the log of doubtful answers; null for no log
 * @param listener told of outcomes
 * @param nanoTime a monotonic clock in nanoseconds
 */
record ChainParts(ChainSettings settings, RequestChanges changes, Asker asker, @Nullable Shadows shadows,
		@Nullable Tarpit tarpit, @Nullable Occasionally warnings, ChainListener listener, LongSupplier nanoTime) {

}
