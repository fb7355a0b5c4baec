"""Time sensitivity analyses, everything counted: panels, features, fits, tables, processes.

    python benchmarks/sensitivity.py [--only NAME ...] [--workers 2]

Each line is one call in a process of its own, which first imports the package; the clock runs from
the call to its result, the start of the workers included. ``estimation`` sets the batch kernel
beside R's ``coxph``, fitted one by one in the same run on the same rows, and beside lifelines; it
counts processor time on all three sides, so that other work on the machine does not favour one.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Callable
from pathlib import Path

import joblib
import numpy as np
import pandas as pd

import coalition_models as cm
from coalition_models.designs.analysis_sets import analysis_set
from coalition_models.kernels.batch import fit_many_columns
from coalition_models.kernels.cox import prepare
from coalition_models.sensitivity import Dimension, Option
from coalition_models.sensitivity.choices import STANDINGS
from coalition_models.sensitivity.standard_choices import TERM, dimensions
from coalition_models.sensitivity.standings import size_of

HERE = Path(__file__).resolve().parent
COVARIATES = (
    "election_near", "leader_change", "log_deaths_weighted", "log_deaths_12m", "recent_exits_12m",
    "recent_exits_6m", "tenure_months", "months_to_election", "defector_share", "combat_role",
)  # fmt: skip
R_CODE = """
suppressMessages(library(survival))
d <- read.csv(commandArgs(TRUE)[1]); f <- readLines(commandArgs(TRUE)[2])
g <- lapply(f, as.formula)
b <- coxph(g[[1]], d, ties = "efron", cluster = d$state)
t0 <- sum(proc.time()[1:2])
for (one in g) b <- coxph(one, d, ties = "efron", cluster = d$state)
cat(sum(proc.time()[1:2]) - t0, coef(b)[[1]])
"""

Timing = dict[str, object]


def cox_only(**options: object) -> object:
    return dimensions("iraq", **options).without("estimator")


def panels_of(curve: cm.sensitivity.SpecCurve) -> int:
    """Panels with another window, kind of date, wind-up, ... among them."""
    made = [name for name in curve.dimensions if name not in ("controls", "estimator")]
    return int(curve.table[made].drop_duplicates().shape[0])


def curve(count: int, workers: int, **options: object) -> Timing:
    choices = cox_only(windows=(1, 2, 3, 4, 6, 9, 12)) if count > 3000 else cox_only()
    # the first so many combinations differ in the last dimensions alone
    names = [one.name for one in choices]
    while size_of(choices.without(names[0])) >= count and size_of(choices) > count:
        choices = choices.without(names.pop(0))
    kept = [0]

    def first(_: object) -> bool:
        kept[0] += 1
        return kept[0] <= count

    start = time.perf_counter()
    found = cm.sensitivity.spec_curve(
        choices.spec, TERM, choices, base=choices.base, where=first, workers=workers,
        standings=STANDINGS, **options,
    )  # fmt: skip
    seconds = time.perf_counter() - start
    known = int(found.table["estimate"].notna().sum())
    said = f"{len(found.table):,} specifications, {panels_of(found)} panels, {known:,} estimates"
    return {"seconds": seconds, "what": said}


def joint(count: int, workers: int, draws: int = 1000) -> Timing:
    choices = cox_only()
    exchange = choices.exchange(standings=STANDINGS)
    found = curve(count, workers, exchange=exchange, draws=draws)
    return {**found, "what": f"{found['what']}, {draws:,} draws"}


def united_nations(count: int, workers: int) -> Timing:
    panel = analysis_set("un").panel
    names = ["leader_change", "log_deaths_12m", "recent_exits_12m", "tenure_months", "first_loss",
             "post_election", "term_elapsed", "earlier_defectors"]  # fmt: skip
    names = [name for name in names if name in panel and len(panel[name].unique()) > 1]
    controls = [
        " + ".join(name for j, name in enumerate(names) if at >> j & 1)
        for at in range(2 ** len(names))
    ]
    formula = "event ~ election_near"
    dims = [
        Dimension("controls", [
            Option(one or "none", lambda s, one=one: s.respecify(
                formula=f"{formula} + {one}" if one else formula))
            for one in controls
        ]),
        Dimension("ties", [Option(t, lambda s, t=t: s.respecify(ties=t))
                           for t in ("efron", "breslow")]),
        Dimension("strata", [Option(str(v), lambda s, v=v: s.respecify(strata=v))
                             for v in (None, "coalition")]),
    ]  # fmt: skip
    spec = cm.Specification("cox", formula, cluster="state")
    start = time.perf_counter()
    found = cm.sensitivity.spec_curve(
        spec, "election_near", dims, panel=panel, sample=count, workers=workers
    )
    seconds = time.perf_counter() - start
    return {"seconds": seconds, "what": f"{len(found.table):,} specifications, {len(panel):,} rows"}


def features(panel: pd.DataFrame) -> pd.DataFrame:
    return panel.pipe(cm.add_elections).pipe(cm.add_contagion).pipe(cm.add_casualties)


def worlds(count: int, workers: int) -> Timing:
    spec = cm.Specification(
        "cox", "event ~ election_near + recent_exits_12m + log_deaths_weighted", cluster="state"
    )
    facts = cm.facts("iraq")
    start = time.perf_counter()
    found = cm.sensitivity.date_uncertainty(
        spec, "election_near", facts, features=features, draws=count, whose=False, workers=workers
    )
    seconds = time.perf_counter() - start
    known = int(found.draws["estimate"].notna().sum())
    return {"seconds": seconds, "what": f"{len(found.draws):,} worlds, {known:,} estimates"}


def estimation(count: int, _: int) -> Timing:
    rows = analysis_set("iraq").panel
    rows = rows.dropna(subset=list(COVARIATES))
    subsets = np.array(
        [[at >> j & 1 for j in range(len(COVARIATES))] for at in range(1, count + 1)], dtype=bool
    )
    X = rows[list(COVARIATES)].to_numpy(dtype=float)

    def ours() -> np.ndarray:
        data = prepare(rows["start"], rows["stop"], rows["event"], X, ties="efron")
        return fit_many_columns(data, subsets, clusters=rows["state"], threads=1).coefficients

    ours()
    start = time.process_time()
    ours()
    seconds = time.process_time() - start
    told = f"{1000 * seconds / count:.3f} ms each"
    r_seconds = in_r(rows, subsets)
    if r_seconds is not None:
        told += f"; coxph {1000 * r_seconds / count:.2f} ms each, {r_seconds / seconds:.0f} times"
    few = in_lifelines(rows, subsets[:20])
    told += f"; lifelines {1000 * few / 20:.0f} ms each, {few / 20 * count / seconds:.0f} times"
    return {"seconds": seconds, "what": f"{count:,} specifications, one core: {told}"}


def in_r(rows: pd.DataFrame, subsets: np.ndarray) -> float | None:
    if shutil.which("Rscript") is None:
        return None
    with tempfile.TemporaryDirectory() as folder:
        data, formulas, code = (Path(folder, name) for name in ("d.csv", "f.txt", "c.R"))
        rows[["start", "stop", "event", "state", *COVARIATES]].to_csv(data, index=False)
        formulas.write_text("\n".join(
            "Surv(start, stop, event) ~ "
            + " + ".join(name for name, used in zip(COVARIATES, one, strict=True) if used)
            for one in subsets
        ))  # fmt: skip
        code.write_text(R_CODE)
        out = subprocess.run(
            ["Rscript", str(code), str(data), str(formulas)], capture_output=True, text=True,
            check=True,
        )  # fmt: skip
    return float(out.stdout.split()[0])


def in_lifelines(rows: pd.DataFrame, subsets: np.ndarray) -> float:
    from lifelines import CoxTimeVaryingFitter

    frame = rows[["start", "stop", "event", *COVARIATES]].assign(id=np.arange(len(rows)))
    start = time.process_time()
    with warnings.catch_warnings(record=True):
        for one in subsets:
            names = [name for name, used in zip(COVARIATES, one, strict=True) if used]
            CoxTimeVaryingFitter(penalizer=1e-8).fit(
                frame[["id", "start", "stop", "event", *names]], id_col="id", event_col="event",
                start_col="start", stop_col="stop",
            )  # fmt: skip
    return time.process_time() - start


#: name -> (what runs, how many, seconds that it may take)
CASES: dict[str, tuple[Callable[[int, int], Timing], int, float | None]] = {
    "estimation": (estimation, 1000, None),
    "curve 1,000": (curve, 1000, 6.0),
    "curve 10,000": (curve, 10_000, 25.0),
    "joint test": (joint, 1000, 60.0),
    "un": (united_nations, 1000, 10.0),
    "worlds of dates": (worlds, 1000, 60.0),
}


def page(found: dict[str, Timing], workers: int) -> str:
    lines = [
        "# Sensitivity analyses, timed\n",
        f"Made by `benchmarks/sensitivity.py` with {workers} workers on {os.cpu_count()} cores "
        f"({platform.machine()}, Python {platform.python_version()}, joblib\n"
        f"{joblib.__version__}). Wall-clock seconds of one call each, everything counted. `CPU` is "
        "the processor\ntime of the call and of its workers, imports included: where it is far "
        "below workers times seconds,\nthe machine was busy with something else. Combinations of "
        "which an option does not apply are no\nspecifications. How fast the machine was that day, "
        "the time of one `coxph` tells.\n",
        "| | seconds | CPU | target | met | what |",
        "| :--- | ---: | ---: | ---: | :--- | :--- |",
    ]
    for name, one in found.items():
        target = CASES[name][2]
        met = "" if target is None else ("yes" if float(str(one["seconds"])) < target else "no")
        lines.append(
            f"| {name} | {one['seconds']:.2f} | {one['cpu']:.1f} | "
            f"{'' if target is None else f'{target:g}'} | {met} | {one['what']} |"
        )
    return "\n".join(lines) + "\n"


def alone(name: str, workers: int) -> Timing:
    """Run one case in a process of its own."""
    done = subprocess.run(
        [sys.executable, __file__, "--case", name, "--workers", str(workers)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    if done.returncode:
        raise SystemExit(f"{name}: {done.stderr}")
    timing: Timing = json.loads(done.stdout.splitlines()[-1])
    return timing


def one_case(name: str, workers: int) -> None:
    run, count, _ = CASES[name]
    before = os.times()
    with warnings.catch_warnings(record=True):
        found = run(count, workers)
    from joblib.externals.loky import get_reusable_executor

    get_reusable_executor().shutdown(wait=True)
    after = os.times()
    print(json.dumps({**found, "cpu": sum(after[:4]) - sum(before[:4])}))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", nargs="*", choices=list(CASES), default=list(CASES))
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--out", type=Path, default=HERE / "sensitivity.md")
    parser.add_argument("--case", choices=list(CASES), help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.case:
        one_case(given.case, given.workers)
        return
    found: dict[str, Timing] = {}
    for name in given.only:
        found[name] = alone(name, given.workers)
        one = found[name]
        print(f"{name}: {one['seconds']:.2f} s, CPU {one['cpu']:.1f}, {one['what']}", flush=True)
    if given.only == list(CASES):
        given.out.write_text(page(found, given.workers), encoding="utf-8")


if __name__ == "__main__":
    main()
