"""The verbs ``fit`` and ``sensitivity`` of the command line, which read an analysis from a file."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from coalition_models.terminal import PathOption, failed

__all__ = ["add_analysis_verbs"]


def add_analysis_verbs(verbs: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the verbs to the parser."""
    fit = verbs.add_parser("fit", help="fit the model that a TOML file names")
    fit.add_argument("analysis", help="a file as docs/analysis-files.md tells")
    fit.add_argument("--out", action=PathOption, help="also write the coefficients as CSV")
    fit.set_defaults(run=_fit)
    sensitivity = verbs.add_parser(
        "sensitivity", help="put the finding of a TOML file to everything that it could depend on"
    )
    sensitivity.add_argument("analysis", help="a file as docs/analysis-files.md tells")
    sensitivity.add_argument(
        "--out", action=PathOption, required=True,
        help="folder for results; the same command goes on with what is there",
    )  # fmt: skip
    sensitivity.add_argument("--workers", type=int, default=1, help="processes (same results)")
    sensitivity.add_argument("--quiet", action="store_true", help="no progress")
    sensitivity.set_defaults(run=_sensitivity)


def _fit(arguments: argparse.Namespace) -> int:
    from coalition_models.analyses.fitting import fit_analysis
    from coalition_models.analyses.reading import read_analysis
    from coalition_models.files import write_file

    found = fit_analysis(read_analysis(arguments.analysis))
    print(found.summary())  # noqa: T201
    if arguments.out is not None:
        write_file(arguments.out, found.tidy().to_csv(index=False, lineterminator="\n"))
    return 0


def _sensitivity(arguments: argparse.Namespace) -> int:
    from coalition_models.analyses.reading import read_analysis
    from coalition_models.analyses.sensitivity import analyse_sensitivity
    from coalition_models.arguments import check_workers

    check_workers(arguments.workers)
    analysis = read_analysis(arguments.analysis)
    try:
        written = analyse_sensitivity(
            analysis, arguments.out, workers=arguments.workers, progress=not arguments.quiet
        )
    except KeyboardInterrupt as error:
        notes = getattr(error, "__notes__", [])
        told = notes[0] if notes else f"what was complete is kept in {arguments.out}"
        print(file=sys.stderr)  # noqa: T201
        failed("", f"interrupted: {told}")
        return 130
    for path in written:
        if path.suffix == ".txt":
            print(path.read_text(encoding="utf-8"))  # noqa: T201
    print(f"wrote {len(written)} files to {Path(arguments.out)}")  # noqa: T201
    return 0
