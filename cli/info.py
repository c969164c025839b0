"""``supervox info``: what a file holds."""

from __future__ import annotations

import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click
from supervox.execution import count_workers, describe_device
from supervox.features import FeatureBank, column_names
from supervox.project import is_project
from supervox.reports import describe_project, described_parameters, mask_text
from supervox.segmentation import (
    Model,
    SegmentationParameters,
    default_budget,
    load_model,
    versions,
)
from supervox.volumes import describe, open_volume, times

from . import options
from .projects import opened
from .report import print_facts, print_json


@click.command("info")
@click.argument("file", required=False)
@options.as_json
@options.follow
def command(file: str | None, as_json: bool) -> None:
    """Say what FILE holds: a volume of any format, a saved model, or a project.

    Without FILE: what there is to compute with, and in which versions.
    """
    if file is None:
        content = _describe_machine()
        facts = [(name, str(value)) for name, value in content.items() if name != "versions"]
        facts += list(content["versions"].items())
    elif is_project(Path(file)):
        with opened(Path(file), read_only=True) as project:
            content = describe_project(project)
        facts = _project_facts(content)
    elif _is_model(Path(file)):
        content = _describe_model(file, load_model(file))
        facts = _model_facts(content)
    else:
        with open_volume(file) as volume:
            content = describe(volume) | {"kind": "volume"}
        facts = _volume_facts(content)
    if as_json:
        print_json(content)
    else:
        print_facts(facts)


def _is_model(path: Path) -> bool:
    """Tell a model, whatever its name: a zip file with a header of ours."""
    if not path.is_file() or not zipfile.is_zipfile(path):
        return False
    with zipfile.ZipFile(path) as file:
        return "header.npy" in file.namelist()


def _describe_machine() -> dict[str, Any]:
    return {
        "processors": count_workers(None),
        "memory": f"{_size(default_budget())} by default",
        "device": describe_device(),
        "versions": versions(),
    }


def _describe_model(file: str, model: Model) -> dict[str, Any]:
    return {
        "path": file,
        "kind": "model",
        "class_ids": list(model.classifier.class_ids),
        "classes": [item.as_json() for item in model.classes],
        "features": list(column_names(FeatureBank(model.parameters.features), model.n_images)),
        "images": model.n_images,
        "painted_supervoxels": [int(item.supervoxels.size) for item in model.painted],
        "spacing": list(model.spacing),
        "unit": model.unit,
        "trained_on": model.trained_on,
        "parameters": model.parameters.to_dict(),
    }


def _model_facts(content: Mapping[str, Any]) -> list[tuple[str, str]]:
    unit = content["unit"] or ""
    names = {item["value"]: item["name"] for item in content["classes"]}
    classes = [f"{k} {names.get(k, '')}".strip() for k in content["class_ids"]]
    size = f"{times(content['spacing'])} {unit}".strip()
    return [
        ("file", content["path"]),
        ("kind", "supervox model"),
        ("classes", ", ".join(classes)),
        ("voxel size", f"{size} (of the volume that it was trained on)"),
        ("channels", str(content["images"])),
        ("columns", f"{len(content['features'])} of features"),
        *_parameter_facts(content["parameters"], names),
        ("trained on", f"volume {content['trained_on']}"),
    ]


def _parameter_facts(values: Mapping[str, Any], names: Mapping[int, str]) -> list[tuple[str, str]]:
    """Return a line for every stage, and one for every parameter beside the stages."""
    lines: dict[str, list[str]] = {}
    for entry, text in described_parameters(SegmentationParameters.from_dict(values), names):
        if entry.stage is None:
            lines[entry.about.title.lower()] = [text]
        else:
            stage, title = entry.stage.title.lower(), entry.about.title.lower()
            words = text if title == stage else f"{title} {text}"
            lines.setdefault(stage, []).append(words)
    return [(name, "; ".join(texts)) for name, texts in lines.items()]


def _volume_facts(content: Mapping[str, Any]) -> list[tuple[str, str]]:
    unit = content["unit"] or ""
    spacing, extent, chunks = content["spacing"], content["extent"], content["chunks"]
    classes = [f"{item['value']} {item['name']}" for item in content["classes"]]
    return [
        ("file", content["path"]),
        ("inside", content["inner"] or ""),
        ("format", content["format"]),
        ("shape", f"{times(content['shape'])} (planes x rows x columns)"),
        ("voxels", f"{content['voxels']:,} of {content['dtype']}, {_size(content['bytes'])}"),
        ("voxel size", f"{times(spacing)} {unit}".strip() if spacing else "not stated"),
        ("extent", f"{times(extent)} {unit}".strip() if extent else ""),
        ("origin", f"{times(content['origin'])} {unit}".strip() if any(content["origin"]) else ""),
        ("turned", content["turned"] or ""),
        ("chunks", times(chunks) if chunks else ""),
        ("classes", ", ".join(classes)),
        *[("note", note) for note in content["notes"]],
        *[(name, str(value)) for name, value in content["metadata"].items()],
    ]


def _project_facts(content: Mapping[str, Any]) -> list[tuple[str, str]]:
    settings, unit = content["settings"], content["settings"]["unit"] or ""
    volume, journal = settings["volume"], content["journal"]
    known = settings["spacing_from"] != "unknown"
    box = settings["box"]
    return [
        ("project", content["path"]),
        ("volume", f"{volume['absolute']} {volume['inside']}".strip()),
        ("shape", f"{times(volume['shape'])} (planes x rows x columns)"),
        ("box", " x ".join(f"{a}:{b}" for a, b in box) if box else ""),
        ("voxel size", f"{times(settings['spacing'])} {unit}".strip() if known else "not stated"),
        ("mask", mask_text(settings)),
        *[
            (
                f"class {item['id']}",
                f"{item['name']}: {item['painted_voxels']:,} voxels in {item['strokes']:,} strokes"
                + (f"; {n:,} voxels corrected by hand" if (n := item["corrected_voxels"]) else ""),
            )
            for item in content["classes"]
        ],
        *_parameter_facts(
            settings["parameters"], {item["id"]: item["name"] for item in content["classes"]}
        ),
        ("journal", f"{journal['changes']:,} changes, {_size(journal['bytes'])}"),
        ("last change", journal["last"] or ""),
        *[(part["name"], _size(part["bytes"])) for part in content["derived"]],
        *[("done", f"{step['when']}  {step['what']}") for step in content["history"]],
    ]


def _size(number: float) -> str:
    """Write a number of bytes as people do."""
    for unit in ("bytes", "kB", "MB"):
        if number < 1000:
            return f"{number:.3g} {unit}"
        number /= 1000
    return f"{number:.3g} GB"
