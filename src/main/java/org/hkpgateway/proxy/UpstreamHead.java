package org.hkpgateway.proxy;

import io.netty.handler.codec.http.HttpHeaders;
import org.hkpgateway.hkp.HkpRequest;
import org.jspecify.annotations.Nullable;

/**
 * The head of a request to the keyserver.
 *
 * @param method as sent, for example {@code GET}
 * @param target octets as ISO-8859-1 characters, never re-encoded
 * @param hkp what it asks; null outside HKP
 * @param fields valid ones, without framing, which {@link UpstreamClient} sets; not
 * changed by anybody once they are here
 */
record UpstreamHead(String method, String target, @Nullable HkpRequest hkp, HttpHeaders fields) {

}
