package org.hkpgateway.proxy;

import java.net.URI;

/**
 * What is known of a keyserver.
 *
 * @param url where it is
 * @param primary whether it gets what may change something
 * @param up whether requests that only read go to it
 * @param error why it did not answer when it was asked; empty if it did, or was not asked
 */
public record UpstreamStatus(URI url, boolean primary, boolean up, String error) {
}
