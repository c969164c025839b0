"""The power fails: of what was written only that is sure to be there which was synchronised.

A few times in ``make test``; ``SUPERVOX_POWER_LOSSES`` times, 200 by default, for each of the three
models of a disk in ``make test-long``.
"""

from __future__ import annotations

import os
import random
import shutil
import stat
import threading
from pathlib import Path

import numpy as np
import pytest
from supervox.project import Project, Severity, VoxelChange

FEW, MANY = 3, int(os.environ.get("SUPERVOX_POWER_LOSSES", "200"))
VOXELS = 60  # of a stroke

pytestmark = pytest.mark.skipif(os.name == "nt", reason="folders can't be synchronised there")


class Disk:
    """What of a folder is sure to be on the disk: seen at every `os.fsync`."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.folder = folder
        self._contents: dict[int, bytes] = {}  # by inode
        self._entries: dict[int, dict[str, int]] = {}
        self._kept: dict[int, int] = {}  # open handles, so that no inode is used twice
        self._lock = threading.Lock()
        self._sync = os.fsync
        for path in (folder, *folder.rglob("*")):
            handle = os.open(path, os.O_RDONLY)
            self._note(handle)
            os.close(handle)
        monkeypatch.setattr(os, "fsync", self.fsync)

    def fsync(self, handle: int) -> None:
        with self._lock:
            self._sync(handle)
            self._note(handle)

    def _note(self, handle: int) -> None:
        at = os.fstat(handle)
        if at.st_ino not in self._kept:
            self._kept[at.st_ino] = os.dup(handle)
        if stat.S_ISDIR(at.st_mode):
            self._entries[at.st_ino] = {entry.name: entry.inode() for entry in os.scandir(handle)}
        else:
            self._contents[at.st_ino] = Path(f"/proc/self/fd/{handle}").read_bytes()

    def close(self) -> None:
        for handle in self._kept.values():
            os.close(handle)

    def lose(self, place: Path, model: str, chance: random.Random) -> None:
        """Write what a disk has after the power failed now."""
        with self._lock:
            self._lose_folder(self.folder, self.folder.stat().st_ino, place, model, chance)

    def _lose_folder(
        self, now: Path | None, inode: int, place: Path, model: str, chance: random.Random
    ) -> None:
        place.mkdir()
        entries = dict(self._entries.get(inode, {}))
        present = {}
        if now is not None and now.is_dir():
            present = {entry.name: entry.inode() for entry in os.scandir(now)}
        if model == "names first":
            entries = present
        elif model == "anything":  # each entry is as it was, or as it is
            for name in sorted(entries.keys() | present.keys()):
                if chance.random() < 0.5:
                    entries.pop(name, None)
                    entries |= {name: present[name]} if name in present else {}
        for name, child in entries.items():
            path = now / name if now is not None and present.get(name) == child else None
            if child in self._entries or (path is not None and path.is_dir()):
                self._lose_folder(path, child, place / name, model, chance)
            else:
                (place / name).write_bytes(self._lost(path, child, model, chance))

    def _lost(self, now: Path | None, inode: int, model: str, chance: random.Random) -> bytes:
        synced = self._contents.get(inode, b"")
        if now is None or model == "only what is synchronised":
            return synced
        written = now.read_bytes()
        if model == "names first":  # the size is known, what wasn't synchronised is zeros
            return synced[: len(written)].ljust(len(written), b"\0")
        end = chance.randint(min(len(synced), len(written)), len(written))
        return written[:end]


def stroke(volume: np.ndarray, chance: random.Random) -> VoxelChange:
    voxels = np.arange(VOXELS) + chance.randrange(volume.size - VOXELS)
    old = volume.reshape(-1)[voxels].copy()
    return VoxelChange(voxels, old, np.full(VOXELS, chance.randrange(6), np.uint8))


def work(folder: Path, chance: random.Random) -> tuple[list[np.ndarray], int, Project]:
    """Paint, undo and save for a while; return all states, and which was said to be saved."""
    project = Project.open(folder)
    store = project.annotations
    states, sure = [store.voxels.copy()], 0
    for _ in range(chance.randrange(2, 25)):
        what = chance.choices(["paint", "undo", "redo", "save", "wait"], [12, 3, 2, 2, 6])[0]
        if what == "paint":
            store.apply(stroke(store.voxels, chance))
        elif what == "undo" and store.can_undo:
            store.undo()
        elif what == "redo" and store.can_redo:
            store.redo()
        elif what == "save":
            project.save()
        elif what == "wait":
            store.flush()
        states.append(store.voxels.copy())
        if what in ("save", "wait"):
            sure = len(states) - 1
    return states, sure, project


@pytest.mark.timeout(3600)
@pytest.mark.parametrize("n", [FEW, pytest.param(MANY, marks=pytest.mark.long)])
@pytest.mark.parametrize("model", ["only what is synchronised", "names first", "anything"])
def test_what_was_said_to_be_saved_is_there_after_a_loss_of_power(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, model: str, n: int
) -> None:
    for number in range(n):
        chance = random.Random(f"{model} {number}")
        here, there = tmp_path / f"here {number}", tmp_path / f"there {number}"
        shutil.copytree(home, here)
        with monkeypatch.context() as patch:
            disk = Disk(here, patch)
            states, sure, project = work(here / "cell.supervox", chance)
            disk.lose(there, model, chance)
        project.close()
        disk.close()
        with Project.open(there / "cell.supervox") as found:
            # of a stroke that nobody was told is saved, half may be there: that is said
            lost = [item.text for item in found.findings if item.severity is Severity.LOSS]
            assert all("no whole record" in text for text in lost), f"loss {number}: {lost}"
            voxels = found.annotations.voxels
            assert any(np.array_equal(voxels, state) for state in states[sure:]), (
                f"loss {number}: none of the states from {sure} of {len(states)} on"
            )
            found.annotations.apply(stroke(voxels, chance))
            found.save()
        shutil.rmtree(here)
        shutil.rmtree(there)
