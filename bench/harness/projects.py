"""The plugins that `plugins new` writes, built as their authors build them."""

import os

from harness import builds, machine

# In the order of the tables.
TITLES = {"go": "Go SDK", "java": "Java SDK", "python": "Python SDK"}

_HINT = "Mend it, or give a directory that is ready to run with --plugin."


def make(root, jar, language, directory):
    """Writes a project below a directory and builds it; returns the plugin's directory, ready to run. Raises
    BuildFailed."""
    name = "bench-" + language
    project = os.path.join(directory, name)
    builds.run(directory, [machine.java() or "java", "-jar", jar, "plugins", "new", "--lang", language, name, project],
               _HINT)
    script = os.path.join(project, "build.sh")
    builds.run(project, [script] if os.path.exists(script) else [
        os.path.join(root, "mvnw"), "-B", "-q", "-Dmaven.test.skip=true", "package"], _HINT)
    for made in ("dist", os.path.join("target", "dist")):
        if os.path.exists(os.path.join(project, made, "plugin.toml")):
            return os.path.join(project, made)
    raise builds.BuildFailed(f"{project}: expected: a plugin.toml in dist, got: none\n{_HINT}")
