"""What was learned on one volume labels others, in the window and in files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile
from supervox.napari_plugin.session.file_opening import ReadFile
from supervox.napari_plugin.session.next_step import next_step
from supervox.napari_plugin.session.snapshot import dock_state
from supervox.napari_plugin.session.view import Shown
from supervox.napari_plugin.tasks.exporting import ExportKind
from supervox.napari_plugin.tasks.labelling import Labelling
from supervox.napari_plugin.tasks.resources import Resources
from supervox.segmentation import save_model
from supervox.volumes import VolumeClass, open_volume, write_volume


@pytest.fixture
def learned(bench: Any) -> Any:
    bench.prepare(1, 2, 3)
    model = bench.session.models.learned()
    assert model is not None
    return model


def next_scene(bench: Any, scene: Any) -> None:
    """Open another volume that looks alike."""
    other = scene.image[:, :, ::-1].copy()
    fields = {"name": "mirrored", "metadata": {"supervox": {}}}
    bench.session.next.show(ReadFile("", [(other, fields, "image")], []))
    bench.settle()


def test_the_next_volume_is_labelled_without_a_stroke(
    bench: Any, learned: Any, scene: Any, tmp_path: Path
) -> None:
    next_scene(bench, scene)
    session = bench.session
    (offer,) = [one for one in session.next.offers if "what was learned" in one.action]
    session.next.accept(session.next.offers.index(offer))
    bench.settle()
    assert session.view.choices.shown is Shown.FINAL
    assert "look at them, count objects" in next_step(dock_state(session)).sentence
    labels = np.asarray(session.view.final.data)
    assert (labels == scene.truth[:, :, ::-1]).mean() > 0.95
    assert not session.painting.voxels.any()
    assert session.delivery.can_export(ExportKind.LABELS)
    session.delivery.export(ExportKind.LABELS, tmp_path / "labels.tif")
    bench.settle()
    with open_volume(tmp_path / "labels.tif") as volume:
        np.testing.assert_array_equal(volume.data[:], labels)


def test_features_that_are_chosen_but_not_prepared_are_not_in_what_was_learned(
    bench: Any, learned: Any
) -> None:
    from dataclasses import replace

    session = bench.session
    features = replace(session.parameters.features, filters=("raw",))
    chosen = replace(session.parameters, features=features)
    session.choose(replace(chosen, partitions=2))
    model = session.models.learned()
    assert model.parameters == replace(learned.parameters, partitions=2)


def test_what_was_learned_last_is_what_the_next_volume_gets(bench: Any, learned: Any) -> None:
    session = bench.session
    segmenter = session.preparation.prepared.segmenter
    session.delivery.finish()
    bench.settle()
    finished = session.delivery.finishing.finished.segmenter
    assert session.models.learned().classifier is finished.model().classifier
    more = np.zeros(bench.strokes.data.shape, bool)
    more[3, 12:28, 2:6] = True
    bench.paint_voxels(more, 1)
    bench.settle()
    assert session.models.learned().classifier is segmenter.model().classifier
    session.painting.undo()
    bench.settle()
    assert session.models.learned().classifier is finished.model().classifier
    session.models.use(learned)
    bench.until(lambda: session.delivery.finishing.finished.beside is not None)
    bench.paint_voxels(more, 1)
    bench.settle()
    assert session.models.learned().classifier is segmenter.model().classifier


def test_a_model_in_a_file(bench: Any, learned: Any, scene: Any, tmp_path: Path) -> None:
    save_model(learned, tmp_path / "cell.model")
    next_scene(bench, scene)
    bench.session.models.load(tmp_path / "cell.model")
    bench.until(lambda: bench.session.view.final is not None)
    bench.settle()
    assert bench.session.delivery.is_finished


@pytest.mark.parametrize("painted", [(1,), (1, 3)])
def test_labels_of_a_model_are_exported_as_they_are_shown(
    bench: Any, learned: Any, scene: Any, tmp_path: Path, painted: tuple[int, ...]
) -> None:
    next_scene(bench, scene)
    session = bench.session
    bench.paint(*painted)
    bench.settle()
    session.models.use(learned)
    bench.until(lambda: session.delivery.finishing.finished is not None)
    bench.settle()
    shown = np.asarray(session.view.final.data).copy()
    assert (shown == scene.truth[:, :, ::-1]).mean() > 0.95
    assert session.delivery.can_export(ExportKind.LABELS)
    session.delivery.export(ExportKind.LABELS, tmp_path / "labels.tif")
    bench.settle()
    with open_volume(tmp_path / "labels.tif") as volume:
        np.testing.assert_array_equal(volume.data[:], shown)


def test_a_model_renames_no_class_that_has_strokes(bench: Any, learned: Any, scene: Any) -> None:
    from dataclasses import replace

    next_scene(bench, scene)
    session = bench.session
    session.classes.change(2, name="lipid")
    bench.paint(2)
    bench.settle()
    session.models.use(learned)
    assert session.classes[2].name == "lipid"
    assert "painted as lipid would become structure" in session.opening.problem.text
    bench.settle()
    assert session.delivery.finishing.finished is None
    session.classes.change(2, name="structure")
    other = replace(learned, classes=(VolumeClass(1, "structure"),))
    session.models.use(other)
    assert "structure is another class of the model" in session.opening.problem.text
    assert session.classes[2].name == "structure"
    session.classes.change(1, name="outside")  # nothing is painted of it
    session.models.use(learned)
    bench.until(lambda: session.delivery.finishing.finished is not None)
    assert session.classes[1].name == "background"


def test_a_model_of_other_channels_is_refused(bench: Any, learned: Any) -> None:
    from dataclasses import replace

    assert bench.session.models.fits(learned)
    assert not bench.session.models.fits(replace(learned, n_images=2))  # nor offered, therefore
    bench.session.models.use(replace(learned, n_images=2))
    assert "2 channels" in bench.session.opening.problem.text


def test_voxels_of_another_size_are_told(bench: Any, learned: Any) -> None:
    from dataclasses import replace

    bench.session.volume.set_spacing((1.0, 1.0, 1.0), "um")
    same = replace(learned, unit="nm", spacing=(1000.0, 1000.0, 1000.0))
    bench.session.models.use(same)
    assert bench.session.next.offers == ()
    bench.session.models.use(replace(same, spacing=(2000.0, 500.0, 500.0)))
    assert "voxels of 2 × 0.5 × 0.5 µm" in bench.session.next.offers[0].text
    bench.settle()


def test_no_model_without_a_volume(open_bench: Any, learned: Any) -> None:
    empty = open_bench()
    empty.session.models.use(learned)
    assert empty.session.opening.problem.text.startswith("open a volume first")


def test_more_volumes_are_labelled_and_the_one_that_fails_says_why(
    run_stage: Any, bench: Any, learned: Any, scene: Any, tmp_path: Path
) -> None:
    for name in ("a", "b"):
        write_volume(tmp_path / f"{name}.tif", scene.image, kind="image")
    (tmp_path / "cut.mrc").write_bytes(b"123")
    both = np.stack([scene.image, scene.image])
    tifffile.imwrite(tmp_path / "times.ome.tif", both, metadata={"axes": "TZYX"}, ome=True)
    files = [str(tmp_path / name) for name in ("a.tif", "cut.mrc", "times.ome.tif", "b.tif")]
    first, cut, times, last = run_stage(
        Labelling(Resources(tmp_path, workers=2)), learned, files, tmp_path / "labels"
    )
    assert (first.volume, first.error) == (files[0], "")
    assert "is cut short" in cut.error
    assert times.error == (
        "times.ome.tif holds 2 time points: open it by itself, choose which is meant, and load the "
        "model there"
    )
    with open_volume(last.written) as volume:
        assert (volume.data[:] == scene.truth).mean() > 0.95


def test_labelling_can_be_stopped(
    quiet: None, bench: Any, learned: Any, scene: Any, tmp_path: Path
) -> None:
    write_volume(tmp_path / "a.tif", scene.image, kind="image")
    labelling = bench.session.models.labelling
    labelling.start(learned, [str(tmp_path / "a.tif")], tmp_path / "labels")
    labelling.cancel_and_tell()
    assert not labelling.is_running
    bench.settle()
    assert not (tmp_path / "labels").exists()
