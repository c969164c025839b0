"""Strokes that are exported keep their order, and the command line takes it from there."""

import numpy as np
import pytest
from supervox.project import Project, VoxelChange
from supervox.segmentation import find_strokes
from supervox.volumes import write_volume

QUICK = ("--partitions", 2, "--supervoxel-size", 6, "--preset", "fast")


@pytest.fixture
def painted(files, run, tmp_path):
    """A project whose strokes were painted one after the other, all over the volume."""
    folder, chance = tmp_path / "cell.supervox", np.random.default_rng(3)
    Project.create(folder, files / "volume.tif").close()
    with Project.open(folder) as project:
        store = project.annotations
        for step in range(18):
            value = 1 + step % 2
            places = np.flatnonzero((files.truth == value) & (store.voxels == 0))
            voxels = np.array([chance.choice(places)])
            store.apply(VoxelChange(voxels, np.zeros(1, np.uint8), np.full(1, value, np.uint8)))
    done = run("segment", "--project", folder, *QUICK, "--output", tmp_path / "labels.tif")
    assert done.code == 0, done.err
    return folder


@pytest.fixture
def write_steps(painted, run, read, tmp_path):
    """Write the project's strokes, and beside them what a function makes of their steps."""

    def inner(change):
        folder = tmp_path / "out"
        run("export", painted, "--output", folder, "--what", "strokes")
        beside = folder / "order_of_cell_strokes.ome.tif"
        steps = change(read(beside).astype(np.int64)).astype(np.uint32)
        write_volume(beside, steps, kind="labels")
        return folder / "cell_strokes.ome.tif"

    return inner


def test_exported_strokes_give_the_labels_of_the_project(painted, files, run, read, tmp_path):
    done = run("export", painted, "--output", tmp_path / "out", "--what", "strokes")
    assert done.code == 0, done.err
    assert "order_of_cell_strokes.ome.tif: written" in done.out
    strokes = tmp_path / "out" / "cell_strokes.ome.tif"
    again = ("segment", files / "volume.tif", "--annotations", strokes, *QUICK, "--output")
    done = run(*again, tmp_path / "again.tif")
    assert done.code == 0, done.err
    assert "is learned in the order of order_of_cell_strokes.ome.tif" in done.err
    expected = read(tmp_path / "labels.tif")
    np.testing.assert_array_equal(read(tmp_path / "again.tif"), expected)

    # elsewhere, and named
    order = (tmp_path / "out" / "order_of_cell_strokes.ome.tif").rename(tmp_path / "order.tif")
    done = run(*again, tmp_path / "named.tif", "--stroke-order", order)
    assert done.code == 0, done.err
    np.testing.assert_array_equal(read(tmp_path / "named.tif"), expected)

    # without it they are learned at once
    done = run(*again, tmp_path / "at_once.tif")
    assert done.code == 0, done.err
    assert "in the order of" not in done.err
    assert (read(tmp_path / "at_once.tif") != expected).any()


def test_a_project_takes_strokes_in_their_order(painted, files, run, read, tmp_path):
    run("export", painted, "--output", tmp_path / "out", "--what", "strokes")
    done = run(
        *("segment", files / "volume.tif", *QUICK, "--project", tmp_path / "other.supervox"),
        *("--annotations", tmp_path / "out" / "cell_strokes.ome.tif"),
        *("--output", tmp_path / "other.tif"),
    )
    assert done.code == 0, done.err
    np.testing.assert_array_equal(read(tmp_path / "other.tif"), read(tmp_path / "labels.tif"))
    with Project.open(tmp_path / "other.supervox") as other, Project.open(painted) as project:
        assert other.strokes == project.strokes


def test_an_order_of_any_numbers_gives_the_same_in_a_project(
    painted, files, run, read, write_steps, tmp_path
):
    strokes = write_steps(lambda steps: np.where(steps > 0, 1_764_000_000 + 60 * steps, 0))
    words = ("segment", files / "volume.tif", *QUICK, "--annotations", strokes)
    for more in (("--project", tmp_path / "other.supervox"), ()):
        done = run(*words, *more, "--output", tmp_path / "again.tif")
        assert done.code == 0, done.err
        np.testing.assert_array_equal(read(tmp_path / "again.tif"), read(tmp_path / "labels.tif"))


def test_a_project_with_the_same_strokes_takes_another_order(
    painted, files, run, read, write_steps, tmp_path
):
    strokes = write_steps(lambda steps: np.where(steps > 0, 100 - steps, 0))
    words = ("--annotations", strokes, "--output")
    done = run("segment", files / "volume.tif", *QUICK, *words, tmp_path / "expected.tif")
    assert done.code == 0, done.err
    for again in range(2):
        done = run("segment", "--project", painted, *words, tmp_path / "again.tif")
        assert done.code == 0, done.err
        np.testing.assert_array_equal(read(tmp_path / "again.tif"), read(tmp_path / "expected.tif"))
        with Project.open(painted) as project:  # erased, painted in order; then it has that order
            assert project.annotations.n_changes == 18 + 1 + 18, again
    assert (read(tmp_path / "again.tif") != read(tmp_path / "labels.tif")).any()


def test_strokes_that_an_order_does_not_know_are_told(painted, files, run, write_steps, tmp_path):
    strokes = write_steps(lambda steps: np.where(steps > 10, steps, 0))
    done = run(
        *("segment", files / "volume.tif", *QUICK, "--annotations", strokes),
        *("--output", tmp_path / "again.tif"),
    )
    assert done.code == 0, done.err
    assert "has no step for 10 painted voxels; they are learned as if painted before" in done.err


@pytest.mark.parametrize("ending", ["mrc", "nii.gz", "npy"])
def test_the_order_is_exported_in_every_format(ending, painted, files, run, read, tmp_path):
    words = ("--what", "strokes", "--format", ending)
    done = run("export", painted, "--output", tmp_path / "out", *words)
    assert done.code == 0, done.err
    strokes = tmp_path / "out" / f"cell_strokes.{ending}"
    words = ("segment", files / "volume.tif", *QUICK, "--spacing", 30, 30, 30)
    done = run(*words, "--annotations", strokes, "--output", tmp_path / "again.tif")
    assert f"is learned in the order of order_of_cell_strokes.{ending}" in done.err
    np.testing.assert_array_equal(read(tmp_path / "again.tif"), read(tmp_path / "labels.tif"))


def test_a_mesh_of_the_strokes_has_no_order(painted, run, tmp_path):
    words = ("--what", "strokes", "--format", "stl")
    done = run("export", painted, "--output", tmp_path / "out", *words)
    assert done.code == 0, done.err
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["cell_strokes.stl"]


def test_an_order_without_steps_is_told(painted, files, run, read, write_steps, tmp_path):
    strokes = write_steps(np.zeros_like)
    words = ("segment", files / "volume.tif", *QUICK, "--annotations", strokes, "--output")
    done = run(*words, tmp_path / "again.tif")
    assert done.code == 0, done.err
    assert "has no steps: the strokes are learned at once" in done.err
    assert "in the order of" not in done.err


def test_an_order_without_its_strokes_is_refused(painted, run, tmp_path):
    done = run("segment", "--project", painted, "--stroke-order", tmp_path / "order.tif")
    assert done.code != 0
    assert "--stroke-order is that of strokes in a file: give these as --annotations" in done.err


def test_an_undone_stroke_leaves_no_trace(painted, run, read, tmp_path):
    with Project.open(painted) as project:
        store = project.annotations
        before = project.strokes
        voxels = np.arange(40, 60)
        present = store.voxels.reshape(-1)[voxels]
        store.apply(VoxelChange(voxels, present, np.full(20, 2, np.uint8)))
    changed = tmp_path / "changed.tif"
    assert run("segment", "--project", painted, "--output", changed).code == 0
    with Project.open(painted) as project:
        project.annotations.undo()
        assert project.strokes == before
    assert run("segment", "--project", painted, "--output", tmp_path / "undone.tif").code == 0
    np.testing.assert_array_equal(read(tmp_path / "undone.tif"), read(tmp_path / "labels.tif"))
    assert (read(changed) != read(tmp_path / "labels.tif")).any()


@pytest.mark.parametrize(
    ("order", "message"),
    [
        (np.zeros((2, 3, 4), np.uint16), "is no order of the strokes in .*2 x 3 x 4 voxels"),
        (np.float32, "order.tif: holds .*but steps are whole numbers"),
        (-1, "order.tif: holds the step -1; steps go from 1 to 2147483647"),
        ("elsewhere", "no voxel that is painted has a step in it"),
        ("image", "order.tif: is an image, and no order of strokes"),
        ("truth", "order.tif: is no order of these strokes: .* voxels have a step, and only"),
    ],
)
def test_what_is_no_order_is_refused(order, message, files, run, read, tmp_path):
    strokes = read(files / "strokes.tif")
    wrong = {
        np.float32: (strokes > 0).astype(np.float32) / 2,
        -1: -(strokes > 0).astype(np.int16),
        "elsewhere": (strokes == 0).astype(np.uint16),
        "image": files.image,
        "truth": files.truth,
    }
    values = order if isinstance(order, np.ndarray) else wrong[order]
    write_volume(tmp_path / "order.tif", values, kind="image")
    done = run(
        *("segment", files / "volume.tif", "--annotations", files / "strokes.tif", *QUICK),
        *("--stroke-order", tmp_path / "order.tif", "--output", tmp_path / "labels.tif"),
    )
    assert done.code != 0
    assert message.partition(".*")[0] in done.err
    assert message.rpartition(".*")[2] in done.err
    assert not (tmp_path / "labels.tif").exists()
    assert find_strokes(strokes).voxels.size


def test_the_strokes_themselves_are_no_order(files, run, tmp_path):
    done = run(
        *("segment", files / "volume.tif", "--annotations", files / "strokes.tif", *QUICK),
        *("--stroke-order", files / "strokes.tif", "--output", tmp_path / "labels.tif"),
    )
    assert done.code == 2
    assert "strokes.tif: holds the strokes themselves; give the file with their order" in done.err
    assert "order_of_strokes.tif" in done.err


def test_an_order_of_strokes_that_were_erased_since_is_one(files, run, read, tmp_path):
    strokes = read(files / "strokes.tif")
    order = np.zeros(strokes.shape, np.uint16)
    order[strokes > 0] = np.arange(np.count_nonzero(strokes)) // 100 + 1
    write_volume(tmp_path / "order.tif", order, kind="image")
    left = np.where(order > order.max() // 2, strokes, 0)
    write_volume(tmp_path / "strokes.tif", left)
    done = run(
        *("segment", files / "volume.tif", "--annotations", tmp_path / "strokes.tif", *QUICK),
        *("--stroke-order", tmp_path / "order.tif", "--output", tmp_path / "labels.tif"),
    )
    assert done.code == 0, done.err
    assert "is learned in the order of order.tif" in done.err
