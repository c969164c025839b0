"""What is kept is written once, as long as it is there and still true."""

import shutil
from dataclasses import replace

from supervox.execution import Run
from supervox.features import PRESETS
from supervox.project import Project, keep_result, note_result
from supervox.project.compute import prepare
from supervox.project.partition_parts import fill_piece
from supervox.segmentation import Partition

from .conftest import QUICK


def opened(home):
    return Project.open(home / "cell.supervox")


def copy_of(partition):
    """Return the same values in other objects."""
    return Partition(partition.ids.copy(), replace(partition.table), replace(partition.graph))


def first_partition(folder):
    """Return the generations of features, graph and supervoxels that are kept."""
    names = sorted(path.stem for path in (folder / "derived").glob("*-0-*.zarr"))
    assert [name.partition("-")[0] for name in names] == ["features", "graph", "supervoxels"]
    return [int(name.rpartition("-")[2]) for name in names]


def test_what_was_read_or_written_is_not_written_again(home):
    folder = home / "cell.supervox"
    with opened(home) as project:
        read = project.derived.load_partitions(1)[0]
        project.derived.save_partition(0, read)
        assert first_partition(folder) == [1, 1, 1]
        other = copy_of(read)
        for _ in range(2):
            project.derived.save_partition(0, other)
            assert first_partition(folder) == [2, 2, 2]
        project.derived.save_partition(0, read)
        assert first_partition(folder) == [3, 3, 3]


def test_what_is_not_there_any_more_is_written_again(home):
    folder = home / "cell.supervox"
    with opened(home) as project:
        partition = project.derived.load_partitions(1)[0]
        shutil.rmtree(folder / "derived/graph-0-1.zarr")
        project.derived.save_partition(0, partition)
        assert first_partition(folder) == [1, 1, 1]
        parameters = replace(QUICK, features=PRESETS["x-ray-ct"])
        project.settings = replace(project.settings, parameters=parameters)
        project.derived.save_partition(0, partition)
        assert first_partition(folder) == [2, 1, 1], "only features depend on that"


def test_a_graph_with_statistics_of_its_boundaries_is_read_as_well(home):
    """As the first versions wrote it."""
    with opened(home) as project:
        before = project.derived.load_partitions(1)[0].graph
        parts = project.derived.parts
        header = parts.open("graph-0", 1).header

        def fill(writer):
            fill_piece(writer, before, Run())
            for name in ("boundary_intensity", "boundary_contrast"):
                writer.write(name, before.area)

        parts.write("graph-0", header, fill)
    with opened(home) as project:
        [found] = project.derived.load_partitions(1)
        assert not project.findings
        assert found.graph.edges.tolist() == before.edges.tolist()
        assert found.graph.area.tolist() == before.area.tolist()
    assert first_partition(home / "cell.supervox") == [1, 2, 1]


def test_a_copy_has_what_its_original_has(home):
    with opened(home) as project:
        partition = project.derived.load_partitions(1)[0]
        project.save_as(home / "copy.supervox")
        with Project.open(home / "copy.supervox") as copy:
            copy.derived.take_over(project.derived.known)
            copy.derived.save_partition(0, partition)
    assert first_partition(home / "copy.supervox") == [1, 1, 1]


def test_a_result_is_kept_once_and_noted_each_time(home, sample):
    folder = home / "cell.supervox"
    with opened(home) as project:
        strokes, n_steps = project.strokes, len(project.history.steps)
        segmenter = prepare(project, sample.image)
        result = segmenter.segment(strokes)
        for number in (1, 2):
            keep_result(project, segmenter, result, strokes)
            note_result(project, segmenter, result, strokes, 1.5)
            assert [path.name for path in (folder / "derived").glob("result-*")] == [
                "result-2.zarr"
            ]
            assert len(project.history.steps) == n_steps + number
        step = project.history.steps[-1]
        assert step["what"] == "segmented"
        assert step["seconds"] == 1.5
        assert step["supervoxels"] == [p.graph.n_supervoxels for p in segmenter.partitions]
        assert step["painted_voxels"] == strokes.voxels.size
