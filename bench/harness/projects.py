"""The plugins that `plugins new` writes, built as their authors build them."""

import dataclasses
import os
import shutil
from typing import Callable

from harness import builds, machine

_HINT = "Mend it, or give a directory that is ready to run with --plugin."


def make(root, jar, language, directory):
    """Writes a project below a directory and builds it; returns the plugin's directory, ready to run. Raises
    BuildFailed."""
    name = "bench-" + language
    project = os.path.join(directory, name)
    builds.run(directory, [machine.java() or "java", "-jar", jar, "plugins", "new", "--lang", language, name, project],
               _HINT)
    _LANGUAGES[language].build(root, project, name)
    for made in ("dist", os.path.join("target", "dist")):
        if os.path.exists(os.path.join(project, made, "plugin.toml")):
            return os.path.join(project, made)
    raise builds.BuildFailed(f"{project}: expected: a plugin.toml in dist, got: none\n{_HINT}")


def _go(_root, project, name):
    _run(project, machine.program("go") or "go", "build", "-o", os.path.join("dist", "hkp-plugin-" + name), "./cmd")
    shutil.copy2(os.path.join(project, "plugin.toml"), os.path.join(project, "dist"))


def _java(root, project, _name):
    _run(project, os.path.join(root, "mvnw"), "-B", "-q", "-Dmaven.test.skip=true", "package")


def _python(_root, project, _name):
    _run(project, os.path.join(project, "build.sh"))


def _run(project, *command):
    builds.run(project, list(command), _HINT)


@dataclasses.dataclass(frozen=True)
class _Language:
    title: str
    build: Callable


_LANGUAGES = {"go": _Language("Go SDK", _go), "java": _Language("Java SDK", _java),
              "python": _Language("Python SDK", _python)}

# In the order of the tables.
TITLES = {name: language.title for name, language in _LANGUAGES.items()}
