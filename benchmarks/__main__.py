"""The command line: which benchmarks to run, and where the results go."""

from __future__ import annotations

import argparse
import importlib
import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from .report import NAMES, ROOT, describe_run, write_json, write_page
from .timing import Skipped, say

KEPT_ON_THE_WAY = ("scale", "correction", "visit")
Keep = Callable[[dict[str, Any]], None]
RESULTS, QUICK_RESULTS = ROOT / "benchmarks" / "results", ROOT / "benchmarks" / "quick"


def main(arguments: list[str] | None = None) -> None:
    """Run the benchmarks that were asked for, and make the page."""
    options = _parse(arguments)
    results = options.results or (QUICK_RESULTS if options.quick else RESULTS)
    page = results / "benchmarks.md"
    if results == RESULTS:
        page = ROOT / "docs" / "benchmarks.md"
    names = [] if options.page_only else options.names or NAMES
    for name in names:
        say(f"{name} ...")
        content = describe_run(options.quick)
        started = time.perf_counter()
        more: dict[str, Any] = {}
        if name in KEPT_ON_THE_WAY and not options.quick:
            more["keep"] = _keeper(results, name, content)
        if name == "scale":
            more |= _of_scale(options, results)
        content |= _measure(name, options.quick, page.parent / "images", more)
        content["seconds"] = round(time.perf_counter() - started, 1)
        write_json(results, name, content)
    write_page(results, page)
    say(f"the page is {page}")


def _parse(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"{', '.join(NAMES)}; all if none")
    parser.add_argument("--quick", action="store_true", help="tiny volumes: does it work?")
    parser.add_argument("--results", type=Path, help="folder of the JSON files")
    parser.add_argument("--largest", type=int, metavar="EDGE", help="of scale: 64 ... 512, 1000")
    parser.add_argument("--again", action="store_true", help="of scale: also what is known")
    parser.add_argument("--page-only", action="store_true", help="make the page, measure nothing")
    options = parser.parse_args(arguments)
    if unknown := sorted(set(options.names) - set(NAMES)):
        parser.error(f"no benchmark {', '.join(unknown)}; there are {', '.join(NAMES)}")
    return options


def _keeper(results: Path, name: str, content: dict[str, Any]) -> Keep:
    """Return what writes the results as far as they are known, of what takes long."""
    started = time.perf_counter()

    def keep(found: dict[str, Any]) -> None:
        seconds = round(time.perf_counter() - started, 1)
        write_json(results, name, content | {"results": found, "seconds": seconds})

    return keep


def _of_scale(options: argparse.Namespace, results: Path) -> dict[str, Any]:
    """Return what `scale` takes besides: its runs can take hours, so known sizes are left out."""
    file = results / "scale.json"
    known = json.loads(file.read_text())["results"]["runs"] if file.exists() else []
    more = {"known": known, "again": options.again}
    return more | ({"largest": options.largest} if options.largest else {})


def _measure(name: str, quick: bool, images: Path, more: dict[str, Any]) -> dict[str, Any]:
    module = importlib.import_module(f"benchmarks.{name}")
    try:
        results = module.measure(quick, **more)
    except Skipped as reason:
        say(f"{name} skipped: {reason}")
        return {"skipped": str(reason)}
    if hasattr(module, "draw"):
        module.draw(results, images / f"{name}.png")
    return {"results": results}


if __name__ == "__main__":
    main()
