"""The template as ``plugins new`` makes a project of it."""

import os
import shutil
import stat
import subprocess
import sys
import tomllib
from pathlib import Path
from xml.etree import ElementTree

import pytest
from gateway import SECONDS, SOURCES, Identity, Process, event, initialize
from hkp_plugin.launch import COOKIE
from hkp_plugin.proto import hkp_plugin_pb2 as pb

TEMPLATE = SOURCES.parent / "template"
SPELLINGS = {"hkp-template": "short-search", "hkp_template": "short_search", "HkpTemplate": "ShortSearch",
             "@SDK_VERSION@": "0.1.0-SNAPSHOT"}
LEFT_OUT = shutil.ignore_patterns("__pycache__", "*.egg-info", "target", "build")


def replaced(text: str) -> str:
    for old, new in SPELLINGS.items():
        text = text.replace(old, new)
    return text


@pytest.fixture
def project(tmp_path):
    """A plugin named short-search."""
    root = tmp_path / "project"
    for source in sorted(TEMPLATE.rglob("*")):
        if source.is_file() and "__pycache__" not in source.parts:
            target = root / replaced(str(source.relative_to(TEMPLATE)))
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(replaced(source.read_text()))
            target.chmod(stat.S_IMODE(source.stat().st_mode))
    sdk = root / "third_party" / "hkp-sdk-python"
    shutil.copytree(SOURCES, sdk / "src", ignore=LEFT_OUT)
    for name in ("pyproject.toml", "README.md"):
        shutil.copy(SOURCES.parent / name, sdk)
    return root


def test_no_other_spelling_of_the_name_is_left(project):
    for file in project.rglob("*"):
        if file.is_file() and "third_party" not in file.parts:
            text = f"{file.relative_to(project)}\n{file.read_text()}".lower()
            assert "template" not in text.replace("@sdk_version@", ""), file


def test_its_own_tests_pass(project):
    result = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"], cwd=project, timeout=SECONDS * 2,
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(SOURCES)}, capture_output=True, text=True)
    assert result.returncode == 0 and "4 passed" in result.stdout, result.stdout + result.stderr


def test_manifest_and_configuration_have_the_same_defaults(project):
    manifest = tomllib.loads((project / "plugin.toml").read_text())
    code = ("from dataclasses import asdict; from short_search.config import ShortSearchConfig as C;"
            f"assert asdict(C()) == {manifest['plugin']['config']!r}")
    subprocess.run([sys.executable, "-c", code], cwd=project, env={"PYTHONPATH": str(SOURCES)}, timeout=SECONDS, check=True)
    assert manifest["plugin"]["executable"] == "hkp-plugin-short-search"


def test_what_it_builds_is_a_plugin(project, sockets):
    if os.environ.get("HKP_REQUIRE_ALL") != "true":
        pytest.skip("it takes long: set HKP_REQUIRE_ALL=true to run it")
    environment = {key: value for key, value in os.environ.items() if not key.startswith(("PYTHON", "VIRTUAL_ENV"))}
    for command in (["./build.sh", "test"], ["./build.sh"]):
        subprocess.run(command, cwd=project, env={**environment, "PYTHON": sys.executable}, timeout=SECONDS * 10, check=True)
    # It works elsewhere, and read-only.
    dist = Path(shutil.copytree(project / "dist", sockets / "dist"))
    shutil.rmtree(project)
    gateway = Identity()
    process = Process([str(dist / "hkp-plugin-short-search")], {
        "PATH": f"{os.path.dirname(os.path.realpath(sys.executable))}:{os.environ['PATH']}", "HKP_PLUGIN_COOKIE": COOKIE,
        "PLUGIN_UNIX_SOCKET_DIR": str(sockets), "PLUGIN_NAME": "short-search", "PLUGIN_CLIENT_CERT": gateway.pem.decode()})
    try:
        plugin = process.connect(process.handshake(), gateway)
        assert initialize(plugin).info.name == "short-search"
        hkp = pb.HkpRequest(operation=pb.HkpRequest.LOOKUP_INDEX, search="abc")
        assert plugin.HandleRequest(event("/pks/lookup", hkp=hkp), timeout=SECONDS).status_code == 429
        plugin.Shutdown(pb.ShutdownRequest(timeout_seconds=5), timeout=SECONDS)
        assert process.exit_code() == 0
        assert not list(dist.rglob("*.pyc.*"))
    finally:
        process.close()


def test_the_archive_holds_what_is_named_and_leaves_nothing_out():
    """``plugins new`` unpacks it: a key that lay about in a working copy was once in it."""
    repository = SOURCES.parents[2]
    assembly = repository / "src" / "main" / "assembly" / "python.xml"
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", "sdk/python"], cwd=repository, capture_output=True,
        text=True, check=False)
    if listed.returncode != 0:
        pytest.skip("expected: a working copy of git, got: none")
    versioned = set(listed.stdout.split("\0")) - {""}
    root = ElementTree.parse(assembly).getroot()
    space = root.tag.removesuffix("assembly")
    assert root.find(f".//{space}exclude") is None
    packed = set()
    for files in root.iter(f"{space}fileSet"):
        directory = (repository / "gateway" / files.findtext(f"{space}directory")).resolve()
        for include in files.iter(f"{space}include"):
            assert "*" not in include.text or include.text.endswith(("*.py", "*.pyi"))
            found = [str(file.relative_to(repository)) for file in directory.glob(include.text)]
            assert found, include.text
            packed.update(found)
    wanted = {file for file in versioned if file.startswith(("sdk/python/template/", "sdk/python/src/"))}
    assert packed == wanted | {f"sdk/python/{name}" for name in ("pyproject.toml", "README.md", "LICENSE")}
    assert (repository / "LICENSE").read_bytes() == (SOURCES.parent / "LICENSE").read_bytes()


def test_the_image_copies_the_plugin_as_the_other_templates_do():
    lines = (TEMPLATE / "Dockerfile").read_text().splitlines()
    assert "COPY --from=build /src/dist /dist" in lines
    assert lines[-1].startswith("CMD ") and "mkdir -p /plugins/hkp-template && cp -r /dist/. /plugins/hkp-template/" in lines[-1]
