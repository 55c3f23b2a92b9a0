package org.hkpgateway.grpc;

import java.time.Duration;

/**
 * What plugins are told of the gateway when they are initialized.
 *
 * @param version the gateway's version, for example {@code 1.2.0}
 * @param chainBudget how long all plugins together may take for one request
 */
public record Gateway(String version, Duration chainBudget) {
}
