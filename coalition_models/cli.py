"""The command line: ``coalition-models data | fit | sensitivity | reproduce | doctor | ...``."""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

from coalition_models.about import __version__
from coalition_models.cli_analyses import add_analysis_verbs
from coalition_models.cli_data import add_data_verbs
from coalition_models.errors import CoalitionError, DataError, counted
from coalition_models.files import output_folder
from coalition_models.terminal import (
    Parser,
    PathOption,
    escape_what_the_terminal_lacks,
    failed,
    lost_output,
    short_warnings,
)

__all__ = ["main"]

#: variable that lets an error that was not foreseen show where it came from
_DEBUG = "COALITION_MODELS_DEBUG"
_PAPER = Path("paper/paper.md")


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code: 0 done, 1 refused, 130 interrupted."""
    escape_what_the_terminal_lacks()
    try:
        with short_warnings():
            arguments = _parser().parse_args(argv)
            run: Callable[[argparse.Namespace], int] = arguments.run
            code = run(arguments)
            sys.stdout.flush()
    except CoalitionError as error:
        return failed(str(error))
    except KeyboardInterrupt:
        failed("", "interrupted: nothing half-written was left behind")
        return 130
    except OSError as error:
        if error.filename is not None:
            return failed(f"{error.filename}: {error.strerror or error}")
        return lost_output(error)
    except Exception as error:
        if os.environ.get(_DEBUG):
            raise
        said = str(error).strip().splitlines() or [""]
        return failed(
            f"{type(error).__name__}: {said[0]} (not foreseen; set {_DEBUG}=1 to see where)"
        )
    return code


def _parser() -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = Parser(
        prog="coalition-models",
        description="Why states leave military coalitions: data, models, replications.",
    )
    parser.add_argument("--version", action="version", version=f"coalition-models {__version__}")
    verbs = parser.add_subparsers(title="verbs", metavar="VERB", required=True)
    add_data_verbs(verbs)
    add_analysis_verbs(verbs)
    reproduce = verbs.add_parser(
        "reproduce", help="run the main analysis and write the report, tables and figures"
    )
    reproduce.add_argument(
        "--out", action=PathOption, default=Path("build"), help="folder for the results"
    )
    reproduce.add_argument("--quiet", action="store_true", help="no progress")
    reproduce.add_argument(
        "--sources",
        choices=("at-hand", "bundled", "all"),
        default="at-hand",
        help="external sources to use: those at hand, none, or all (refused if one is absent)",
    )
    expected = reproduce.add_mutually_exclusive_group()
    expected.add_argument(
        "--check", action="store_true", help="compare with the expected results, 1 on a difference"
    )
    expected.add_argument(
        "--write-expected", action="store_true", help="keep the results as the expected ones"
    )
    reproduce.add_argument(
        "--expected", action=PathOption, help="folder of expected results, if not data/expected"
    )
    reproduce.set_defaults(run=_reproduce)
    claims = verbs.add_parser(
        "hypotheses", help="test the literature's claims on every data set at hand"
    )
    claims.add_argument(
        "--out",
        action=PathOption,
        default=Path("build"),
        help="results go into its folder hypotheses",
    )
    claims.add_argument(
        "--workers", type=int, default=os.cpu_count() or 1, help="processes (same results)"
    )
    claims.add_argument("--quiet", action="store_true", help="no progress")
    claims.set_defaults(run=_hypotheses)
    _add_explorer(verbs)
    _add_paper(verbs)
    _add_package(verbs)
    _add_replicate(verbs)
    doctor = verbs.add_parser("doctor", help="what is at hand here; 1 if something would stop you")
    doctor.add_argument("--json", action="store_true", help="for a program")
    doctor.set_defaults(run=_doctor)
    return parser


def _add_paper(verbs: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    paper = verbs.add_parser("paper", help="fill the paper's text with the analysis")
    paper.add_argument("--text", action=PathOption, default=_PAPER, help="the template")
    paper.add_argument(
        "--out",
        action=PathOption,
        default=Path("build/paper.md"),
        help="the filled text; its ending says as what: .md, .pdf, .html, .docx or .tex",
    )
    paper.add_argument(
        "--formats", default="", help="more endings, such as pdf,docx, to be made beside it"
    )
    paper.set_defaults(run=_paper)


def _add_package(verbs: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    package = verbs.add_parser("package", help="make the archive that a journal asks for, or check")
    package.add_argument(
        "--out", action=PathOption, default=Path("build/replication.zip"), help="the archive"
    )
    package.add_argument(
        "--results",
        action=PathOption,
        help="results of reproduce to pack; without it the analysis is run first",
    )
    package.add_argument(
        "--sources",
        choices=("bundled", "all"),
        default="bundled",
        help="external sources to use where the analysis is run first",
    )
    package.add_argument("--quiet", action="store_true", help="no progress")
    package.add_argument(
        "--check",
        action=PathOption,
        metavar="ARCHIVE",
        help="unpack an archive into an empty folder, run it there and compare; 1 on a difference",
    )
    package.add_argument(
        "--environment",
        choices=("new", "this"),
        default="new",
        help="for --check: packages from the archive's lock (downloaded), or those of this Python",
    )
    package.set_defaults(run=_package)


def _add_explorer(verbs: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    explorer = verbs.add_parser(
        "explorer", help="write a page with a whole specification curve, to switch choices in"
    )
    explorer.add_argument(
        "--out", action=PathOption, default=Path("build"), help="folder for the page and its tables"
    )
    explorer.add_argument(
        "--every", action="store_true", help="all standard choices, half an hour or more; else few"
    )
    explorer.add_argument("--draws", type=int, help="exchanges of histories (99, with --every 999)")
    explorer.add_argument(
        "--workers", type=int, default=os.cpu_count() or 1, help="processes (same results)"
    )
    explorer.set_defaults(run=_explorer)


def _add_replicate(verbs: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    replicate = verbs.add_parser("replicate", help="set a published table beside ours")
    replicate.add_argument(
        "study",
        nargs="?",
        help="name of the study, or your own study's folder; without it, the list",
    )
    replicate.add_argument(
        "--all", action="store_true", help="every study, a line each; 1 on an unlisted deviation"
    )
    replicate.add_argument(
        "--left-out", action="store_true", help="printed numbers that are not recomputed, and why"
    )
    replicate.add_argument(
        "--out",
        action=PathOption,
        help="also write the comparison as CSV: a row per printed number",
    )
    replicate.set_defaults(run=_replicate)


def _reproduce(arguments: argparse.Namespace) -> int:
    from coalition_models.expected import differences, expected_folder, write_expected
    from coalition_models.pipeline import reproduce
    from coalition_models.sources.provenance import chosen_sources

    with chosen_sources(arguments.sources) as made:
        print(made, flush=True)  # noqa: T201
        compared = arguments.check or arguments.write_expected
        folder = expected_folder(made, arguments.expected) if compared else Path()
        written = reproduce(arguments.out, progress=not arguments.quiet)
    print(f"wrote {len(written)} files; open {arguments.out / 'report.html'}")  # noqa: T201
    if arguments.write_expected:
        kept = write_expected(arguments.out, folder)
        print(f"kept {len(kept)} files of expected results in {folder}")  # noqa: T201
    if not arguments.check:
        return 0
    found = differences(arguments.out, folder)
    for line in found:
        print(line)  # noqa: T201
    said = counted(len(found), "difference") if found else "no difference"
    print(f"{said} from the expected results in {folder}")  # noqa: T201
    return 1 if found else 0


def _paper(arguments: argparse.Namespace) -> int:
    from coalition_models.report.paper_files import KINDS
    from coalition_models.report.parts.paper import write_paper

    more = [kind.strip() for kind in arguments.formats.split(",") if kind.strip()]
    outs = list(dict.fromkeys([arguments.out, *(arguments.out.with_suffix(f".{k}") for k in more)]))
    wrong = [str(out) for out in outs if out.suffix.lstrip(".") not in KINDS]
    if wrong:
        raise DataError(f"a paper is made as one of {', '.join(KINDS)}; found {', '.join(wrong)}")
    if not arguments.text.is_file() and arguments.text == _PAPER:
        raise DataError(
            f"no {_PAPER} here: run this in the folder of the repository, or give --text, a text "
            "with places for numbers such as {{iraq.events}}"
        )
    output_folder(arguments.out.parent)
    write_paper(arguments.text, outs)
    for out in outs:
        print(f"wrote {out}")  # noqa: T201
    return 0


def _package(arguments: argparse.Namespace) -> int:
    if arguments.check is not None:
        from coalition_models.packaging.check import check_package

        found = check_package(arguments.check, environment=arguments.environment)
        for line in found.differences:
            print(line)  # noqa: T201
        print(found)  # noqa: T201
        return 1 if found.differences else 0
    from coalition_models.packaging.contents import checkout
    from coalition_models.packaging.make import refuse_name, write_package

    checkout()
    refuse_name(arguments.out)
    output_folder(arguments.out.parent)  # before an analysis of some minutes
    if arguments.results is not None:
        files = write_package(arguments.out, arguments.results)
    else:
        from coalition_models.pipeline import reproduce

        with tempfile.TemporaryDirectory() as temporary:
            run = Path(temporary) / "results"
            reproduce(run, progress=not arguments.quiet, sources=arguments.sources)
            files = write_package(arguments.out, run)
    print(f"wrote {arguments.out}: {counted(len(files), 'file')}; check it with: "  # noqa: T201
          f"coalition-models package --check {arguments.out}")  # fmt: skip
    return 0


def _explorer(arguments: argparse.Namespace) -> int:
    from coalition_models.arguments import check_workers
    from coalition_models.files import output_folder
    from coalition_models.report.explorer import write_explorer
    from coalition_models.report.parts.explorer import explore_iraq

    check_workers(arguments.workers)
    output_folder(arguments.out)
    found = explore_iraq(arguments.workers, arguments.draws, every=arguments.every)
    files = write_explorer(found, arguments.out)
    print(  # noqa: T201
        f"{len(found.table):,} specifications, {found.how}; wrote {len(files)} files; "
        f"open {arguments.out / 'explorer.html'}"
    )
    return 0


def _hypotheses(arguments: argparse.Namespace) -> int:
    from coalition_models.arguments import check_workers
    from coalition_models.files import output_folder
    from coalition_models.hypotheses.analysis import analyse_hypotheses
    from coalition_models.report.parts.claims import claims_findings, write_claims
    from coalition_models.sources.provenance import provenance, unusable_said_once

    check_workers(arguments.workers)
    output_folder(arguments.out)
    made = provenance()
    print(made, flush=True)  # noqa: T201
    out = arguments.out / "hypotheses"
    with unusable_said_once(made):
        analysis = analyse_hypotheses(workers=arguments.workers, progress=not arguments.quiet)
    files = write_claims(out, analysis)
    for sentence in claims_findings(analysis.verdicts):
        print(sentence)  # noqa: T201
    print(f"wrote {len(files)} files; open {out / 'report.html'}")  # noqa: T201
    return 0


def _doctor(arguments: argparse.Namespace) -> int:
    from coalition_models.doctor import checks, stops, summary, to_dict

    found = checks()
    if arguments.json:
        print(json.dumps(to_dict(found), indent=2))  # noqa: T201
    else:
        for check in found:
            print("\n".join(check.lines()))  # noqa: T201
        print(summary(found))  # noqa: T201
    return 1 if stops(found) else 0


def _replicate(arguments: argparse.Namespace) -> int:
    from coalition_models.files import write_file
    from coalition_models.replications.registry import list_replications, replicate

    if arguments.all:
        return _replicate_all(arguments.out)
    if arguments.left_out:
        return _list_left_out()
    if arguments.study is None:
        print(list_replications().to_string())  # noqa: T201
        return 0
    result = replicate(arguments.study)
    print(result.summary())  # noqa: T201
    if arguments.out is not None:
        write_file(arguments.out, result.table.to_csv(index=False))
    return 1 if len(result.unlisted) else 0


def _replicate_all(out: Path | None) -> int:
    from coalition_models.files import write_file
    from coalition_models.replications.everything import replicate_all

    found = replicate_all()
    for line in found.lines():
        print(line)  # noqa: T201
    if out is not None:
        write_file(out, found.table().to_csv(index=False))
    return 1 if found.unlisted else 0


def _list_left_out() -> int:
    from coalition_models.render import frame_table
    from coalition_models.replications.left_out import list_left_out

    found = list_left_out()
    total = f"{counted(int(found['numbers'].sum()), 'number')} left out."
    print(frame_table(found, notes=[total]).text())  # noqa: T201
    return 0


if __name__ == "__main__":
    sys.exit(main())
