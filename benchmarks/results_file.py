"""`results.md`: a section for each part of the benchmark, each put in place of the one that is there."""

from __future__ import annotations

import argparse
import os
import platform
import re
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.environment import BENCHMARKS

RESULTS = BENCHMARKS / "results.md"
ROUTING, SERVICE, TILES, CONSOLE = "routing", "service", "tiles", "console"
HEADINGS = {ROUTING: "# Siaga beside its peers", SERVICE: "# The live service", TILES: "# Map tiles", CONSOLE: "# The console"}
"""In the order of the file; what stands before the first of them, or under another heading of the first level, stays."""


def machine() -> str:
    """When and on what this is measured."""
    here = f"{os.cpu_count()} cores, Python {platform.python_version()}, {platform.system()} {platform.machine()}"
    return f"{datetime.now(UTC):%Y-%m-%d}, {here}. Made by `make bench`."


def write(options: argparse.Namespace, part: str, paragraphs: Sequence[str], *, failed: bool) -> None:
    """Writes a part where the options say; by themselves only a part that was run as a whole, and to its end."""
    path: Path | None = options.out
    if path is None and (failed or not options.whole[part]):
        why = "did not come to its end" if failed else "is not the whole part"
        print(f"this {why}: {RESULTS.name} is left as it is; --out FILE writes it elsewhere", file=sys.stderr)
        return
    path = path or RESULTS
    before = path.read_text(encoding="utf-8") if path.exists() else ""
    path.write_text(replaced(before, part, paragraphs), encoding="utf-8")


def replaced(text: str, part: str, paragraphs: Sequence[str]) -> str:
    """A file's text with a part's section put in place of the one that is there, or added."""
    sections = [one for one in re.split(r"(?m)^(?=# )", text) if one.strip()]
    fresh = "\n\n".join([HEADINGS[part], *paragraphs]) + "\n"
    ours = {heading: at for at, one in enumerate(sections) for heading in HEADINGS.values() if one.splitlines()[0] == heading}
    at = ours.get(HEADINGS[part])
    if at is not None:
        sections[at] = fresh
    else:
        later = list(HEADINGS.values())[list(HEADINGS).index(part) + 1 :]
        sections.insert(min((ours[one] for one in later if one in ours), default=len(sections)), fresh)
    return "\n\n".join(one.strip("\n") for one in sections) + "\n"
