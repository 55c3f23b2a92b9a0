package org.hkpgateway.proxy;

import org.springframework.boot.context.properties.bind.DefaultValue;

/**
 * {@code hkp.tls}: TLS on the public port, beside clear text.
 *
 * @param bundle name of an SSL bundle ({@code spring.ssl.bundle}) with a key and its
 * certificates; empty for clear text only
 */
public record TlsSettings(@DefaultValue("") String bundle) {
}
