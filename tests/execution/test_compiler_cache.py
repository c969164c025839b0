"""Kernels are compiled and loaded where neither installation nor home folder can be written to."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest
from supervox.execution.compiler_cache import VARIABLE, find_compiler_cache

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="owners are others there")


@pytest.fixture
def nowhere(tmp_path, monkeypatch):
    """An installation and a home that can't be written to, a folder that can."""
    (tmp_path / "file").touch()  # a folder below it can't be made, not even by root
    monkeypatch.delenv(VARIABLE, raising=False)
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.setenv("HOME", str(tmp_path / "file" / "home"))
    (tmp_path / "tmp").mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "tmp"))
    yield tmp_path / "file" / "installed" / "kernels.py"
    os.environ.pop(VARIABLE, None)


@pytest.fixture
def numba_config(monkeypatch):
    import numba

    monkeypatch.setattr(numba.config, "CACHE_DIR", numba.config.CACHE_DIR)
    return numba.config


def test_a_temporary_folder_is_used_and_named(nowhere, tmp_path, caplog, numba_config):
    find_compiler_cache(str(nowhere))
    place = Path(os.environ[VARIABLE])
    assert place == tmp_path / "tmp" / f"supervox-compiled-{os.getuid()}"
    assert place.stat().st_mode & 0o777 == 0o700
    assert str(place) == numba_config.CACHE_DIR
    assert len(caplog.records) == 1
    assert f"what is compiled is kept in {place}" in caplog.text
    find_compiler_cache(str(nowhere))
    assert len(caplog.records) == 1


@pytest.mark.parametrize("usual", ["installation", "home", "variable"])
def test_nothing_changes_where_it_can_be_written(nowhere, tmp_path, monkeypatch, caplog, usual):
    if usual == "installation":
        nowhere = tmp_path / "kernels.py"
    if usual == "home":
        monkeypatch.setenv("HOME", str(tmp_path / "home"))
    if usual == "variable":
        monkeypatch.setenv(VARIABLE, "/given")
    find_compiler_cache(str(nowhere))
    assert os.environ.get(VARIABLE) == ("/given" if usual == "variable" else None)
    assert not caplog.records
    assert not list((tmp_path / "tmp").iterdir())


def test_nothing_is_made_in_the_working_folder_where_there_is_no_home(
    nowhere, tmp_path, monkeypatch, numba_config
):
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    monkeypatch.setattr(os.path, "expanduser", lambda path: path)  # as for a user of no name
    find_compiler_cache(str(nowhere))
    assert VARIABLE in os.environ
    assert not list((tmp_path / "here").iterdir())


@pytest.mark.parametrize("theirs", ["link", "file", "open to all"])
def test_code_is_never_loaded_from_a_folder_of_others(nowhere, tmp_path, numba_config, theirs):
    name = tmp_path / "tmp" / f"supervox-compiled-{os.getuid()}"
    if theirs == "link":
        (tmp_path / "elsewhere").mkdir()
        name.symlink_to(tmp_path / "elsewhere")
    elif theirs == "file":
        name.touch()
    else:
        name.mkdir()
        name.chmod(0o777)
    find_compiler_cache(str(nowhere))
    place = Path(os.environ[VARIABLE])
    assert place != name
    assert place.parent == tmp_path / "tmp"
    assert place.stat().st_mode & 0o777 == 0o700
