"""Time Cox fits with clustered variance: R, lifelines, and this package, on the same panels.

    python benchmarks/cox.py [--sizes 3k 30k 300k 3M] [--out benchmarks/results.md]

Simulates monthly panels (eight covariates, three of them changing by month; rare events; late entry
on the mission's clock; states as clusters), lets every engine fit them with Efron's ties and one
thread, checks that the numbers agree, and writes a page of medians and ratios.
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
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from coalition_models.kernels.batch import fit_many_columns, fit_many_weights
from coalition_models.kernels.clusters import clustered_covariance
from coalition_models.kernels.cox import evaluate, fit, prepare

HERE = Path(__file__).resolve().parent
Floats = NDArray[np.float64]
Reference = dict[str, Any]  # what cox.R prints


@dataclass(frozen=True)
class Size:
    """How large a panel, how rare its events, and how often each engine runs."""

    name: str
    rows: int
    states: int
    yearly_hazard: float
    repeats: int
    r_refits: int = 0


SIZES = {
    size.name: size
    for size in (
        Size("3k", 3_300, 20, 0.16, 101, 60),
        Size("30k", 30_000, 40, 0.03, 9, 25),
        Size("300k", 300_000, 50, 0.02, 3),
        Size("3M", 3_000_000, 60, 0.02, 2),
    )
}
COVARIATES = [f"x{j}" for j in range(1, 9)]
REFITS = 1000


def simulate(size: Size, seed: int = 20031120) -> pd.DataFrame:
    """Spells of 5 to 120 months that enter a mission late, one row a month, ended by the event."""
    rng = np.random.default_rng(seed)
    spells = size.rows // 60
    length, entry = rng.integers(5, 121, spells), rng.integers(0, 60, spells)
    spell = np.repeat(np.arange(spells), length)
    month = np.concatenate([np.arange(n) for n in length])
    n = spell.size
    fixed = rng.normal(size=(spells, 5))
    fixed[:, 1] = rng.gamma(1.0, 1.0, spells)
    fixed[:, 2] = rng.random(spells) < 0.4
    changing = np.column_stack(
        [rng.random(n) < 0.15, rng.gamma(0.5, 1.0, n), np.cumsum(rng.normal(size=n)) % 3 - 1.5]
    )
    X = np.column_stack([fixed[spell], changing])
    pull = X @ np.array([0.3, -0.2, 0.3, 0.0, 0.1, 0.6, 0.2, -0.1])
    hazard = size.yearly_hazard / 12 * np.exp(pull - np.log(np.exp(pull).mean()))
    event = rng.random(n) < hazard
    end = np.full(spells, n)
    np.minimum.at(end, spell[event], np.flatnonzero(event))
    keep = np.arange(n) <= end[spell]
    start = (entry[spell] + month)[keep].astype(float)
    frame = pd.DataFrame(X[keep].astype(float), columns=COVARIATES)
    frame.insert(0, "spell", spell[keep])
    frame.insert(1, "state", rng.integers(0, size.states, spells)[spell][keep])
    frame.insert(2, "start", start)
    frame.insert(3, "stop", start + 1)
    frame.insert(4, "event", event[keep].astype(int))
    return frame


@dataclass
class Timing:
    """Median wall-clock and processor seconds of a job."""

    wall: float
    cpu: float
    runs: int


def timed(job: Callable[[], object], repeats: int) -> Timing:
    """Run once unrecorded, then ``repeats`` times."""
    job()
    walls, cpus = [], []
    for _ in range(repeats):
        wall, cpu = time.perf_counter(), time.process_time()
        job()
        walls.append(time.perf_counter() - wall)
        cpus.append(time.process_time() - cpu)
    return Timing(float(np.median(walls)), float(np.median(cpus)), repeats)


@contextmanager
def without_compiled() -> Iterator[None]:
    os.environ["COALITION_MODELS_NO_COMPILED"] = "1"
    try:
        yield
    finally:
        del os.environ["COALITION_MODELS_NO_COMPILED"]


@dataclass
class Arrays:
    start: Floats
    stop: Floats
    event: Floats
    X: Floats
    state: NDArray[np.int64]

    @classmethod
    def of(cls, panel: pd.DataFrame) -> Arrays:
        return cls(
            panel["start"].to_numpy(),
            panel["stop"].to_numpy(),
            panel["event"].to_numpy(float),
            np.ascontiguousarray(panel[COVARIATES].to_numpy()),
            panel["state"].to_numpy(),
        )

    def fit(self) -> tuple[Floats, Floats, Floats, float]:
        """Coefficients, model and clustered standard errors, log-likelihood."""
        data = prepare(self.start, self.stop, self.event, self.X)
        found = fit(data)
        robust = clustered_covariance(data, found.coefficients, found.covariance, self.state)
        return (
            found.coefficients,
            np.sqrt(np.diag(found.covariance)),
            np.sqrt(np.diag(robust)),
            found.log_likelihood,
        )


@dataclass
class Report:
    size: Size
    shape: dict[str, int]
    times: dict[str, Timing] = field(default_factory=dict)
    agreement: dict[str, float] = field(default_factory=dict)
    notes: dict[str, str] = field(default_factory=dict)
    memory: str = ""
    cost: float = 0.0
    read: float = 0.0


def run_r(folder: Path, size: Size) -> Reference:
    command = ["Rscript", str(HERE / "cox.R"), str(folder), str(size.repeats), str(size.r_refits)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    answer: Reference = json.loads(done.stdout)
    return answer


def write_panel(folder: Path, arrays: Arrays, weights: Floats, masks: NDArray[np.bool_]) -> None:
    for name in ("start", "stop", "event", "state"):
        getattr(arrays, name).astype(float).tofile(folder / name)
    arrays.X.T.astype(float).tofile(folder / "X")
    weights.tofile(folder / "weights")
    masks.astype(float).tofile(folder / "masks")
    shape = {
        "n": arrays.start.size,
        "p": arrays.X.shape[1],
        "n_clusters": weights.shape[1],
        "B": weights.shape[0],
    }
    (folder / "shape.json").write_text(json.dumps(shape))


def worst(ours: object, theirs: object) -> float:
    a, b = np.asarray(ours, dtype=float), np.asarray(theirs, dtype=float)
    return float(np.max(np.abs(a - b) / np.abs(b)))


def public_fit(panel: pd.DataFrame) -> Callable[[], object]:
    import coalition_models as cm

    formula = "event ~ " + " + ".join(COVARIATES)

    def job() -> object:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", cm.CoalitionWarning)
            return cm.cox(formula, panel, cluster="state", id="spell")

    return job


def lifelines_fit(panel: pd.DataFrame) -> Callable[[], object]:
    from lifelines import CoxTimeVaryingFitter

    columns = panel[["spell", "start", "stop", "event", *COVARIATES]]

    def job() -> object:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return CoxTimeVaryingFitter().fit(
                columns, id_col="spell", event_col="event", start_col="start", stop_col="stop"
            )

    return job


def draws(size: Size, n_clusters: int) -> tuple[Floats, NDArray[np.bool_]]:
    rng = np.random.default_rng(7)
    weights = rng.multinomial(n_clusters, np.full(n_clusters, 1 / n_clusters), REFITS).astype(float)
    masks = rng.random((REFITS, len(COVARIATES))) < 0.6
    masks[~masks.any(axis=1), 0] = True
    return weights, masks


def bench(size: Size, with_r: bool) -> Report:
    panel = simulate(size)
    arrays = Arrays.of(panel)
    data = prepare(arrays.start, arrays.stop, arrays.event, arrays.X)
    states = np.unique(arrays.state)
    report = Report(
        size,
        {
            "rows": len(panel),
            "spells": panel["spell"].nunique(),
            "states": states.size,
            "events": data.n_events,
            "event months": data.n_bins,
            "rows at risk at an event": data.n_at_risk_rows,
        },
    )
    weights, masks = draws(size, states.size)
    reference: Reference | None = None
    if with_r:
        with tempfile.TemporaryDirectory() as name:
            write_panel(Path(name), arrays, weights, masks)
            reference = run_r(Path(name), size)
        for key, label in (("coxph", "R coxph, clustered"), ("agreg", "R agreg.fit, model only")):
            report.times[label] = Timing(**reference[key])
    singles(size, panel, arrays, report, reference)
    if size.r_refits:
        batches(size, arrays, weights, masks, report, reference)
    report.memory = measure_memory(arrays)
    report.cost, report.read = pass_cost(arrays)
    return report


def singles(
    size: Size,
    panel: pd.DataFrame,
    arrays: Arrays,
    report: Report,
    reference: Reference | None,
) -> None:
    coef, model, robust, loglik = arrays.fit()
    report.times["this package, arrays, clustered"] = timed(arrays.fit, max(size.repeats, 3))
    data = prepare(arrays.start, arrays.stop, arrays.event, arrays.X)

    def again() -> object:
        found = fit(data)
        return clustered_covariance(data, found.coefficients, found.covariance, arrays.state)

    report.times["this package, sorted panel, clustered"] = timed(again, max(size.repeats, 3))
    public = public_fit(panel)
    result = public()
    report.times["this package, cox(formula, data), clustered"] = timed(public, size.repeats)
    table = result.tidy()  # type: ignore[attr-defined]
    report.agreement["cox() and array entry: coefficients"] = worst(table["estimate"], coef)
    report.agreement["cox() and array entry: clustered errors"] = worst(table["std_error"], robust)
    if size.rows <= 300_000:
        with without_compiled():
            plain = arrays.fit()
            report.times["this package, arrays, numpy only"] = timed(
                arrays.fit, min(3, size.repeats)
            )
        report.agreement["numpy and compiled: clustered errors"] = worst(plain[2], robust)
    if reference is not None:
        report.agreement["R: coefficients"] = worst(coef, reference["coef"])
        report.agreement["R: model errors"] = worst(model, reference["model_se"])
        report.agreement["R: clustered errors"] = worst(robust, reference["robust_se"])
        report.agreement["R: log-likelihood"] = worst(loglik, reference["loglik"])
    other = lifelines_fit(panel)
    fitted = other()
    label = "lifelines CoxTimeVaryingFitter, model only"
    report.times[label] = timed(other, min(3, size.repeats) if size.rows < 1e6 else 1)
    summary = fitted.summary  # type: ignore[attr-defined]
    report.agreement["lifelines: coefficients"] = worst(summary["coef"], coef)


def batches(
    size: Size,
    arrays: Arrays,
    weights: Floats,
    masks: NDArray[np.bool_],
    report: Report,
    reference: Reference | None,
) -> None:
    data = prepare(arrays.start, arrays.stop, arrays.event, arrays.X)
    begin = fit(data).coefficients

    def boot(threads: int | None) -> Callable[[], object]:
        return lambda: fit_many_weights(
            data, weights, clusters=arrays.state, start=begin, threads=threads
        )

    def columns(threads: int | None) -> Callable[[], object]:
        return lambda: fit_many_columns(data, masks, clusters=arrays.state, threads=threads)

    for label, job in (("bootstrap", boot), ("subsets", columns)):
        report.times[f"{label}: this package, one thread"] = timed(job(1), 3)
        report.times[f"{label}: this package, all cores"] = timed(job(None), 3)
    many = fit_many_weights(data, weights, clusters=arrays.state, start=begin)
    some = fit_many_columns(data, masks, clusters=arrays.state)
    report.notes["bootstrap"] = (
        f"{int(many.converged.sum())} of {REFITS} refits converged, "
        f"{int(many.diverging.any(axis=1).sum())} have an infinite coefficient, "
        f"{int(many.aliased.any(axis=1).sum())} an aliased one"
    )
    if reference is None:
        return
    pairs = (
        ("bootstrap: R coxph, one by one", "boot"),
        ("bootstrap: R agreg.fit, one by one", "boot_bare"),
        ("subsets: R coxph, one by one", "columns"),
        ("subsets: R agreg.fit, one by one", "columns_bare"),
    )
    for label, key in pairs:
        mean: dict[str, float] = reference[key]
        report.times[label] = Timing(mean["wall"] * REFITS, mean["cpu"] * REFITS, size.r_refits)
    usable = [b for b in range(size.r_refits) if many.converged[b]]
    theirs = np.array([reference["boot_coef"][b] for b in usable], dtype=float)
    gap = np.abs(many.coefficients[usable] - theirs) / np.sqrt(many.variance_model[usable])
    report.agreement["R, bootstrap: coefficients (in standard errors)"] = float(gap.max())
    error = [
        worst(np.sqrt(some.variance_cluster[b][masks[b]]), reference["columns_se"][b])
        for b in range(size.r_refits)
    ]
    report.agreement["R, subsets: clustered errors"] = max(error)


MEMORY = """
import sys, numpy as np
from coalition_models.kernels.clusters import clustered_covariance
from coalition_models.kernels.cox import evaluate, fit, prepare
def status(key):
    for line in open("/proc/self/status"):
        if line.startswith(key):
            return int(line.split()[1])
def run(a):
    data = prepare(a["start"], a["stop"], a["event"], a["X"])
    found = fit(data)
    clustered_covariance(data, found.coefficients, found.covariance, a["state"])
tiny = {"start": np.zeros(4), "stop": np.arange(1.0, 5), "event": np.ones(4),
        "X": np.eye(4)[:, :2], "state": np.arange(4)}
run(tiny)
a = dict(np.load(sys.argv[1]))
open("/proc/self/clear_refs", "w").write("5")
before = status("VmRSS")
run(a)
print(before, status("VmHWM") - before)
"""


def measure_memory(arrays: Arrays) -> str:
    """Peak memory above the loaded panel, in a process of its own (Linux)."""
    if not Path("/proc/self/clear_refs").exists():
        return "not measured on this system"
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "panel.npz"
        np.savez(file, **vars(arrays))
        done = subprocess.run(
            [sys.executable, "-c", MEMORY, str(file)], check=True, capture_output=True, text=True
        )
    above = int(done.stdout.split()[1]) * 1024
    return f"{above / 2**20:.1f} MB, {above / arrays.X.nbytes:.2f} times the float design"


def first_call() -> str:
    code = (
        "import time; t = time.perf_counter(); import numpy as np;"
        "from coalition_models.kernels.cox import fit, prepare;"
        "u = time.perf_counter();"
        "fit(prepare(np.zeros(4), np.arange(1., 5), np.ones(4), np.eye(4)[:, :1]));"
        "print(u - t, time.perf_counter() - u)"
    )
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    imports, call = (float(part) for part in done.stdout.split())
    return (
        "In a new process importing the kernel takes "
        f"{imports:.2f} s and the first fit {call:.2f} s."
    )


def bandwidth(numbers: int = 1 << 25, repeats: int = 7) -> float:
    """Bytes a second that one thread reads and writes, copying arrays beyond every cache."""
    source, target = np.ones(numbers), np.empty(numbers)
    took = []
    for _ in range(repeats):
        begin = time.perf_counter()
        np.copyto(target, source)
        took.append(time.perf_counter() - begin)
    return 2 * source.nbytes / min(took)


def pass_cost(arrays: Arrays) -> tuple[float, float]:
    """One evaluation of log-likelihood, score and information, on one thread.

    Returns nanoseconds per row at risk at an event, and the bytes of columns it reads per second.
    """
    data = prepare(arrays.start, arrays.stop, arrays.event, arrays.X)
    beta = fit(data).coefficients
    took = []
    for _ in range(max(7, 2_000_000 // data.n_at_risk_rows)):
        begin = time.perf_counter()
        evaluate(data, beta)
        took.append(time.perf_counter() - begin)
    best = float(np.median(took))
    return 1e9 * best / data.n_at_risk_rows, data.panel.columns.nbytes / best


def machine() -> list[str]:
    model = platform.processor() or platform.machine()
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        names = [
            li.split(":")[1].strip()
            for li in cpuinfo.read_text().splitlines()
            if "model name" in li
        ]
        model = names[0] if names else model
    packages = ("numpy", "pandas", "lifelines", "coalition-models")
    found = []
    for package in packages:
        try:
            found.append(f"{package} {version(package)}")
        except ModuleNotFoundError:
            continue
    return [
        f"- Machine: {model}, {os.cpu_count()} cores, {platform.system()}",
        f"- Python {platform.python_version()}, {', '.join(found)}",
    ]


def seconds(value: float) -> str:
    return f"{value * 1e3:.2f} ms" if value < 1 else f"{value:.2f} s"


def table(report: Report, labels: list[str], base: str) -> list[str]:
    name = base.split(": ", 1)[-1]
    lines = [
        f"| engine | median | processor | speed, {name} = 1 (wall) | (processor) | runs |",
        "|---|---:|---:|---:|---:|---:|",
    ]
    reference = report.times.get(base)
    for label in labels:
        if label not in report.times:
            continue
        t = report.times[label]
        ratios = (
            f"{reference.wall / t.wall:.1f} | {reference.cpu / max(t.cpu, 1e-9):.1f}"
            if reference
            else " | "
        )
        engine = label.split(": ", 1)[-1]
        lines.append(f"| {engine} | {seconds(t.wall)} | {seconds(t.cpu)} | {ratios} | {t.runs} |")
    return [*lines, ""]


def page(reports: list[Report], r_versions: str) -> str:
    lines = [
        "# Cox regression: timings",
        "",
        "Written by `python benchmarks/cox.py` (`make bench`). Simulated monthly panels, eight",
        "covariates, Efron's ties, late entry, states as clusters; every engine on one thread",
        "unless it says otherwise. Other families: [families.md](families.md); specification",
        "curves and worlds: [sensitivity.md](sensitivity.md).",
        "",
        *machine(),
        *([f"- {r_versions}"] if r_versions else ["- R was not at hand"]),
        f"- {first_call()}",
        f"- Memory bandwidth of one thread, copying 256 MB: {bandwidth() / 1e9:.1f} GB/s (read and "
        "written)",
        "",
        "How it was measured: engines ran one after the other on the same data, each after one run",
        "that is not counted; the table gives medians. Other work ran on the machine at times, so",
        "wall-clock times carry noise; processor time (user and system, of the process) suffers",
        "less from it, and ratios are given for both. R is timed inside R; reading files is in",
        "nobody's time. Every engine starts from its own natural input: a data frame, or a matrix",
        "for `agreg.fit` and the array entry.",
        "",
    ]
    for report in reports:
        shape = ", ".join(f"{value:,} {name}" for name, value in report.shape.items())
        singles_ = [k for k in report.times if not k.startswith(("bootstrap:", "subsets:"))]
        lines += [f"## {report.size.name}: {shape}", ""]
        lines += table(report, singles_, "R coxph, clustered")
        for kind, title in (
            ("bootstrap", f"{REFITS:,} cluster-bootstrap refits"),
            ("subsets", f"{REFITS:,} column subsets with clustered variance"),
        ):
            labels = [k for k in report.times if k.startswith(kind + ":")]
            if not labels:
                continue
            lines += [f"### {report.size.name}: {title}", ""]
            lines += table(report, sorted(labels), f"{kind}: R coxph, one by one")
            bare = report.times.get(f"{kind}: R agreg.fit, one by one")
            ours = report.times[f"{kind}: this package, one thread"]
            if bare:
                lines += [
                    f"One thread against `agreg.fit`: {bare.wall / ours.wall:.1f} (wall), "
                    f"{bare.cpu / ours.cpu:.1f} (processor). R ran {report.size.r_refits} of the "
                    f"{REFITS:,} refits; its time is their mean times {REFITS:,}.",
                    "",
                ]
            if kind in report.notes:
                lines += [report.notes[kind] + ".", ""]
        lines += [
            "Peak memory of prepare, fit and clustered variance above the loaded panel: "
            f"{report.memory}.",
            "",
            f"One pass (log-likelihood, score, information; p = {len(COVARIATES)}, one thread) "
            f"takes {report.cost:.1f} ns per row at risk, and reads its columns at "
            f"{report.read / 1e9:.1f} GB/s.",
            "",
            "Largest relative differences: "
            + "; ".join(f"{name} {value:.0e}" for name, value in report.agreement.items())
            + ".",
            "",
        ]
    return "\n".join(lines)


def r_versions() -> str:
    code = (
        'cat(R.version.string, ", survival ", as.character(packageVersion("survival")), sep = "")'
    )
    done = subprocess.run(["Rscript", "-e", code], capture_output=True, text=True, check=False)
    return done.stdout.strip()


LIMITS = {"coefficients": 1e-6, "errors": 1e-6, "log-likelihood": 1e-9}


def check(reports: list[Report]) -> list[str]:
    """Agreement that is too loose, in words; R stops at a log-likelihood change of 1e-9."""
    bad = []
    for report in reports:
        for name, value in report.agreement.items():
            limit = next(tol for key, tol in LIMITS.items() if key in name)
            if not value <= limit:
                bad.append(f"{report.size.name}, {name}: {value:.1e} exceeds {limit:.0e}")
    return bad


ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")


def restart_on_one_thread() -> None:
    """Linear algebra libraries read their number of threads when they load: start over with one."""
    if os.environ.get("OMP_NUM_THREADS") != "1":
        os.execve(sys.executable, [sys.executable, *sys.argv], os.environ | ONE_THREAD)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0] if __doc__ else None)
    parser.add_argument("--sizes", nargs="+", choices=list(SIZES), default=list(SIZES))
    parser.add_argument("--out", type=Path, default=HERE / "results.md")
    options = parser.parse_args()
    restart_on_one_thread()
    with_r = shutil.which("Rscript") is not None
    reports = []
    for name in options.sizes:
        print(f"{name} ...", flush=True)
        reports.append(bench(SIZES[name], with_r))
    options.out.write_text(page(reports, r_versions() if with_r else ""))
    problems = check(reports)
    print("\n".join(problems) or "all engines agree")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
