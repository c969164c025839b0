"""Options that parameters become: name, type, help and default follow from them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import click
from supervox.features import PRESETS, parameters_for_preset
from supervox.parameters import Parameter, ParameterEntry, change_entry, entries_of
from supervox.segmentation import SegmentationParameters

from .errors import checking

DEFAULT = SegmentationParameters()
DEFAULT_PRESET = next(name for name, preset in PRESETS.items() if preset == DEFAULT.features)
# Where an option isn't named like the field; the others are. Names never change: scripts have them.
NAMES = {
    "supervoxels.size_voxels": "--supervoxel-size",
    "supervoxels.smoothing_voxels": "--smoothing",
    "classifier.method": "--classifier",
    "refinement.strength": "--refine",
}
METAVARS = {int: "N", float: "X", str: "VALUE"}
# Of one value each; lists, as of filters, come as presets.
ENTRIES = {
    NAMES.get(entry.name, "--" + entry.path[-1].replace("_", "-")): entry
    for entry in entries_of(DEFAULT)
    if entry.kind in {bool, *METAVARS}
}


def parameter_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command the options of all parameters, in the order of the pipeline."""
    options = {name: _option(name, entry) for name, entry in ENTRIES.items()}
    first_behind = next(name for name, entry in ENTRIES.items() if entry.path[0] == "classifier")
    for name, option in reversed(options.items()):
        command = option(command)
        if name == first_behind:
            command = _preset(command)
    return command


def change_parameters(
    parameters: SegmentationParameters, given: Mapping[str, Any]
) -> SegmentationParameters:
    """Return parameters with what a person gave as options, by the options' names in Python.

    Raises
    ------
    click.BadParameter
        If a value can't be, or the library of a classifier is missing.
    """
    if "preset" in given:
        with checking("--preset"):
            features = parameters_for_preset(given["preset"])
        parameters = change_entry(parameters, ("features",), features)
    for option, entry in ENTRIES.items():
        if (value := given.get(_argument(option))) is not None:
            with checking(option):
                parameters = change_entry(parameters, entry.path, value)
    if "classifier" in given:
        from supervox.segmentation import check_installed  # brings the compiler along

        with checking("--classifier"):
            check_installed(parameters.classifier.method)
    return parameters


def _option(name: str, entry: ParameterEntry) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    about = entry.about
    if entry.kind is bool:
        return click.option(
            f"{name}/--no-{name.removeprefix('--')}",
            default=entry.value,
            show_default=True,
            help=about.help,
        )
    return click.option(
        name,
        type=click.Choice(list(about.choices)) if about.choices else entry.kind,
        default=entry.value,
        show_default=True,
        metavar=None if about.choices else METAVARS[entry.kind],
        help=_help(about),
    )


def _help(about: Parameter) -> str:
    """Return the help of a parameter with its choices, or its range."""
    if about.choices:
        return f"{about.help} " + "; ".join(f"{k}: {words}" for k, words in about.choices.items())
    return f"{about.help} {about.range.capitalize()}." if about.range else about.help


def _argument(option: str) -> str:
    """Return the name that an option's value has in Python."""
    return option.removeprefix("--").replace("-", "_")


_preset = click.option(
    "--preset",
    metavar="NAME",
    default=DEFAULT_PRESET,
    show_default=True,
    help=f"What to measure in the image: {', '.join(PRESETS)}.",
)
