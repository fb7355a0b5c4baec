"""A formula runs nothing: its syntax tree is read before anything is evaluated."""

from __future__ import annotations

import re
import time

import numpy as np
import pandas as pd
import pytest

from coalition_models.errors import CoalitionError, FormulaError
from coalition_models.models.cox.api import cox
from coalition_models.models.discrete.api import logit
from coalition_models.models.sample.formula import build_design
from coalition_models.models.sample.vocabulary import CONTRASTS, FUNCTIONS

RNG = np.random.default_rng(0)
DATA = pd.DataFrame(
    {
        "start": 0, "stop": RNG.integers(1, 20, 80), "event": RNG.integers(0, 2, 80),
        "x": RNG.normal(size=80), "z": RNG.normal(size=80), "g": RNG.integers(0, 3, 80),
        "region": RNG.choice(["a", "b", "c"], 80),
    }
)  # fmt: skip

#: each would make the file FILE, were it run
ATTACKS = [
    "x + np.lib._npyio_impl.os.system('touch FILE')",
    "x + {open('FILE', 'w').write('x')}",
    "{open('FILE', 'w').write('x')}",
    "x + I(open('FILE', 'w').write('x'))",
    "open('FILE', 'w')",
    "log(open('FILE', 'w').write('x'))",
    "__import__('os').system('touch FILE')",
    "I(__import__('os').system('touch FILE'))",
    "I(eval(\"open('FILE', 'w')\"))",
    "exec(\"open('FILE', 'w')\")",
    "I(compile(\"open('FILE', 'w')\", '', 'eval'))",
    "x.to_csv('FILE')",
    "x.to_pickle('FILE')",
    "I(x.to_csv('FILE'))",
    "np.savetxt('FILE', x)",
    "np.save('FILE', x)",
    "I(x.pipe(open, 'FILE', 'w'))",
    "x.tofile('FILE')",
    "np.asarray(x).tofile('FILE')",
    "I((lambda: open('FILE', 'w'))())",
    "I([open('FILE', 'w') for _ in [1]])",
    "I({k: open('FILE', 'w') for k in [1]})",
    "I(sum(1 for _ in [open('FILE', 'w')]))",
    "I(f\"{open('FILE', 'w')}\")",
    "I((y := open('FILE', 'w')))",
    "I(x.__class__.__mro__[1].__subclasses__())",
    "I(().__class__.__base__.__subclasses__())",
    "I(np.__builtins__['open']('FILE', 'w'))",
    "I(x[open('FILE', 'w')])",
    "I(*[open('FILE', 'w')])",
    "C(x, levels=open('FILE', 'w'))",
    "C(region, contrasts=open('FILE', 'w'))",
    "C(region, open('FILE', 'w'))",
    "C(region, contr.treatment(open('FILE', 'w')))",
    "C(region, Treatment(reference=open('FILE', 'w')))",
    "C(region, contr.custom({'a': open('FILE', 'w')}))",
    "bs(x, knots=open('FILE', 'w'))",
    "bs(x, df=open('FILE', 'w'))",
    "poly(x, degree=open('FILE', 'w'))",
    "Q(open('FILE', 'w'))",
    "Q('x').to_csv('FILE')",
    "np.where(open('FILE', 'w'), x, z)",
    "np.log(x, out=open('FILE', 'w'))",
    "np.vectorize(open)(x)",
    "np.frompyfunc(open, 1, 1)(x)",
    "np.fromfile('FILE')",
    "np.memmap('FILE', mode='w+', shape=1)",
    "I(getattr(x, 'to_csv')('FILE'))",
    "I(globals()['__builtins__'])",
    "I(breakpoint())",
    "hashed(x)",
    "`x`.to_csv('FILE')",
    "`open`('FILE', 'w')",
    "`__import__`('os').system('touch FILE')",
    "𝐨𝐩𝐞𝐧('FILE', 'w')",
    "I(𝔬𝔭𝔢𝔫('FILE', 'w'))",
    "x:I(open('FILE', 'w'))",
    "(x + z)**open('FILE', 'w')",
    "x % open('FILE', 'w') % z",
    "x + [open('FILE', 'w')]",
    "I(x if open('FILE', 'w') else z)",
    "I(x or open('FILE', 'w'))",
    "I(x == open('FILE', 'w'))",
    "I(-open('FILE', 'w'))",
    "I(x)(open('FILE', 'w'))",
    "C(x)(open('FILE', 'w'))",
    "np(open('FILE', 'w'))",
    "I(x, data=open('FILE', 'w'))",
    "scale(x, _state=open('FILE', 'w'))",
    "I(x) + \\\nI(open('FILE', 'w'))",
    "I(\n open('FILE', 'w'))",
    "I(x # )\n, open('FILE', 'w'))",
]


@pytest.mark.parametrize("attack", ATTACKS)
def test_nothing_runs(attack, tmp_path, monkeypatch):
    made = tmp_path / "made"
    monkeypatch.chdir(tmp_path)
    for text in (f"event ~ {attack}", f"event ~ x + {attack}"):
        for model in (cox, lambda f, d: logit(f, d, time=None)):
            with pytest.raises(CoalitionError):
                model(text.replace("FILE", str(made)), DATA)
            with pytest.raises(CoalitionError):
                model(text.replace("FILE", "made"), DATA)
    assert not made.exists()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "side", ["open('FILE', 'w')", "{open('FILE', 'w')}", "I(x.to_csv('FILE'))"]
)
def test_nothing_runs_on_the_left(side, tmp_path):
    made = tmp_path / "made"
    with pytest.raises(FormulaError, match="must be the name of one column"):
        cox(f"{side} ~ x".replace("FILE", str(made)), DATA)
    assert not made.exists()


def test_columns_named_like_functions_or_code(tmp_path):
    made = tmp_path / "made"
    name = f"open('{made}', 'w')"
    data = DATA.assign(**{name: DATA["x"], "open": DATA["z"], "__import__": DATA["z"]})
    fit = cox(f"event ~ `{name}` + open", data)
    assert fit.names == (name, "open")
    np.testing.assert_allclose(fit.coefficients, cox("event ~ x + z", DATA).coefficients)
    inside = cox(f"event ~ np.exp(`{name}`)", data)
    np.testing.assert_allclose(inside.coefficients, cox("event ~ np.exp(x)", DATA).coefficients)
    assert not made.exists()


def test_what_is_refused_is_named():
    for term, words in {
        "I(lambda: x)": "lambda is not part of a formula",
        "I(x[0])": r"a subscript \(x\[0\]\)",
        "I([v for v in g])": "a comprehension",
        "I(f'{x}')": "an f-string",
        "I((y := x))": "an assignment",
        "x.values": "name: 'x.values'|x.values",
        "np.pad(x, 1)": r"np.pad\(\)",
        "I(x.values)": r"an attribute \(x.values\)",
        "open('f')": r"open\(\) is not a function that formulas know.*np.log1p",
        "{x}": r"write I\(x\)",
        "I(__name__)": "the name '__name__'",
    }.items():
        with pytest.raises(FormulaError, match=words):
            cox(f"event ~ {term}", DATA)


def test_every_function_of_the_list_works_and_stands_in_the_docstring():
    data = DATA.assign(p=np.exp(DATA["x"]))
    calls = {
        "C": "C(g)", "I": "I(x)", "Q": "Q('x')", "cr": "cr(x, df=4, constraints='center')",
        "cs": "cs(x, df=4, constraints='center')", "cc": "cc(x, df=4, constraints='center')",
        "bs": "bs(x, df=4)", "poly": "poly(x, 2)", "np.clip": "np.clip(x, -1, 1)",
        "np.isin": "np.isin(g, [0, 1])", "np.maximum": "np.maximum(x, z)",
        "np.minimum": "np.minimum(x, 0)", "np.power": "np.power(x, 2)",
        "np.where": "np.where(x > 0, x, z)", "np.round": "np.round(x, 1)",
    }  # fmt: skip
    for name in FUNCTIONS:
        design = build_design(f"event ~ {calls.get(name, f'{name}(p)')}", data, intercept=False)
        np.testing.assert_allclose(design.matrix_for(data), design.matrix)
        last = name.removeprefix("np.")
        assert re.search(rf"\b{last}\b", cox.__doc__), name
    for name in CONTRASTS:
        design = build_design(f"event ~ C(region, {name})", data, intercept=False)
        assert design.matrix.shape == (80, 2)
        np.testing.assert_allclose(design.matrix_for(data), design.matrix)


@pytest.mark.parametrize(
    "term",
    [
        "(x + z + g)**50", "(x + z)**99999999999", "x*z*g*x*z*g*x*z*g*x*z*g*x*z*g",
        "(" * 300 + "x" + ")" * 300,
    ],
)  # fmt: skip
def test_large_powers_are_multiplied_out_at_once(term):
    begun = time.perf_counter()
    fit = cox(f"event ~ {term}", DATA)
    assert len(fit.names) in (1, 3, 7)
    assert time.perf_counter() - begun < 5


@pytest.mark.parametrize(
    "term",
    [
        "*".join(f"C(a{i})" for i in range(40)),
        "(" + "+".join(f"a{i}" for i in range(60)) + ")**9",
        "I(9**9**9**9**9)", "I(x**9**9**9)", "I((9*9)**(9*9*9*9*9*9*9))", "bs(x, df=10**9)",
        "bs(x, df=1000000)", "poly(x, 100000)", "cr(x, df=10**6, constraints='center')",
        "I('a' * 10**10)", "C(g, levels=[0] * 10**10)", "I(" + "-" * 100_000 + "x)",
        "I(" + "x+" * 50_000 + "x)", "I(" * 3000 + "x" + ")" * 3000, "I(x\x00)", "9" * 6000 + ":x",
    ],
)  # fmt: skip
def test_what_would_never_end_is_refused(term):
    begun = time.perf_counter()
    with pytest.raises(CoalitionError):
        cox(f"event ~ {term}", DATA)
    assert time.perf_counter() - begun < 5


def test_trust_opens_python_for_both_models(tmp_path):
    made = tmp_path / "made"
    periods = DATA.drop(columns=["start", "stop"])
    for model, data in (
        (cox, DATA),
        (lambda f, d, **k: logit(f, d, time=None, **k), periods),
    ):
        fit = model("event ~ x.clip(-1, 1) + {z * 2}", data, trust=True)
        clipped = model("event ~ c + d", data.assign(c=DATA["x"].clip(-1, 1), d=2 * DATA["z"]))
        np.testing.assert_allclose(fit.coefficients, clipped.coefficients)
        np.testing.assert_allclose(fit.predict(data), fit.predict())
    touch = f"__import__('pathlib').Path({str(made)!r}).touch()"
    cox(f"event ~ I(x + 0 * len([{touch}]))", DATA, trust=True)
    assert made.exists()
    with pytest.raises(FormulaError, match="cannot evaluate"):
        cox("event ~ nothing_known(x)", DATA, trust=True)
    for model in (cox, logit):
        assert "trust : bool" in model.__doc__
        assert "Python" in model.__doc__
