"""The command line: ``coalition-models data | reproduce | hypotheses | paper | replicate``."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from coalition_models import __version__
from coalition_models.errors import CoalitionError, CoverageError, DataError

__all__ = ["main"]


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code: 0 done, 1 refused, 130 interrupted."""
    try:
        arguments = _parser().parse_args(argv)
        run: Callable[[argparse.Namespace], int] = arguments.run
        code = run(arguments)
        sys.stdout.flush()
    except CoalitionError as error:
        print(f"error: {error}", file=sys.stderr)  # noqa: T201
        return 1
    except KeyboardInterrupt:
        print("interrupted: nothing half-written was left behind", file=sys.stderr)  # noqa: T201
        return 130
    except OSError as error:
        return _lost_output(error)
    return code


def _lost_output(error: OSError) -> int:
    """Report that standard output could not be written, without a second failure at exit."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    if not isinstance(error, BrokenPipeError):
        print(f"error: cannot write the output: {error.strerror or error}", file=sys.stderr)  # noqa: T201
    return 1


class _PathOption(argparse.Action):
    """Read a path; an empty one, as an unset variable of a shell gives, is refused."""

    def __call__(
        self,
        parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,
        values: str | Sequence[object] | None,
        option_string: str | None = None,
    ) -> None:
        if not isinstance(values, str) or not values.strip():
            raise DataError(f"{option_string} is empty; give a path, or leave {option_string} out")
        setattr(namespace, self.dest, Path(values))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="coalition-models",
        description="Why states leave military coalitions: data, models, replications.",
    )
    parser.add_argument("--version", action="version", version=f"coalition-models {__version__}")
    verbs = parser.add_subparsers(title="verbs", metavar="VERB", required=True)
    _add_data(verbs)
    reproduce = verbs.add_parser(
        "reproduce", help="run the main analysis and write the report, tables and figures"
    )
    reproduce.add_argument(
        "--out", action=_PathOption, default=Path("build"), help="folder for the results"
    )
    reproduce.add_argument("--quiet", action="store_true", help="no progress")
    reproduce.set_defaults(run=_reproduce)
    claims = verbs.add_parser(
        "hypotheses", help="test the literature's claims on every data set at hand"
    )
    claims.add_argument(
        "--out",
        action=_PathOption,
        default=Path("build"),
        help="results go into its folder hypotheses",
    )
    claims.add_argument(
        "--workers", type=int, default=os.cpu_count() or 1, help="processes (same results)"
    )
    claims.add_argument("--quiet", action="store_true", help="no progress")
    claims.set_defaults(run=_hypotheses)
    paper = verbs.add_parser("paper", help="fill the paper's text with the analysis")
    paper.add_argument(
        "--text", action=_PathOption, default=Path("paper/paper.md"), help="the template"
    )
    paper.add_argument(
        "--out", action=_PathOption, default=Path("build/paper.md"), help="the filled text"
    )
    paper.set_defaults(run=_paper)
    replicate = verbs.add_parser("replicate", help="set a published table beside ours")
    replicate.add_argument("study", nargs="?", help="name of the study; without it, the list")
    replicate.add_argument("--out", action=_PathOption, help="also write the comparison as CSV")
    replicate.set_defaults(run=_replicate)
    return parser


def _add_data(verbs: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    data = verbs.add_parser("data", help="list, show, cite, check and rebuild tables")
    actions = data.add_subparsers(title="actions", metavar="ACTION", required=True)
    listing = actions.add_parser("list", help="every table, bundled and external")
    listing.set_defaults(run=_list)
    show = actions.add_parser("show", help="print a table as CSV")
    show.add_argument("name")
    show.add_argument("--extended", action="store_true", help="with what external sources add")
    show.add_argument("--out", action=_PathOption, help="write to this file instead of the screen")
    show.set_defaults(run=_show)
    book = actions.add_parser("codebook", help="what each column of a table holds")
    book.add_argument("name")
    book.set_defaults(run=_codebook)
    cite = actions.add_parser("cite", help="references of tables")
    cite.add_argument("names", nargs="+")
    cite.add_argument("--bibtex", action="store_true")
    cite.set_defaults(run=_cite)
    validate = actions.add_parser("validate", help="check every bundled table, or your own file")
    validate.add_argument("--file", action=_PathOption, help="a CSV file of your own")
    validate.add_argument("--as", dest="shape", help="the bundled table whose shape it must have")
    validate.set_defaults(run=_validate)
    fetch = actions.add_parser("fetch", help="download external tables into the cache")
    fetch.add_argument("names", nargs="+")
    fetch.set_defaults(run=_fetch)
    build = actions.add_parser("build", help="rebuild the derived tables from upstream files")
    build.add_argument("--check", action="store_true", help="compare only, fail on a difference")
    build.add_argument("--out", action=_PathOption, help="folder for the rebuilt tables")
    build.add_argument(
        "--mirror",
        action=_PathOption,
        default=os.environ.get("COALITION_MODELS_MIRROR") or None,
        help="folder with the upstream files (default: COALITION_MODELS_MIRROR)",
    )
    build.set_defaults(run=_build)


def _list(_: argparse.Namespace) -> int:
    from coalition_models.render import Table
    from coalition_models.sources.catalog import datasets

    frame = datasets().reset_index()
    shown = frame.assign(
        period=frame["start"] + "-" + frame["end"],
        at_hand=frame["at_hand"].map({True: "yes", False: "no"}),
        rows=frame["rows"].astype(str),
    )[["name", "kind", "rows", "period", "at_hand", "licence", "title"]]
    rows = shown.astype(str).to_numpy().tolist()
    print(Table(list(shown.columns), rows, align="llrllll").text())  # noqa: T201
    return 0


def _show(arguments: argparse.Namespace) -> int:
    from coalition_models.files import write_file
    from coalition_models.sources.catalog import load

    text = load(arguments.name, extended=arguments.extended).to_csv(index=False)
    if arguments.out is None:
        sys.stdout.write(text)
    else:
        write_file(arguments.out, text)
    return 0


def _codebook(arguments: argparse.Namespace) -> int:
    from coalition_models.sources.catalog import codebook

    sys.stdout.write(codebook(arguments.name).reset_index().to_csv(index=False))
    return 0


def _cite(arguments: argparse.Namespace) -> int:
    from coalition_models.sources.citations import cite

    citation = cite(*arguments.names)
    print(citation.bibtex if arguments.bibtex else citation.text)  # noqa: T201
    return 0


def _validate(arguments: argparse.Namespace) -> int:
    from coalition_models.sources.catalog import datasets, load, read_table_as

    if (arguments.file is None) != (arguments.shape is None):
        raise DataError("give both --file and --as, or neither to check the bundled tables")
    if arguments.file is not None:
        rows = len(read_table_as(arguments.file, arguments.shape))
        print(f"{arguments.file}: {rows} rows, right as {arguments.shape}")  # noqa: T201
        return 0
    for name in datasets().query("kind == 'bundled'").index:
        print(f"{name}: {len(load(str(name)))} rows, right")  # noqa: T201
    return 0


def _fetch(arguments: argparse.Namespace) -> int:
    from coalition_models.sources.catalog import entry
    from coalition_models.sources.fetch import fetch

    for name in arguments.names:
        for part in entry(name).parts or (name,):
            print(f"{part}: {fetch(part)}")  # noqa: T201
    return 0


def _build(arguments: argparse.Namespace) -> int:
    from coalition_models.sources.build import build_tables

    if arguments.mirror is None:
        raise CoverageError(
            "the upstream files are not at hand: give --mirror, or set COALITION_MODELS_MIRROR to "
            "the folder that holds them"
        )
    if not arguments.check and arguments.out is None:
        raise DataError("give --out, the folder for the rebuilt tables, or --check to compare only")
    differences = build_tables(Path(arguments.mirror), arguments.out, check=arguments.check)
    for line in differences:
        print(line, file=sys.stderr)  # noqa: T201
    if differences:
        return 1
    done = "equal what the upstream files give" if arguments.check else f"are in {arguments.out}"
    print(f"the derived tables {done}")  # noqa: T201
    return 0


def _reproduce(arguments: argparse.Namespace) -> int:
    from coalition_models.pipeline import reproduce

    written = reproduce(arguments.out, progress=not arguments.quiet)
    print(f"wrote {len(written)} files; open {arguments.out / 'report.html'}")  # noqa: T201
    return 0


def _paper(arguments: argparse.Namespace) -> int:
    from coalition_models.pipeline import write_paper

    write_paper(arguments.text, arguments.out)
    print(f"wrote {arguments.out}")  # noqa: T201
    return 0


def _hypotheses(arguments: argparse.Namespace) -> int:
    from coalition_models.arguments import check_workers
    from coalition_models.files import output_folder
    from coalition_models.hypotheses.analysis import analyse_hypotheses
    from coalition_models.report.claims_page import claims_findings, write_claims

    check_workers(arguments.workers)
    output_folder(arguments.out)
    out = arguments.out / "hypotheses"
    analysis = analyse_hypotheses(workers=arguments.workers, progress=not arguments.quiet)
    files = write_claims(out, analysis)
    for sentence in claims_findings(analysis.verdicts):
        print(sentence)  # noqa: T201
    print(f"wrote {len(files)} files; open {out / 'report.html'}")  # noqa: T201
    return 0


def _replicate(arguments: argparse.Namespace) -> int:
    from coalition_models.files import write_file
    from coalition_models.replications.registry import list_replications, replicate

    if arguments.study is None:
        print(list_replications().to_string())  # noqa: T201
        return 0
    result = replicate(arguments.study)
    print(result.summary())  # noqa: T201
    if arguments.out is not None:
        write_file(arguments.out, result.table.to_csv(index=False))
    return 0
