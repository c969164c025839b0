"""Whatever is wrong: one line on stderr, exit code 2, and nothing written."""

import errno
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import tifffile
from supervox.segmentation import Segmenter
from supervox.volumes import VolumeWriter

QUICK = ("--partitions", 1)


@pytest.fixture
def bad(files):
    """Files that are no good, in the folder of the sample."""
    image, strokes = files.image, files.strokes
    files.write("small.tif", strokes[1:])
    files.write("float.tif", strokes.astype(np.float32) * 1.5)
    files.write("none.tif", strokes * 0)
    files.write("one.tif", (strokes == 2) * np.uint8(7))
    files.write("negative.tif", strokes.astype(np.int16) - 1)
    files.write("constant.tif", image * 0 + 5)
    files.write("eight.tif", (image // 256).astype(np.uint8), "image")
    z, y, x = (k // 4 for k in np.indices(image.shape))
    files.write("numbered.tif", ((z * 20 + y) * 20 + x + 1).astype(np.uint16))
    nans = image.astype(np.float32)
    nans[:] = np.nan
    files.write("nans.tif", nans)
    tifffile.imwrite(files / "rgb.tif", np.zeros((48, 56, 3), np.uint8), photometric="rgb")
    for name in ("cut.tif", "cut.mrc", "cut.h5"):
        files.write(name, image, "image")
        path = Path(files / name)
        path.write_bytes(path.read_bytes()[: image.nbytes // 2])
    Path(files / "notes.txt").write_text("not a volume")
    Path(files / "empty.tif").touch()
    return files


def _refused(done, message, folder):
    assert done.code == 2
    assert re.search(message, done.err), done.err
    errors = [line for line in done.err.splitlines() if "error:" in line]
    assert len(errors) == 1
    assert errors[0] == done.err.splitlines()[-1]
    assert errors[0].startswith("supervox: error: ")
    assert "Traceback" not in done.err
    assert done.out == ""
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize(
    ("volume", "strokes", "message"),
    [
        ("nope.tif", "strokes.tif", "nope.tif: there is no such file"),
        ("none/nope.tif", "strokes.tif", "the folder .*none doesn't exist"),
        ("volume.tif", "nope.tif", "nope.tif: there is no such file"),
        ("volume.tif", "small.tif", "small.tif: has 39 x 48 x 56 voxels, but .*volume.tif has 40"),
        ("volume.tif", "float.tif", "float.tif: holds [0-9.]*5, but strokes are whole numbers"),
        ("volume.tif", "none.tif", "the annotations are empty: paint at least one stroke"),
        ("volume.tif", "one.tif", "only class 7 is painted"),
        ("volume.tif", "negative.tif", "most of its voxels have -1, and some 0"),
        ("volume.tif", "volume.tif", "volume.tif: is an image, and no strokes: its values change"),
        ("volume.tif", "eight.tif", "eight.tif: is an image, and no strokes: its values change"),
        ("volume.tif", "numbered.tif", "different values, more than 255: is this an image"),
        ("constant.tif", "strokes.tif", "the volume is constant .every voxel is 5"),
        ("nans.tif", "strokes.tif", "the volume has no voxels with data"),
        ("rgb.tif", "strokes.tif", "is an RGB picture; supervox needs one channel"),
        ("cut.tif", "strokes.tif", "cut.tif: .*cut short"),
        ("cut.mrc", "strokes.tif", "cut.mrc: .*cut short"),
        ("cut.h5", "strokes.tif", "cut.h5: .*cut short"),
        ("empty.tif", "strokes.tif", "empty.tif: the file is empty"),
        ("notes.txt", "strokes.tif", "the ending '.txt' isn't known"),
        (".", "strokes.tif", "give one file, or a folder of nothing but slices"),
    ],
)
def test_bad_files(bad, run, tmp_path, volume, strokes, message):
    words = ("--annotations", bad / strokes, "--output", tmp_path / "l.tif", *QUICK)
    _refused(run("segment", bad / volume, *words), message, tmp_path)


IMAGE = "eight.tif: is an image, and no "


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("objects", "truth.tif", "--parents", "eight.tif"), f"{IMAGE}labels of what objects lie"),
        (("objects", "eight.tif"), f"{IMAGE}labels"),
        (("compare", "truth.tif", "eight.tif"), f"{IMAGE}labels"),
        (("compare", "truth.tif", "truth.tif", "--ignore", "eight.tif"), f"{IMAGE}labels"),
        (("score", "eight.tif", "truth.tif"), f"{IMAGE}labels"),
        (("score", "truth.tif", "eight.tif"), f"{IMAGE}labels"),
        (("interpolate", "eight.tif", "--output", "{here}/l.tif"), f"{IMAGE}labels"),
        (("clean", "eight.tif", "--output", "{here}/l.tif", "--step", "specks=9"), IMAGE),
        (("picture", "volume.tif", "{here}/p.png", "--labels", "eight.tif"), f"{IMAGE}labels"),
        (("picture", "volume.tif", "{here}/p.png", "--strokes", "eight.tif"), f"{IMAGE}strokes"),
    ],
)
def test_an_image_in_the_place_of_labels(bad, run, tmp_path, words, message):
    def meant(word):
        return bad / word if word.endswith(".tif") and "/" not in word else word

    done = run(*(meant(word).replace("{here}", str(tmp_path)) for word in words))
    assert done.code == 2
    assert re.search(message, done.err), done.err
    assert done.err.splitlines()[-1].startswith("supervox: error: ")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--spacing", 0, 1, 1), "'--spacing': spacing must be three positive numbers, not 0 1 1"),
        (("--spacing", -1, 1, 1), "three positive numbers, not -1 1 1"),
        (("--spacing", 1, "nan", 1), "three positive numbers, not 1 nan 1"),
        (("--spacing", 1, 1, "inf"), "three positive numbers, not 1 1 inf"),
        (("--spacing", "wide", 1, 1), "'wide' is not a valid float"),
        (("--spacing", 1, 1), "'--spacing' requires 3 arguments|is not a valid float"),
        (("--preset", "best"), "no feature preset 'best'; choose from default, cryo-sxt"),
        (("--workers", 0), "'--workers': 0 is not in the range"),
        (("--partitions", 0), "'--partitions': the number of partitions must lie between 1 and 16"),
        (("--partitions", "many"), "'many' is not a valid integer"),
        (("--supervoxel-size", 1), "'--supervoxel-size': the supervoxel size must be 2 voxels"),
        (("--supervoxel-size", "nan"), "the supervoxel size must be 2 voxels or more"),
        (("--refine", -1), "'--refine': .*must lie between 0 and 100, not -1"),
        (("--balance", "3=11"), "'--balance': .* class 3 must lie between -10 and 10, not 11"),
        (("--balance", "3"), "'--balance': '3' can't be read; write .* like 3=0.7"),
        (("--balance", "0=1"), "of a class from 1 to 65,535, not of 0"),
        (("--balance", "3=1", "--balance", "3=2"), "class 3 is given twice"),
        (
            ("--balance", "99=1"),
            "class 99 can't be balanced: there are strokes of the classes 1",
        ),
        (("--share", "3=100"), "'--share': .* must lie between 0 and 100 percent, not 100"),
        (("--share", "mito=4"), "'mito=4' can't be read; write .* like 3=4.5"),
        (("--share", "99=4"), "class 99 can't be balanced"),
        (("--share", "3=4", "--balance", "3=1"), "class 3 has --balance and --share"),
        (("--seed", -1), "'--seed': the seed must lie between 0 and"),
    ],
)
def test_bad_options(files, run, tmp_path, words, message):
    common = ("--annotations", files / "strokes.tif", "--output", tmp_path / "l.tif")
    done = run("segment", files / "volume.tif", *common, *words)
    _refused(done, message, tmp_path)
    assert len(done.err.splitlines()) == 1


@pytest.fixture
def no_work(monkeypatch):
    """Fail if the long computation begins."""

    def begin(*args, **more):
        raise AssertionError("the work began")

    monkeypatch.setattr(Segmenter, "prepare", begin)


@pytest.mark.usefixtures("no_work")
@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--output", "{here}/l.xyz"), "the ending '.xyz' isn't known; supervox knows .ome.tif"),
        (("--output", "{here}/l"), "the name has no ending"),
        (("--output", "{here}/none/l.tif"), "the folder .*none doesn't exist"),
        (("--output", "{sample}/volume.tif/l.tif"), "volume.tif/l.tif: "),
        (("--output", "{here}"), "is a folder"),
        (("--output", "/proc/l.tif"), "/proc/l.tif: the folder can't be written to"),
        (("--output", "{sample}/volume.tif"), "volume.tif: is read by this command"),
        (("--output", "{sample}/../{name}/strokes.tif"), "strokes.tif: is read by this command"),
        (("--uncertainty", "{here}/l.tif"), "l.tif: is written by this command already"),
        (("--save-model", "{here}/l.tif"), "l.tif: is written by this command already"),
        (("--save-model", "{here}"), "is a folder; give the name of a file"),
        (("--save-model", "{here}/none/m"), "the folder .*none doesn't exist"),
        (("--probabilities", "{here}/p.mrc"), "MRC holds one value a voxel"),
        (("--probabilities", "{here}/p.png"), "files can be read, not written; use another ending"),
    ],
)
def test_bad_outputs_are_found_before_the_work(files, run, tmp_path, words, message):
    places = {"here": tmp_path, "sample": files.folder, "name": files.folder.name}
    words = ("--output", tmp_path / "l.tif", *(word.format(**places) for word in words))
    before = (files.folder / "volume.tif").read_bytes(), (files.folder / "strokes.tif").read_bytes()
    done = run("segment", files / "volume.tif", "--annotations", files / "strokes.tif", *words)
    _refused(done, message, tmp_path)
    assert before == (
        (files.folder / "volume.tif").read_bytes(),
        (files.folder / "strokes.tif").read_bytes(),
    )


def _all_outputs(folder):
    return (
        *("--output", folder / "l.tif", "--probabilities", folder / "p.zarr"),
        *("--uncertainty", folder / "u.h5", "--save-model", folder / "m.npz", *QUICK),
    )


@pytest.mark.usefixtures("no_work")
def test_a_folder_without_permission(files, run, tmp_path, monkeypatch):
    def refuse(*args, **more):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))

    monkeypatch.setattr(Path, "mkdir", refuse)
    words = ("--annotations", files / "strokes.tif", *_all_outputs(tmp_path))
    done = run("segment", files / "volume.tif", *words)
    _refused(done, "l.tif: the folder can't be written to .Permission denied", tmp_path)


@pytest.mark.parametrize("broken", ["l.tif", "p.zarr", "u.h5"])
def test_if_one_output_fails_none_appears(files, run, tmp_path, monkeypatch, broken):
    write = VolumeWriter.__setitem__

    def fill_up(self, key, planes):
        write(self, key, planes)
        if self._request.target.path.name == broken:
            self._sink.write = no_space
            write(self, slice(key.stop, key.stop + 1), planes[..., :1, :, :])

    def no_space(planes):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(VolumeWriter, "__setitem__", fill_up)
    monkeypatch.setattr(
        "supervox.segmentation.rendering.segmentation.Segmentation.slabs", _half(files.image.shape)
    )
    words = ("--annotations", files / "strokes.tif", *_all_outputs(tmp_path))
    done = run("segment", files / "volume.tif", *words)
    _refused(done, f"{tmp_path / broken}: the disk is full, nothing was written", tmp_path)


def _half(shape):
    """Render the first plane only, so that there is something left to fail with."""
    from supervox.execution import Block
    from supervox.segmentation import Segmentation

    planes = (slice(0, 1), slice(0, shape[1]), slice(0, shape[2]))

    def slabs(self, *, probabilities, uncertainty, run):
        assert isinstance(self, Segmentation)
        return self.render(
            probabilities=probabilities,
            uncertainty=uncertainty,
            run=run,
            blocks=[Block(0, planes, planes)],
        )

    return slabs


def test_a_model_that_does_not_fit_on_the_disk(files, run, tmp_path, monkeypatch):
    def no_space(*args, **more):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr("supervox.cli.segment_run.save_model", no_space)
    words = ("--annotations", files / "strokes.tif", *_all_outputs(tmp_path))
    done = run("segment", files / "volume.tif", *words)
    _refused(done, "writing failed: No space left on device", tmp_path)


@pytest.mark.parametrize(
    ("exception", "code", "message"),
    [
        (MemoryError, 2, "error: not enough memory; give a smaller --memory"),
        (KeyboardInterrupt, 130, "stopped; nothing was written"),
    ],
)
def test_work_that_ends_early(files, run, tmp_path, monkeypatch, exception, code, message):
    def end(*args, **more):
        raise exception

    monkeypatch.setattr("supervox.segmentation.rendering.segmentation.Segmentation.slabs", end)
    words = ("--annotations", files / "strokes.tif", *_all_outputs(tmp_path))
    done = run("segment", files / "volume.tif", *words)
    assert done.code == code
    assert message in done.err.splitlines()[-1]
    assert list(tmp_path.iterdir()) == []


def test_bugs_are_not_hidden(files, run, tmp_path, monkeypatch):
    def fail(*args, **more):
        raise ValueError("a bug")

    monkeypatch.setattr(Segmenter, "prepare", fail)
    words = ("--annotations", files / "strokes.tif", *_all_outputs(tmp_path))
    with pytest.raises(ValueError, match="a bug"):
        run("segment", files / "volume.tif", *words)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such signals")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_cleans_up(files, tmp_path, number):
    large = np.random.default_rng(0).integers(0, 9, (100, 300, 300)).astype(np.uint8)
    strokes = np.zeros_like(large)
    strokes[5, :9], strokes[5, 20:29] = 1, 2
    files.write("large.tif", large, "image")
    files.write("large_strokes.tif", strokes)
    program = Path(sys.executable).with_name("supervox")
    words = ["segment", files / "large.tif", "--annotations", files / "large_strokes.tif"]
    words += ["--output", tmp_path / "l.tif", "--save-model", tmp_path / "m"]
    with subprocess.Popen(
        [program, *map(str, words)],
        stderr=subprocess.PIPE,
        text=True,
        # pytest may have been begun by a shell that ignores the signal, which would be passed on
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    ) as process:
        lines = iter(process.stderr.readline, "")
        assert any("Segmenting" in line for line in lines)
        time.sleep(0.3)
        process.send_signal(number)
        rest = process.stderr.read()
    assert process.returncode == 130, rest
    assert rest.splitlines()[-1] == "supervox: stopped; nothing was written"
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("options", [["size=300k"], ["size=20m", "ro"]])
def test_a_real_disk_that_is_full_or_read_only(files, program, tmp_path, options):
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", ",".join(options), "none", disk]
    if os.name == "nt" or subprocess.run(mount, check=False, capture_output=True).returncode:
        pytest.skip("no disk can be mounted here")
    try:
        words = ("--annotations", files / "strokes.tif", *_all_outputs(disk))
        done = program("segment", files / "volume.tif", *words)
        message = "Read-only file system" if "ro" in options else "the disk is full"
        _refused(done, message, disk)
        done = program("sample", disk / "new", "--shape", 64, 64, 64)
        _refused(done, message, disk)
    finally:
        subprocess.run(["umount", disk], check=True)
