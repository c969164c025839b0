"""In whatever order things are done, and without waiting, the project is what is shown."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner
from napari.layers import Labels
from supervox.cli import supervox
from supervox.napari_plugin.session.cleaning import Cleaning
from supervox.napari_plugin.session.filling import Filling
from supervox.napari_plugin.tasks import jobs
from supervox.objects import CleanStep
from supervox.objects.steps import Asked
from supervox.project import Paint, Project
from supervox.volumes import open_volume

from tests.napari_plugin.corrector import put

STEPS = 80
PAUSES = (0, 0, 5, 30, 100, 300)  # milliseconds between two steps
TELLS = ("can't be balanced", "nothing is trained")  # of a class without strokes


class Anybody:
    """A person who does what comes to mind, and doesn't wait for what it means."""

    def __init__(self, bench: Any, truth: np.ndarray, folder: Path, seed: int) -> None:
        self.bench, self.session, self.truth, self.folder = bench, bench.session, truth, folder
        self.chance, self.number = random.Random(seed), 0
        session = bench.session
        self.cleaning = Cleaning(
            session.volume,
            session.classes,
            session.correcting,
            lambda: session.delivery.final,
            lambda: session.parameters.supervoxels.size_voxels,
        )
        self.filling = Filling(session.volume, session.painting, session.correcting)
        self.acts: dict[Callable[[], object], int] = {
            self.paint_right: 8,
            self.paint_anything: 4,
            self.write_in_the_array: 2,
            self.correct: 4,
            self.session.painting.undo: 7,
            self.session.painting.redo: 4,
            self.read_labels: 1,
            self.lock: 2,
            self.accept: 1,
            self.teach: 1,
            self.clean: 2,
            self.fill: 2,
            self.delete: 1,
            self.add: 1,
            self.rename: 1,
            self.balance: 2,
            self.ask_for_share: 1,
            self.mask: 1,
            self.scroll: 2,
            self.save_as: 1,
            self.session.extent.prepare: 1,
            self.session.delivery.finish: 2,
            self.find_objects: 2,
            self.delete_object: 2,
            self.mark_object: 1,
        }

    def act(self) -> str:
        """Do something; return what."""
        self.number += 1
        (act,) = self.chance.choices([*self.acts], [*self.acts.values()])
        act()
        return act.__name__

    @property
    def class_id(self) -> int:
        return self.chance.choice(self.session.classes.ids)

    def part(self) -> tuple[slice, ...]:
        first = [self.chance.randrange(n - 4) for n in self.truth.shape]
        return tuple(slice(a, a + n) for a, n in zip(first, (1, 4, 4), strict=True))

    def mask_of(self, part: tuple[slice, ...]) -> np.ndarray:
        mask = np.zeros(self.truth.shape, bool)
        mask[part] = True
        return mask

    def paint_right(self) -> None:
        part = self.part()
        class_id = int(np.bincount(self.truth[part].reshape(-1)).argmax())
        if class_id in self.session.classes:
            self.bench.paint_voxels(self.mask_of(part) & (self.truth == class_id), class_id)

    def paint_anything(self) -> None:
        self.bench.paint_voxels(self.mask_of(self.part()), self.class_id)

    def write_in_the_array(self) -> None:
        self.bench.strokes.data[self.part()] = self.class_id
        self.bench.strokes.refresh()

    def correct(self) -> None:
        voxels = np.flatnonzero(self.mask_of(self.part()))
        class_id = self.chance.choice([0, *self.session.classes.ids])
        put(self.session, voxels, np.full(voxels.size, class_id, np.uint8))

    def read_labels(self) -> None:
        some = np.random.default_rng(self.number).random(self.truth.shape) < 0.05
        importing = self.session.importing

        def choose(found: Any) -> None:
            importing.found.disconnect(choose)
            chosen = {value: value for value in found.counts if value in self.session.classes}
            importing.paint(found, chosen, over=self.chance.random() < 0.5)

        importing.found.connect(choose)
        importing.read("some", self.truth * some, ())

    def lock(self) -> None:
        class_id = self.class_id
        is_locked = self.session.classes[class_id].locked
        self.session.correcting.locking.set_locked(class_id, not is_locked)

    def accept(self) -> None:
        self.session.correcting.whole.accept(self.class_id)

    def teach(self) -> None:
        self.session.correcting.whole.teach(self.class_id)

    def clean(self) -> None:
        if self.cleaning.trial is None:
            self.cleaning.attempt(CleanStep("smooth", 1.0))
        else:
            self.cleaning.apply()

    def fill(self) -> None:
        if self.filling.trial is None:
            self.filling.choose(Paint.STROKES, self.class_id)
            self.filling.attempt()
        else:
            self.filling.apply()

    def delete(self) -> None:
        if len(self.session.classes) > 2:
            self.session.deleting.remove(self.class_id)

    def add(self) -> None:
        if len(self.session.classes) < 6:
            self.session.classes.add()

    def rename(self) -> None:
        self.session.classes.change(self.class_id, name=f"class of step {self.number}")

    def balance(self) -> None:
        self.session.balancing.move(self.class_id, self.chance.choice([-1.0, 0.0, 0.5, 1.0]))

    def ask_for_share(self) -> None:
        self.session.balancing.ask_for_share(self.class_id, self.chance.choice([0.1, 0.3]))

    def mask(self) -> None:
        layers = [layer for layer in self.bench.viewer.layers if layer.name == "tube"]
        if not layers:
            values: np.ndarray = np.ones(self.truth.shape, np.uint8)
            values[:, :, :5] = 0
            layers = [self.bench.viewer.add_layer(Labels(values, name="tube"))]
        self.session.masking.choose_layer(self.chance.choice([layers[0], None]))

    def scroll(self) -> None:
        self.bench.viewer.dims.set_current_step(0, self.chance.randrange(self.truth.shape[0]))

    def save_as(self) -> None:
        self.session.autosave.save_as(self.folder / f"{self.number}.supervox")

    def find_objects(self) -> None:
        self.session.by_hand.find(Asked(self.class_id, None, (self.class_id,)))

    def choose_object(self) -> bool:
        objects = self.session.delivery.objects
        if objects.found is None or objects.found.is_empty:
            return False
        objects.select((self.chance.choice(objects.found.table["id"].tolist()),))
        return True

    def delete_object(self) -> None:
        if self.choose_object():
            self.session.by_hand.delete()

    def mark_object(self) -> None:
        if self.choose_object():
            self.session.by_hand.mark()


@pytest.fixture
def slow_threads(request: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Have work on threads begin, and end, a little later than it would: now and then."""
    chance, run = random.Random(request.node.name), jobs.Job._run

    def rest() -> None:
        if chance.random() < 0.6:
            time.sleep(0.3 * chance.random() ** 2)

    def run_slowly(job: jobs.Job, task: jobs.Task) -> None:
        def and_rest(report: jobs.Report) -> Any:
            done = task(report)
            rest()
            return done

        rest()
        run(job, and_rest)

    monkeypatch.setattr(jobs.Job, "_run", run_slowly)


@pytest.mark.long
@pytest.mark.parametrize("seed", range(20))
def test_the_project_is_what_is_shown(
    bench: Any, scene: Any, tmp_path: Path, qtbot: Any, slow_threads: None, seed: int
) -> None:
    session, errors = bench.session, list[str]()
    for part in (*session.stages, session.live, session.importing, session.painting):
        part.failed.connect(lambda error: errors.append(str(error)))
    session.autosave.failed.connect(lambda error: errors.append(str(error)))
    session.classes.add()
    session.extent.prepare()
    anybody = Anybody(bench, scene.truth, tmp_path, seed)
    done = []
    for _ in range(STEPS):
        done.append(anybody.act())
        qtbot.wait(anybody.chance.choice(PAUSES))
    anybody.cleaning.release()
    anybody.filling.release()
    for _ in range(2):  # what is done may begin something else, after a pause
        bench.settle()
        qtbot.wait(1200)
    session.delivery.finish()
    bench.settle()
    assert [k for k in errors if not any(words in k for words in TELLS)] == [], done
    painting, folder = session.painting, session.autosave.folder
    assert not painting.recorder.look().size
    strokes, corrections = bench.strokes.data.copy(), painting.corrections.now.copy()
    counts = np.bincount(corrections.reshape(-1), minlength=256)
    assert painting.corrections.counts[1:].tolist() == counts[1:].tolist(), done
    classes, is_final = session.classes.ids, session.delivery.is_final_current
    shown = np.array(session.correcting.shown.now()) if is_final else None
    session.close()
    jobs.finish_files()
    with Project.open(folder) as project:
        store = project.annotations
        np.testing.assert_array_equal(store.voxels, strokes)
        np.testing.assert_array_equal(store.corrections, corrections)
        assert tuple(item.id for item in store.classes) == classes
        steps = 0
        while store.undo() is not None:
            steps += 1
        assert not store.voxels.any()
        assert not store.corrections.any()
        for _ in range(steps):
            store.redo()
        np.testing.assert_array_equal(store.voxels, strokes)
        np.testing.assert_array_equal(store.corrections, corrections)
    if shown is not None:
        made = tmp_path / "made.tif"
        command = ["segment", "--project", str(folder), "--output", str(made)]
        assert CliRunner().invoke(supervox, command).exit_code == 0, done
        with open_volume(made) as volume:
            np.testing.assert_array_equal(volume.data[:], shown)
