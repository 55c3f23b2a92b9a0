/**
 * What several test packages need: real keyservers, real gpg homes, large keys, raw HTTP.
 * A tool that is missing skips the test with a message, or fails it when the environment
 * has {@code HKP_REQUIRE_ALL=true}.
 */
package org.hkpgateway.testsupport;
