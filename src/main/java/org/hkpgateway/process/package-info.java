/**
 * Plugin processes: launch, handshake, output, ending. Start reading at
 * {@link org.hkpgateway.process.PluginLauncher}; {@code LocalPluginLauncher} shows a
 * launch from the first directory to the handshake, {@code Isolation} what it is wrapped
 * in, {@code LocalPluginProcess} the end.
 */
@NullMarked
package org.hkpgateway.process;

import org.jspecify.annotations.NullMarked;
