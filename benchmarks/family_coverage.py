"""Bias of every family's estimates, and how often 95 % intervals hold the truth.

    python benchmarks/family_coverage.py              # writes docs/bias-and-coverage.md
    python benchmarks/family_coverage.py --draws 20     # a quick look, printed only

Every draw is made from the family's own model with one covariate of effect ``BETA``, with late
entry where the family takes it. Draws without an estimate are counted and left out.
"""

from __future__ import annotations

import argparse
import re
import time
import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd

import coalition_models as cm
from coalition_models.errors import CoalitionError
from coalition_models.models.family import families
from coalition_models.render import Table

HERE = Path(__file__).resolve().parent
BETA = 0.5
MEMBERS = 200
Rng = np.random.Generator
Panel = pd.DataFrame

#: log of time at its base: sigma times one of these
NOISE: dict[str, Callable[[Rng, int], np.ndarray]] = {
    "weibull": lambda rng, n: np.log(rng.exponential(size=n)),
    "lognormal": lambda rng, n: rng.normal(size=n),
    "loglogistic": lambda rng, n: rng.logistic(size=n),
    "gamma": lambda rng, n: np.log(rng.gamma(2.0, 0.5, size=n)),
}


def observed(rng: Rng, x: np.ndarray, times: Callable[[], np.ndarray], end: float) -> Panel:
    """Two in five members enter late, if they are there still; none is followed beyond the end."""
    n = len(x)
    entry = np.where(rng.random(n) < 0.4, rng.uniform(0, end / 4, n), 0.0)
    out = times()
    for _ in range(200):  # only those who are there when they enter are seen
        gone = out <= entry
        if not gone.any():
            break
        out = np.where(gone, times(), out)
    stop = np.minimum(out, end)
    data = pd.DataFrame({"id": np.arange(n), "start": entry, "stop": stop, "x": x})
    return data.assign(event=(out < end).astype(int))[stop > entry]


def durations(kind: str, sigma: float) -> Callable[[Rng], Panel]:
    def draw(rng: Rng) -> Panel:
        x = rng.normal(size=MEMBERS)
        return observed(
            rng, x, lambda: np.exp(1.5 + BETA * x + sigma * NOISE[kind](rng, MEMBERS)), 15.0
        )

    return draw


def hazards(shape: float = 0.0, frailty: str = "") -> Callable[[Rng], Panel]:
    """Constant or Gompertz hazards with the effect BETA, in 40 states with a frailty or without."""

    def draw(rng: Rng) -> Panel:
        x, state = rng.normal(size=MEMBERS), np.arange(MEMBERS) % 40
        own = np.zeros(40)
        if frailty == "gamma":
            own = np.log(rng.gamma(2.0, 0.5, size=40))
        elif frailty:
            own = 0.7 * rng.normal(size=40)
        rate = 0.12 * np.exp(BETA * x + own[state])

        def times() -> np.ndarray:
            H = rng.exponential(size=MEMBERS)
            return H / rate if not shape else np.log1p(shape * H / rate) / shape

        return observed(rng, x, times, 15.0).assign(state=lambda d: d["id"] % 40)

    return draw


def by_the_unit(draw: Callable[[Rng], Panel]) -> Callable[[Rng], Panel]:
    """Dates known to lie in one of the units since the last whole one before, or since entry."""

    def drawn(rng: Rng) -> Panel:
        data = draw(rng)
        stop = np.where(data["event"] == 1, np.ceil(data["stop"]), data["stop"])
        return data.assign(stop=stop, seen=np.maximum(stop - 1, data["start"]))

    return drawn


def cured(kind: str) -> Callable[[Rng], Panel]:
    def draw(rng: Rng) -> Panel:
        x = rng.normal(size=MEMBERS)

        def times() -> np.ndarray:
            own = np.exp(1 + BETA * x + 0.6 * NOISE[kind](rng, MEMBERS))
            return np.where(rng.random(MEMBERS) < 0.65, own, 1e9)

        return observed(rng, x, times, 25.0)

    return draw


def periods(link: str, uncertain: bool = False) -> Callable[[Rng], Panel]:
    inverse = {
        "logit": lambda e: 1 / (1 + np.exp(-e)),
        "cloglog": lambda e: -np.expm1(-np.exp(e)),
        "probit": lambda e: __import__("scipy.special").special.ndtr(e),
    }[link]

    def draw(rng: Rng) -> Panel:
        n, length = MEMBERS, 9
        x = rng.normal(size=n)
        chance = inverse((-1.4 if link == "probit" else -2.2) + BETA * x)
        happened = rng.random((n, length)) < chance[:, None]
        last = np.where(happened.any(axis=1), happened.argmax(axis=1), length - 1)
        if uncertain:  # known by the quarter: rows go on to its end
            last = last // 3 * 3 + 2
            happened = np.add.accumulate(happened, axis=1) > 0
        row = np.repeat(np.arange(n), last + 1)
        stop = np.concatenate([np.arange(1, k + 2) for k in last])
        data = pd.DataFrame({"id": row, "start": stop - 1.0, "stop": stop * 1.0, "x": x[row]})
        data["event"] = happened[row, stop - 1].astype(int)
        if uncertain:
            data["event"] *= data["stop"] == last[row] + 1
            return data.assign(seen=data["stop"] - 3)
        return data[data["stop"] > 1 + row % 2]

    return draw


def groups(link: str) -> Callable[[Rng], Panel]:
    """Rows of 60 states that can have the event in any row."""
    inverse = {
        "logit": lambda e: 1 / (1 + np.exp(-e)),
        "cloglog": lambda e: -np.expm1(-np.exp(e)),
        "probit": lambda e: __import__("scipy.special").special.ndtr(e),
    }[link]

    def draw(rng: Rng) -> Panel:
        state = np.repeat(np.arange(60), 12)
        x = rng.normal(size=720)
        eta = (-0.9 if link == "probit" else -1.5) + BETA * x + 0.7 * rng.normal(size=60)[state]
        event = (rng.random(720) < inverse(eta)).astype(int)
        return pd.DataFrame({"state": state, "x": x, "event": event})

    return draw


def kinds(sub: bool = False, discrete: bool = False) -> Callable[[Rng], Panel]:
    def draw(rng: Rng) -> Panel:
        x = rng.normal(size=MEMBERS)
        if discrete:
            odds = np.exp(np.column_stack([-2.2 + BETA * x, np.full(MEMBERS, -2.5)]))
            rows = []
            for member in range(MEMBERS):
                total = 1 + odds[member].sum()
                for period in range(1, 11):
                    u = rng.random() * total
                    kind = 1 if u < odds[member, 0] else 2 if u < odds[member].sum() else 0
                    rows.append((member, period - 1, period, x[member], kind))
                    if kind:
                        break
            return pd.DataFrame(rows, columns=["id", "start", "stop", "x", "kind"])
        if sub:  # Fine and Gray 1999
            p = 1 - (1 - 0.4) ** np.exp(BETA * x)
            first = rng.random(MEMBERS) < p
            inside = 1 - (1 - rng.random(MEMBERS) * p) ** np.exp(-BETA * x)
            times = np.where(first, -np.log1p(-inside / 0.4), rng.exponential(size=MEMBERS))
            end = rng.uniform(0.5, 3, MEMBERS)
            kind = np.where(times < end, np.where(first, 1, 2), 0)
            stop = np.minimum(times, end)
            return pd.DataFrame(
                {"id": np.arange(MEMBERS), "start": 0.0, "stop": stop, "x": x, "kind": kind}
            )
        rate = np.column_stack([0.1 * np.exp(BETA * x), np.full(MEMBERS, 0.06)])

        def times() -> np.ndarray:
            return rng.exponential(size=MEMBERS) / rate.sum(axis=1)

        data = observed(rng, x, times, 15.0)
        # at constant hazards the kind does not depend on the time
        chosen = 1 + (rng.random(MEMBERS) > rate[:, 0] / rate.sum(axis=1))
        return data.assign(kind=np.where(data["event"] == 1, chosen[data["id"]], 0), at=0)

    return draw


#: label -> (how a draw is made, the specification, the truth)
STUDIES: dict[str, tuple[Callable[[Rng], Panel], dict[str, object], float]] = {
    "cox": (hazards(), {}, BETA),
    "cox_exact": (periods("logit"), {}, BETA),
    "exponential": (hazards(), {}, BETA),
    "weibull": (durations("weibull", 0.7), {}, -BETA / 0.7),
    "weibull, dates by the unit": (
        by_the_unit(durations("weibull", 0.7)), {"last_seen": "seen"}, -BETA / 0.7
    ),
    "gompertz": (hazards(0.08), {}, BETA),
    "piecewise": (hazards(), {"cuts": 3}, BETA),
    "lognormal": (durations("lognormal", 0.9), {}, BETA),
    "loglogistic": (durations("loglogistic", 0.6), {}, BETA),
    "gamma": (durations("gamma", 1.0), {}, BETA),
    "gengamma": (durations("lognormal", 0.9), {}, BETA),
    "cure_weibull": (cured("weibull"), {"starts": 4, "seed": 1}, BETA),
    "cure_loglogistic": (cured("loglogistic"), {"starts": 4, "seed": 1}, BETA),
    "logit": (periods("logit"), {"time": None}, BETA),
    "probit": (periods("probit"), {"time": None}, BETA),
    "cloglog": (periods("cloglog"), {"time": None}, BETA),
    "interval_logit": (periods("logit", True), {"time": None, "last_seen": "seen"}, BETA),
    "interval_probit": (periods("probit", True), {"time": None, "last_seen": "seen"}, BETA),
    "interval_cloglog": (periods("cloglog", True), {"time": None, "last_seen": "seen"}, BETA),
    "conditional_logit": (groups("logit"), {"time": None, "strata": "state"}, BETA),
    "random_logit": (groups("logit"), {"time": None, "group": "state"}, BETA),
    "random_probit": (groups("probit"), {"time": None, "group": "state"}, BETA),
    "random_cloglog": (groups("cloglog"), {"time": None, "group": "state"}, BETA),
    "frailty_gamma": (hazards(frailty="gamma"), {"group": "state"}, BETA),
    "frailty_gaussian": (hazards(frailty="gaussian"), {"group": "state"}, BETA),
    "cause_specific": (kinds(), {"none": 0}, BETA),
    "multistate": (kinds(), {"origin": "at"}, BETA),
    "fine_gray": (kinds(sub=True), {"none": 0, "causes": "1"}, BETA),
    "multinomial": (kinds(discrete=True), {"none": 0, "time": None}, BETA),
}  # fmt: skip


def study(label: str, draws: int) -> dict[str, object]:
    """Mean estimate, its spread, mean error and coverage of one family."""
    make, options, truth = STUDIES[label]
    family = label.partition(",")[0]
    can = families()[family].can
    response = "kind" if can & {"causes", "transitions"} else "event"
    plain = not ({"group", "strata"} & set(options)) or "frailty" in family
    found, lost, began = [], 0, time.perf_counter()
    for number in range(draws):
        data = make(np.random.default_rng([number, len(label)]))
        own = {"id": "id"} if "id" in data.columns and plain else {}
        try:
            spec = cm.Specification(family, f"{response} ~ x", **{**own, **options})
            fit = cm.fit(spec, data)
        except CoalitionError:
            lost += 1
            continue
        place = next(j for j, name in enumerate(fit.names) if re.search(r"(^|1: )x$", name))
        row = fit.tidy().iloc[place]
        found.append((row["estimate"], row["std_error"], row["conf_low"], row["conf_high"]))
    estimates = np.array(found)
    held = (estimates[:, 2] <= truth) & (truth <= estimates[:, 3])
    return {
        "family": label,
        "truth": truth,
        "mean": estimates[:, 0].mean(),
        "bias": estimates[:, 0].mean() - truth,
        "spread": estimates[:, 0].std(ddof=1),
        "mean error": estimates[:, 1].mean(),
        "coverage": held.mean(),
        "draws": len(estimates),
        "lost": lost,
        "seconds": time.perf_counter() - began,
    }


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--draws", type=int, default=0)
    parser.add_argument("--families", nargs="*", default=list(STUDIES))
    asked = parser.parse_args()
    draws = asked.draws or 500
    rows = []
    for label in asked.families:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            rows.append(study(label, draws))
        said = (f"{k}={v:.4g}" if isinstance(v, float) else str(v) for k, v in rows[-1].items())
        print(" ".join(said), flush=True)
    if asked.draws and len(asked.families) < len(STUDIES):
        return
    write(rows, draws)


def write(rows: list[dict[str, object]], draws: int) -> None:
    """The page in docs."""
    heads = ["family", "truth", "bias", "spread", "mean error", "coverage %", "draws", "lost"]
    cells = [
        [
            str(r["family"]),
            *(f"{r[name]:.3f}" for name in heads[1:5]),
            f"{100 * float(str(r['coverage'])):.1f}",
            str(r["draws"]),
            str(r["lost"]),
        ]
        for r in rows
    ]
    text = Table(heads, cells, "").markdown()
    margin = 196 * np.sqrt(0.95 * 0.05 / draws)
    (HERE.parent / "docs" / "bias-and-coverage.md").write_text(
        "# Bias and coverage by family\n\n"
        f"Made by `benchmarks/family_coverage.py`: {draws} draws of "
        f"{MEMBERS} members each from the family's own model, one covariate with effect {BETA} (on "
        "the family's scale where it is another), late entry where members have times, model-based "
        f"95 % intervals. A family that is right has 95 ± {margin:.1f} % in most rows. `spread` is "
        "the standard deviation of the estimates, which `mean error`, the mean standard error, "
        "should equal; `lost` draws had no estimate.\n\n"
        f"{text}\n",
        encoding="utf-8",
    )


if __name__ == "__main__":
    main()
