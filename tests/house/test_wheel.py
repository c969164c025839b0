"""The wheel as a user gets it: built from the source distribution, in an environment of its own."""

from __future__ import annotations

import configparser
import json
import shutil
import subprocess
import sys
import sysconfig
import tomllib
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
PACKAGES: dict[str, str] = PROJECT["tool"]["setuptools"]["package-dir"]
DATA_FILES = ("py.typed", "*.pyi", "*.yaml", "*.json", "*.svg", "*.png")


def run(*command: str | Path, cwd: Path) -> str:
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{command}:\n{done.stdout}\n{done.stderr}"
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the wheel from a copy, so that nothing left in the working folder gets in."""
    source = tmp_path_factory.mktemp("source")
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, source)
    for folder in {place.partition("/")[0] for place in PACKAGES.values()}:
        shutil.copytree(
            ROOT / folder, source / folder, ignore=shutil.ignore_patterns("__pycache__")
        )
    out = tmp_path_factory.mktemp("dist")
    run(sys.executable, "-m", "build", "--no-isolation", "--outdir", out, source, cwd=source)
    (built,) = out.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def environment(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Install the wheel alone into an empty environment.

    What it depends on is found where this environment has it; the editable install isn't, since
    Python follows it only from a site folder, and this one is a mere entry of `sys.path`.
    """
    home = tmp_path_factory.mktemp("environment")
    run(sys.executable, "-m", "venv", "--without-pip", home, cwd=home)
    python = home / "bin" / "python"
    run(
        *(sys.executable, "-m", "pip", "--python", python, "install", "--quiet"),
        *("--no-deps", "--no-index", wheel),
        cwd=home,
    )
    site = Path(
        run(
            python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))", cwd=home
        ).strip()
    )
    outer = [sysconfig.get_path("purelib"), sysconfig.get_path("platlib")]
    (site / "outer.pth").write_text("\n".join(dict.fromkeys(outer)) + "\n")
    return home


def test_wheel_holds_only_supervox(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    information = f"supervox-{PROJECT['project']['version']}.dist-info/"
    assert {name.partition("/")[0] + "/" for name in names} == {"supervox/", information}
    assert "supervox/__init__.py" not in names, "supervox is a namespace package"
    assert f"{information}licenses/LICENSE" in names


def test_wheel_holds_every_module_and_data_file(wheel: Path) -> None:
    expected = {
        f"{package.replace('.', '/')}/{path.name}"
        for package, folder in PACKAGES.items()
        for pattern in ("*.py", *DATA_FILES)
        for path in (ROOT / folder).glob(pattern)
    }
    found = {name for name in zipfile.ZipFile(wheel).namelist() if name.startswith("supervox/")}
    assert found == expected


def test_wheel_offers_the_plugin_and_the_window(wheel: Path) -> None:
    information = f"supervox-{PROJECT['project']['version']}.dist-info/"
    with zipfile.ZipFile(wheel) as file:
        offered = configparser.ConfigParser()
        offered.read_string(file.read(f"{information}entry_points.txt").decode())
        module, _, manifest = offered["napari.manifest"]["supervox"].partition(":")
        assert b"display_name: Supervox" in file.read(f"{module.replace('.', '/')}/{manifest}")
        for place in offered["supervox.desktop"].values():
            module, _, function = place.partition(":")
            code = file.read(f"{module.replace('.', '/')}.py").decode()
            assert f"def {function}(" in code


def test_wheel_imports_in_an_empty_environment(environment: Path) -> None:
    rooms = sorted(name for name in PACKAGES if name != "supervox.napari_plugin")
    code = (
        "import importlib, json, sys\n"
        "print(json.dumps([importlib.import_module(name).__file__ for name in sys.argv[1:]]))"
    )
    out = run(environment / "bin" / "python", "-c", code, *rooms, cwd=environment)
    outside = [file for file in json.loads(out) if not Path(file).is_relative_to(environment)]
    assert not outside, "imported from elsewhere than the wheel"


def test_command_of_the_wheel_runs(environment: Path) -> None:
    out = run(environment / "bin" / "supervox", "--help", cwd=environment)
    assert "segment" in out
