"""The archive's README, after the headings that the Social Science Data Editors ask for."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from coalition_models.about import __version__
from coalition_models.packaging.contents import bundled_sources
from coalition_models.sources.literature import article

__all__ = ["readme"]

#: runs are told to be under a whole number of these, in seconds
_STEP = 300


def readme(
    manifest: Mapping[str, Any],
    log: Mapping[str, Any],
    paper: pd.DataFrame,
    seeds: Sequence[str],
    size: int,
) -> str:
    """Write the README.

    Parameters
    ----------
    manifest, log : mapping
        Of the run whose results are in the archive.
    paper : DataFrame
        ``item, output, program`` of the paper's tables and figures.
    seeds : sequence of str
        Where code sets a seed.
    size : int
        Bytes of all files.
    """
    parts = [
        _head(manifest),
        _availability(manifest),
        _requirements(manifest, log, seeds, size),
        _programs(),
        _instructions(manifest),
        _items(paper),
        _references(),
    ]
    return "\n".join(parts)


def _head(manifest: Mapping[str, Any]) -> str:
    commit = manifest.get("commit") or "none (made outside of a git checkout)"
    return f"""# Replication archive: why states leave military coalitions

## Overview

The code in this archive builds panels of members of military coalitions from bundled tables and
from external sources, fits every model, and writes the tables and figures of the paper and of the
report. One command makes everything. Package coalition_models {__version__}, commit {commit}.

| Folder or file | What it holds |
| :--- | :--- |
| `code/` | package, tests, notebooks, documents, the data that may be passed on, locks |
| `results/` | what the run made: tables (CSV, Markdown, LaTeX), figures (SVG, PNG), report, paper |
| `expected/` | the results as a later run is compared with them |
| `codebooks/` | every column of every bundled table and of the features, as CSV |
| `data-citations.bib` | works and sources to cite |
| `external-data.md` | address, checksum, terms and citation of each external source |
| `map.csv`, `paper-map.csv` | the program behind each output, and behind each table and figure |
| `log.txt` | steps, versions and outputs of the run |
| `manifest.json` | checksums of all inputs and outputs |
| `checksums.txt` | checksums of the files of this archive |
"""


def _availability(manifest: Mapping[str, Any]) -> str:
    used = manifest["data"]["external_at_hand"]
    rows = [
        f"| {one.title} | `code/data/{one.path}` | bundled | {one.licence} |"
        for one in bundled_sources()
    ]
    listed = "\n".join(rows)
    return f"""## Data Availability and Provenance Statements

The bundled tables are codings of this project from public pages (each row names its page) and
tables derived from sources whose terms allow it; `code/data/LICENSE` has the terms of each.
External sources are public, can be downloaded without an application or a fee at the addresses in
`external-data.md`, and are not in this archive. Their checksums are fixed: another version of a
file is refused and never used silently.

### Statement about Rights

- The authors had lawful access to all data used and may publish the bundled tables.
- Nothing is passed on that its owner has not allowed to be; that is why external sources enter as
  instructions.

### Summary of Availability

All data are publicly available. The results in this archive use the bundled tables and
{len(used)} external sources.

### Dataset list

| Data | File | Provided | Terms |
| :--- | :--- | :--- | :--- |
{listed}
| Each external source | see `external-data.md` | no, downloaded | of its owner, named there |
"""


def _requirements(
    manifest: Mapping[str, Any], log: Mapping[str, Any], seeds: Sequence[str], size: int
) -> str:
    versions = manifest["versions"]
    shown = ", ".join(f"{name} {version}" for name, version in versions.items())
    seconds = sum(log["seconds"].values())
    minutes = _STEP * max(1, math.ceil(seconds / _STEP)) // 60
    megabytes = 10 * math.ceil(size / 1e7)
    listed = "\n".join(f"- `code/{line.replace(': ', '`: ', 1)}" for line in seeds)
    return f"""## Computational requirements

### Software Requirements

Python 3.11 or later; all packages with their exact versions and hashes are in
`code/requirements.lock` (and, for the tests, `code/requirements-dev.lock`). A C compiler is used
where there is one; without it the loops run in numpy, slower and with the same results. The run
was made with {shown}. Documents are made by pandoc (GPL, run as a program) and Typst (Apache 2.0),
which come with the lock.

### Controlled Randomness

Each random draw takes a seed, and results do not depend on the number of processes. Seeds are set
in

{listed}

### Memory, Runtime, Storage Requirements

Made on {log["processors"]} processor cores in less than {minutes} minutes{_memory(log)}.

The archive unpacks to about {megabytes} MB; external sources and the environment come on top. No
cluster, no graphics card and no proprietary program is needed.
"""


def _memory(log: Mapping[str, Any]) -> str:
    """What the main process and its workers held at most, in whole gigabytes."""
    peak = log.get("peak_memory_mb") or {}
    if not peak:
        return ""
    most = peak["main"] + log["processors"] * peak["largest_worker"]
    return f", within {math.ceil(most / 1024)} GB of memory"


def _programs() -> str:
    return """## Description of programs/code

- `code/coalition_models/sources/` reads the tables; `members/`, `timelines/`, `features/` and
  `defection/` build panels; `models/` and `kernels/` estimate; `inference/` and `sensitivity/` ask
  how sure; `hypotheses/` tests the claims; `replications/` recomputes published studies; `report/`
  makes tables, figures, pages and the paper. `code/docs/developer/architecture.md` draws the whole.
- `code/paper/paper.md` is the paper's text. It holds no number: each stands as a name that the run
  fills.
- `code/tests/` has the tests, run by `make test`.

The code is under the MIT licence (`code/LICENSE`), the bundled data under the terms in
`code/data/LICENSE`.
"""


def _instructions(manifest: Mapping[str, Any]) -> str:
    used = manifest["data"]["used"]
    fetch = "\n   coalition-models data fetch --missing" if used == "all" else ""
    said = "and downloads the external sources, " if fetch else ""
    return f"""## Instructions to Replicators

By one command, from outside, with the package installed: `coalition-models package --check
replication.zip` unpacks the archive into an empty folder, makes an environment from the lock, runs
everything and compares. By hand, in the folder `code`:

```sh
   python3 -m venv .venv && . .venv/bin/activate
   python -m pip install --require-hashes -r requirements.lock
   python -m pip install --no-deps --no-build-isolation --editable .{fetch}
   coalition-models reproduce --sources {used} --out ../rerun --check --expected ../expected
```

This installs the exact packages, {said}runs the analysis into `rerun/`, and prints each number
or line that differs from `expected/`; numbers are compared to nine digits. `make paper` makes the
paper alone.
"""


def _items(paper: pd.DataFrame) -> str:
    rows = "\n".join(
        f"| {row['item']} | `{row['program']}` | `{row['output']}` |"
        for row in paper.to_dict("records")
    )
    return f"""## List of tables and programs

Every table and figure of the paper, the program that makes it, and the file that it is in. All
numbers named in the text are made by this run too; `map.csv` has every other output.

| In the paper | Program | Output |
| :--- | :--- | :--- |
{rows}
"""


def _references() -> str:
    keys = sorted({one.citation for one in bundled_sources() if isinstance(one.citation, str)})
    lines = [f"- {article(key).text}" for key in keys]
    own = [f"- {one.citation_text}" for one in bundled_sources() if one.citation_text]
    listed = "\n".join(dict.fromkeys([*lines, *own]))
    return f"""## References

External sources are cited in `external-data.md`, all works in `data-citations.bib`.

{listed}
"""
