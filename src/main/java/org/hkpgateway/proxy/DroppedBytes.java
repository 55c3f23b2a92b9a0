package org.hkpgateway.proxy;

/**
 * Stands for bytes that {@link WireGuard} has thrown away, so that {@link ConnectionEnd}
 * can bound how many a client goes on sending behind a refusal.
 *
 * @param count how many
 */
record DroppedBytes(int count) {
}
