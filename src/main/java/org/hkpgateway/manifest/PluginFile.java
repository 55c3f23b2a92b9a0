package org.hkpgateway.manifest;

import java.nio.file.Path;

/**
 * A file that makes a plugin.
 *
 * @param root the configured directory below which it was found
 * @param path a {@code plugin.toml}, or an executable that has none
 * @param bare whether it is such an executable
 */
record PluginFile(Path root, Path path, boolean bare) {

}
