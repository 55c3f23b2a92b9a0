import shutil
import tempfile
from pathlib import Path

import pytest


@pytest.fixture
def sockets():
    """A private directory with a path short enough for sockets."""
    directory = Path(tempfile.mkdtemp(prefix="hkpt"))
    yield directory
    shutil.rmtree(directory, ignore_errors=True)
