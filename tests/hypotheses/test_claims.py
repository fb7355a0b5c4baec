"""The file of claims is whole, and its claims run where it says they do."""

from __future__ import annotations

import re
import tomllib
from importlib import resources

import pandas as pd
import pytest

import coalition_models as cm
from coalition_models.designs.sets import set_names, set_records
from coalition_models.errors import DataError
from coalition_models.hypotheses.claims import parse_plan, read_plan, select
from coalition_models.hypotheses.columns import needed_columns
from coalition_models.hypotheses.listing import list_amendments, list_claims
from coalition_models.hypotheses.verdicts import test_hypotheses as run
from coalition_models.sources.literature import articles

#: claims that can be tested with what comes with the package
BUNDLED = [f"H{n:02d}" for n in (*range(1, 7), 11, 15, 16, 29, 30, 31, 32, 53, 55, 67)]
#: those that need an external source
EXTERNAL = [
    f"H{n:02d}" for n in (9, 14, 17, 18, 19, 21, 23, 24, 25, 28, 33, 34, 35, 37, 38, 40, 52)
]
#: common to all members, so that one coalition cannot tell
COMMON = ["H07"]
#: those for which nobody publishes the data
OWN_TABLE = [
    f"H{n:02d}" for n in (8, 10, 12, 13, 20, 22, 26, 27, 36, 39, *range(41, 52), 54, *range(56, 67))
]


def shape_columns(shape):
    """Columns that a shape names, without what is said of them in brackets."""
    return [part.strip() for part in re.sub(r"\([^)]*\)", "", shape).split(",")]


def test_the_file_has_every_claim_once():
    listed = list_claims()
    assert len(listed) >= 40
    assert list(listed.index) == [f"H{number:02d}" for number in range(1, len(listed) + 1)]
    assert sorted(BUNDLED + EXTERNAL + COMMON + OWN_TABLE) == list(listed.index)
    for column in ("claim", "mechanism", "articles", "made_for", "finding", "seen", "outcome"):
        assert (listed[column].str.len() > 0).all(), column


def test_every_step_is_used_and_every_article_known():
    raw = tomllib.loads(
        (resources.files("coalition_models.hypotheses") / "claims.toml").read_text("utf-8")
    )
    cited = {key for claim in raw["claims"] for key in claim["articles"]}
    assert cited == set(read_plan().articles)
    assert all(one.seen for one in read_plan().articles.values())
    read = {key for key, one in articles().items() if one.seen}
    assert read == cited
    assert {name for claim in raw["claims"] for name in claim.get("steps", [])} == set(raw["steps"])


def test_claims_that_run_on_bundled_data_alone(bundled):
    run_on = bundled.claims_run()
    assert sorted(run_on.index[run_on > 0]) == BUNDLED
    assert set(bundled.table.query("verdict != 'untestable'")["data_set"]) == {
        "iraq", "isaf", "forms", "leaders", "rsm: announced exit", "unosom2: announced exit",
    }  # fmt: skip
    rest = bundled.table[~bundled.table["claim"].isin(BUNDLED)]
    assert (rest["verdict"] == "untestable").all()
    assert rest["reason"].str.contains("not at hand|bring the table|^needs |^not identified").all()


def test_what_nobody_publishes_names_the_table_to_bring(bundled):
    listed = list_claims()
    assert list(listed.index[(listed["table"] != "")]) == OWN_TABLE
    for claim in select(OWN_TABLE):
        reasons = bundled.table.query("claim == @claim.id")["reason"]
        external = reasons.str.contains("not at hand|^not identified")
        assert reasons[~external].str.contains(claim.table_shape, regex=False).all(), claim.id
        if claim.on:
            columns = shape_columns(claim.table_shape)
            assert columns[-3:] == ["start", "end", claim.table_column]
            assert columns[:-3] in (["coalition", "cow"], ["cow"], ["coalition"])


@pytest.mark.slow
@pytest.mark.mirror
def test_claims_that_run_with_external_sources(mirror, monkeypatch):
    monkeypatch.setenv("COALITION_MODELS_MIRROR", str(mirror))
    found = run(robust=False)
    tested = found.claims_run()
    assert sorted(tested.index[tested > 0]) == sorted(BUNDLED + EXTERNAL)
    assert len(BUNDLED) == 16
    assert (tested > 0).sum() == 33
    assert not found.table["reason"].str.contains("not at hand").any()
    # the opposite claims on democracy are one test, and so are H02 and H37 among wars
    for data_set, part in found.table.query("verdict != 'untestable'").groupby("data_set"):
        assert found.family[data_set] == len(part.drop_duplicates("p_value"))
    democracy = found.table.query("claim in ['H17', 'H18'] and verdict != 'untestable'")
    assert democracy.groupby("data_set")[["p_value", "q_value"]].nunique().eq(1).all(axis=None)
    assert set(democracy["data_set"]) == {"iraq", "isaf", "un", "interventions", "wars"}
    # the columns of every derived term, control and alternative were there
    lost = found.table["deviations"].str.extract(r"without ([\w, ]+): not known here")[0].dropna()
    assert set(lost) == {"log_deaths_12m"}


def test_every_registered_column_is_a_feature_or_a_users_own():
    known = set(cm.codebook("features").index)
    # made for the claims or for one of their data sets
    known |= {"former_communist", "side_strength"}
    known |= {column for record in set_records() for column in record.brings}
    for claim in read_plan().claims:
        own = {claim.table_column} if claim.table else set()
        if claim.on not in ((), ("alliances",)):
            assert set(needed_columns(claim, alternatives=True)) <= known | own, claim.id


BROKEN = """
[steps.elections]
builder = "add_elections"
[[claims]]
id = "A"
name = "a"
claim = "a"
mechanism = "a"
articles = ["tago_2009", "tago_2008"]
made_for = "a"
finding = "a"
outcome = ["early exit"]
on = ["iraq", "mars"]
steps = ["elections", "magic"]
term = "election_near"
sign = "positive"
[[claims]]
id = "A"
name = "b"
claim = "b"
mechanism = "b"
articles = []
made_for = "b"
finding = "b"
outcome = ["early exit"]
on = []
term = ""
sign = "+"
clock = "sun"
interaction = true
[[amendments]]
date = "2026-01-01"
claims = ["B"]
change = "c"
reason = "r"
"""


def test_everything_wrong_is_said_at_once():
    with pytest.raises(DataError) as caught:
        parse_plan(BROKEN)
    message = str(caught.value)
    for said in (
        "ids that stand twice: A", "not 'positive'", "nearest keys: tago_2009", "an unknown step",
        "an unknown data set 'mars'; nearest: wars", "names no article", "unknown clock 'sun'",
        "neither data sets nor the table it needs", "an interaction without main effects",
        "amended but not listed: B",
    ):  # fmt: skip
        assert said in message, said


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('sign = "positive"\n', "", "missing sign"),
        ('name = "a"', 'nome = "a"', "unknown nome"),
        ('builder = "add_elections"', 'bilder = "x"', "unknown bilder"),
        ('on = ["iraq", "mars"]', 'on = "iraq"', "list of names"),
        ('name = "a"', 'name = "a"\nderive = { x = "1 +" }', "A: derive: x is no expression"),
        ("[steps.el", "[articles.x_1900]\n[steps.el", r"not articles; .* in data/articles\.toml"),
        ("[steps.el", '[outcomes.x]\nwords = "w"\n[steps.el', "outcome x: needs words, and a rule"),
    ],
)
def test_a_field_that_is_lacking_or_unknown_is_named(old, new, said):
    assert old in BROKEN
    with pytest.raises(DataError, match=said):
        parse_plan(BROKEN.replace(old, new))


def test_amendments_are_dated_and_reasoned():
    listed = list_amendments()
    assert len(listed) == len(read_plan().amendments) > 0
    assert (listed[["change", "reason"]].map(len) > 10).all(axis=None)
    assert pd.to_datetime(listed["date"], format="%Y-%m-%d").is_monotonic_increasing
    assert "H10, H47, H48" in set(listed["claims"])
    assert "all" in set(listed["claims"])


def test_claims_that_were_added_were_dated_before_they_were_run():
    """Every claim beyond the first plan is an amendment of its own, and no later one changes it."""
    added = [one for one in read_plan().amendments if one.change.startswith("Added: ")]
    assert {one.date for one in added} == {"2026-11-28"}
    names = [name for one in added for name in one.claims]
    assert names == [f"H{n}" for n in range(50, 68)]


def test_where_a_claim_was_found_is_no_test_of_it():
    (around,) = select("H67")
    assert around.awaits == ("unosom2", "rsm")
    for name in around.on:
        assert "no test of it" in around.proxy_for(name)
        assert around.proxy_for(f"{name}: announced exit") == around.proxy_for(name)
    assert all(around.proxy_for(name) == "" for name in around.awaits)


def test_prospect_theory_is_not_said_to_make_people_shun_risk_in_losses():
    (risk,) = select("H16")
    assert "in the domain of losses people seek risk" in risk.mechanism
    assert risk.sign == "+"


def test_selection_keeps_the_order_of_the_file():
    assert [claim.id for claim in select(["H31", "H02"])] == ["H02", "H31"]
    with pytest.raises(DataError, match="unknown claim: H99, H98"):
        select(["H99", "H01", "H98"])
    with pytest.raises(DataError, match="none given"):
        select([])


def test_a_proxy_on_some_sets_only_is_marked_there(bundled):
    change = select("H23")[0]
    assert change.proxy_for("alliances") == ""
    assert all(change.proxy_for(name) for name in change.on if name != "alliances")
    marked = bundled.table.set_index(["claim", "data_set"])["proxy"]
    assert marked["H23", "alliances"] == ""
    assert marked["H23", "iraq"] == change.proxy_for("iraq")
    asked = {name.partition(":")[0] for name in bundled.table["data_set"]}
    assert asked <= {*set_names(), "none"}
