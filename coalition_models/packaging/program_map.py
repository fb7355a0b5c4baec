"""Which program makes which table and figure, and where the output lies."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from coalition_models.report.paper import numbered_slots, template_path
from coalition_models.report.paper_files import file_name
from coalition_models.report.parts import find_parts

__all__ = ["COMMAND", "paper_map", "program_map", "seeds"]

COMMAND = "coalition-models reproduce"
_PARTS = "code/coalition_models/report/parts"
#: a seed in code: a default of an argument, or a constant
_SEED = re.compile(r"\bseed: int = (\d+)|^_?SEED\b[^=]*= (\d+)", re.MULTILINE)
#: subjects of the paper -> the module that makes what is shown
_SUBJECTS = {
    "iraq": "paper_iraq.py",
    "questions": "paper_tables.py",
    "readings": "paper_tables.py",
    "claims": "paper_claims.py",
    "contested": "paper_claims.py",
}


def program_map(manifest: Mapping[str, Any]) -> pd.DataFrame:
    """A row per file of the results: ``output, kind, program, command``."""
    known = {part.name for part in find_parts()}
    rows = []
    for name, about in sorted(manifest["outputs"].items()):
        part = about.get("part", "")
        program = f"{_PARTS}/{part}.py" if part in known else "code/coalition_models/pipeline.py"
        rows.append(
            {"output": f"results/{name}", "kind": _kind(name), "program": program,
             "command": COMMAND}
        )  # fmt: skip
    return pd.DataFrame(rows)


def _kind(name: str) -> str:
    folder = Path(name).parent.name
    return {"tables": "table", "figures": "figure"}.get(folder, "page")


def paper_map() -> pd.DataFrame:
    """A row per table and figure of the paper: ``item, output, program``."""
    text = template_path().read_text(encoding="utf-8")
    rows = []
    for slot, number in numbered_slots(text).items():
        kind, _, name = slot.partition(":")
        file = file_name(name)
        ending = "tables/{}.csv" if kind == "table" else "figures/{}.svg"
        rows.append(
            {
                "item": number,
                "output": f"results/paper/{ending.format(file)}",
                "program": "code/coalition_models/report/"
                + _SUBJECTS.get(name.partition(".")[0], "paper_material.py"),
            }
        )
    return pd.DataFrame(rows)


def seeds(code: Mapping[str, bytes]) -> list[str]:
    """Where the code sets a seed, with its value.

    Examples
    --------
    >>> seeds({"coalition_models/a.py": b"SEED = 7", "tests/b.py": b"SEED = 1"})
    ['coalition_models/a.py: 7']
    """
    out = []
    for name, content in sorted(code.items()):
        if name.startswith("coalition_models/") and name.endswith(".py"):
            found = [one or two for one, two in _SEED.findall(content.decode("utf-8"))]
            out += [f"{name}: {', '.join(dict.fromkeys(found))}"] if found else []
    return out
