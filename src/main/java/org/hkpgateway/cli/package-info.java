/**
 * Commands that answer without starting the server. Nothing here may load Spring or a
 * logging framework: an answer is expected within a second. Start reading at
 * {@link org.hkpgateway.cli.CommandLine}.
 */
@NullMarked
package org.hkpgateway.cli;

import org.jspecify.annotations.NullMarked;
