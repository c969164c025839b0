"""Every parameter of one value is an option of ``segment``; what isn't given stays as it is."""

import subprocess
import sys
from dataclasses import replace

import click
import pytest
from supervox.cli.parameter_options import ENTRIES, change_parameters
from supervox.cli.segment import command
from supervox.features import PRESETS
from supervox.parameters import entries_of
from supervox.segmentation import (
    ClassifierParameters,
    RefinementParameters,
    SegmentationParameters,
    SupervoxelParameters,
)

PARAMETERS = SegmentationParameters(
    SupervoxelParameters(5, 3, 2, 0.5), classifier=ClassifierParameters(seed=3), partitions=2
)
LISTS = {"features.filters", "features.sigmas_voxels", "features.statistics", "features.without"}
PAIRS = {"refinement.balance"}  # has an option of its own


def test_every_parameter_of_one_value_has_an_option():
    names = {entry.name for entry in entries_of(SegmentationParameters())}
    assert {entry.name for entry in ENTRIES.values()} == names - LISTS - PAIRS


def test_options_keep_the_names_that_scripts_have():
    found = {name for item in command.params for name in (*item.opts, *item.secondary_opts)}
    assert found >= {
        *("--supervoxel-size", "--preset", "--refine", "--partitions", "--no-edge-refinement"),
        *("--seed", "--classifier", "--trees", "--compactness", "--iterations", "--smoothing"),
    }


@pytest.mark.parametrize("option", ENTRIES)
def test_help_default_and_range_are_those_of_the_parameter(option):
    (found,) = (item for item in command.params if option in item.opts)
    about = ENTRIES[option].about
    assert found.help.startswith(about.help)
    assert found.default == ENTRIES[option].value
    assert about.range.lower() in found.help.lower()


def test_only_what_is_given_changes():
    assert change_parameters(PARAMETERS, {}) == PARAMETERS
    assert change_parameters(PARAMETERS, {"refine": 0, "edge_refinement": False}) == replace(
        PARAMETERS, refinement=RefinementParameters(0), edge_refinement=False
    )
    off = replace(PARAMETERS, edge_refinement=False)
    assert change_parameters(off, {"edge_refinement": True}) == PARAMETERS
    changed = change_parameters(PARAMETERS, {"preset": "fast", "supervoxel_size": 9.0})
    assert changed.features == PRESETS["fast"]
    assert changed.supervoxels == SupervoxelParameters(9, 3, 2, 0.5)


def test_what_can_not_be_is_told_with_its_option():
    with (
        click.Context(command),
        pytest.raises(click.BadParameter, match="partitions must lie between 1 and 16") as caught,
    ):
        change_parameters(PARAMETERS, {"partitions": 99})
    assert caught.value.param_hint == "'--partitions'"


def test_help_of_segment_needs_no_compiler():
    code = (
        "import sys\n"
        "from supervox.cli import supervox\n"
        "try: supervox(['segment', '--help'])\n"
        "except SystemExit as end: assert end.code == 0\n"
        "heavy = {'numba', 'scipy', 'sklearn', 'pydantic', 'rich'} & sys.modules.keys()\n"
        "sys.exit(f'loads {heavy}' if heavy else 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "--compactness" in done.stdout
