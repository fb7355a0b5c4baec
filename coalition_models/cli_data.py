"""The verb ``data`` of the command line: list, show, cite, check, fetch and rebuild tables."""

from __future__ import annotations

import argparse
import os
import sys

from coalition_models.errors import CoalitionError, CoverageError, DataError, counted
from coalition_models.terminal import PathOption, failed, print_csv

__all__ = ["add_data_verbs"]


def add_data_verbs(verbs: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the verb and its actions to the parser."""
    data = verbs.add_parser("data", help="list, show, cite, check and rebuild tables")
    actions = data.add_subparsers(title="actions", metavar="ACTION", required=True)
    listing = actions.add_parser("list", help="every table, bundled and external")
    listing.set_defaults(run=_list)
    show = actions.add_parser("show", help="print a table as CSV")
    show.add_argument("name")
    show.add_argument("--extended", action="store_true", help="with what external sources add")
    show.add_argument("--out", action=PathOption, help="write to this file instead of the screen")
    show.set_defaults(run=_show)
    book = actions.add_parser("codebook", help="what each column of a table holds")
    book.add_argument("name")
    book.set_defaults(run=_codebook)
    cite = actions.add_parser("cite", help="references of tables")
    cite.add_argument("names", nargs="+")
    cite.add_argument("--bibtex", action="store_true")
    cite.set_defaults(run=_cite)
    validate = actions.add_parser("validate", help="check every bundled table, or your own file")
    validate.add_argument("--file", action=PathOption, help="a CSV file of your own")
    validate.add_argument("--as", dest="shape", help="the bundled table whose shape it must have")
    validate.add_argument(
        "--folder", action=PathOption, help="facts of your own, from data template"
    )
    validate.set_defaults(run=_validate)
    template = actions.add_parser("template", help="files to fill in with facts of your own")
    template.add_argument("--out", action=PathOption, required=True, help="folder to write to")
    template.set_defaults(run=_template)
    fetch = actions.add_parser("fetch", help="download external tables into the cache")
    fetch.add_argument("names", nargs="*")
    fetch.add_argument("--all", action="store_true", help="every external table")
    fetch.add_argument("--missing", action="store_true", help="those that are not at hand")
    fetch.set_defaults(run=_fetch)
    build = actions.add_parser("build", help="rebuild the derived tables from upstream files")
    build.add_argument("--check", action="store_true", help="compare only, fail on a difference")
    build.add_argument("--out", action=PathOption, help="folder for the rebuilt tables")
    build.add_argument(
        "--mirror",
        action=PathOption,
        default=os.environ.get("COALITION_MODELS_MIRROR") or None,
        help="folder with the upstream files (default: COALITION_MODELS_MIRROR)",
    )
    build.set_defaults(run=_build)


def _list(_: argparse.Namespace) -> int:
    from coalition_models.render import Table
    from coalition_models.sources.load import datasets

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
    from coalition_models.sources.load import load

    text = load(arguments.name, extended=arguments.extended).to_csv(index=False)
    if arguments.out is None:
        print_csv(text)
    else:
        write_file(arguments.out, text)
    return 0


def _codebook(arguments: argparse.Namespace) -> int:
    from coalition_models.sources.codebook import codebook

    print_csv(codebook(arguments.name).reset_index().to_csv(index=False))
    return 0


def _cite(arguments: argparse.Namespace) -> int:
    from coalition_models.sources.citations import cite

    citation = cite(*arguments.names)
    print(citation.bibtex if arguments.bibtex else citation.text)  # noqa: T201
    return 0


def _validate(arguments: argparse.Namespace) -> int:
    from coalition_models.sources.catalog import contract_of
    from coalition_models.sources.load import datasets, load, read_table

    if arguments.folder is not None:
        from coalition_models.members.facts import Facts

        print(f"{arguments.folder}: right, {Facts.read(arguments.folder)!r}")  # noqa: T201
        return 0
    if (arguments.file is None) != (arguments.shape is None):
        raise DataError("give both --file and --as, or neither to check the bundled tables")
    if arguments.file is not None:
        frame = read_table(arguments.file, arguments.shape)
        absent = [c.name for c in contract_of(arguments.shape).columns if c.name not in frame]
        without = f" (without {', '.join(absent)}, which may be left out)" if absent else ""
        print(f"{arguments.file}: {len(frame)} rows, right as {arguments.shape}{without}")  # noqa: T201
        return 0
    for name in datasets().query("kind == 'bundled'").index:
        print(f"{name}: {len(load(str(name)))} rows, right")  # noqa: T201
    return 0


def _template(arguments: argparse.Namespace) -> int:
    from coalition_models.members.templates import write_templates

    paths = write_templates(arguments.out)
    number = counted(len(paths) // 2, "table")
    print(f"wrote {number} to {arguments.out}, and filled ones to its folder example")  # noqa: T201
    print("fill in what is known, then read it: coalition_models.Facts.read(folder)")  # noqa: T201
    return 0


def _fetch(arguments: argparse.Namespace) -> int:
    from coalition_models.sources.fetch import fetch

    files = _wanted(arguments)
    lost: dict[str, str] = {}
    for place, name in enumerate(files, start=1):
        count = f"[{place}/{len(files)}] " if len(files) > 1 else ""
        try:
            print(f"{count}{name}: {fetch(name)}", flush=True)  # noqa: T201
        except CoalitionError as error:
            lost[name] = " ".join(str(error).split())
            if len(files) > 1:
                print(f"{count}{name}: failed", flush=True)  # noqa: T201
    if len(lost) == len(files) == 1:
        return failed(lost[files[0]])
    for name, why in lost.items():
        failed(f"{name}: {why}")
    if lost:
        return failed("", f"{len(lost)} of {counted(len(files), 'file')} could not be fetched")
    return 0


def _wanted(arguments: argparse.Namespace) -> list[str]:
    """Files to fetch: those of the tables named, or of all that are (not) at hand."""
    from coalition_models.sources.fetch import files_of
    from coalition_models.sources.load import datasets

    if bool(arguments.names) + arguments.all + arguments.missing != 1:
        raise DataError("name tables to fetch, or give --all or --missing")
    external = datasets().query("kind == 'external'")["at_hand"]
    names = arguments.names or list(external.index if arguments.all else external.index[~external])
    files = list(dict.fromkeys(part for name in names for part in files_of(str(name))))
    if not files:
        print("every external table is at hand")  # noqa: T201
    return files


def _build(arguments: argparse.Namespace) -> int:
    from coalition_models.sources.build import build_tables, upstream_files

    needs_out = not arguments.check and arguments.out is None
    absent = upstream_files(arguments.mirror)[1]
    if absent and not (needs_out and arguments.mirror):
        where = f"the folder {arguments.mirror}" if arguments.mirror else "the cache"
        raise CoverageError(
            f"upstream files are not at hand in {where}: {', '.join(absent.values())}. Get them "
            f"with: coalition-models data fetch {' '.join(absent)}; or give --mirror, or set "
            "COALITION_MODELS_MIRROR to a folder that holds them"
        )
    if needs_out:
        raise DataError("give --out, the folder for the rebuilt tables, or --check to compare only")
    differences = build_tables(arguments.mirror, arguments.out, check=arguments.check)
    for line in differences:
        print(line, file=sys.stderr)  # noqa: T201
    if differences:
        return 1
    done = "equal what the upstream files give" if arguments.check else f"are in {arguments.out}"
    print(f"the derived tables {done}")  # noqa: T201
    return 0
