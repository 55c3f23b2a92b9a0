/**
 * Configuration properties and wiring. Nothing imports it.
 */
@NullMarked
package org.hkpgateway.config;

import org.jspecify.annotations.NullMarked;
