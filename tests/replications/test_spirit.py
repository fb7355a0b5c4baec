"""Studies in spirit: a kind of their own, claims held against ours, a curve between."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import pandas as pd
import pytest

import coalition_models as cm
from coalition_models.cli import main
from coalition_models.errors import first_few
from coalition_models.replications.claims import check_claims, claims_in_words
from coalition_models.replications.comparison import Replication
from coalition_models.replications.everything import Replications
from coalition_models.replications.left_out import list_left_out
from coalition_models.replications.published import folder_of, read_published
from coalition_models.replications.registry import known_studies, replicate, study_named
from coalition_models.replications.studies.borzyskowski_vabulas_2019 import study as borzyskowski
from coalition_models.replications.studies.duursma_gledhill_2019 import study as duursma
from coalition_models.replications.studies.leeds_mattes_vogel_2009 import study as leeds
from coalition_models.replications.studies.mello_2020 import study as mello
from coalition_models.replications.studies.pilster_boehmelt_tago_2015 import study as pilster
from coalition_models.replications.studies.tago_2009 import study as tago
from coalition_models.replications.studies.weisiger_2016 import study as weisiger
from coalition_models.replications.study import Claim
from coalition_models.replications.ways import curve_between
from coalition_models.replications.words import comment
from coalition_models.report.part import write_part
from coalition_models.report.parts.replications import PART
from coalition_models.sensitivity.curve_result import SpecCurve

MODULES = (borzyskowski, duursma, leeds, mello, pilster, tago, weisiger)
SPIRIT = {module.STUDY.name for module in MODULES}
#: study in spirit -> claims that hold, by name of the term, on the data of this release
HOLD = {
    "borzyskowski-vabulas-2019": ["leader_change"],
    "duursma-gledhill-2019": [],
    "leeds-mattes-vogel-2009": ["support_change"],
    "pilster-boehmelt-tago-2015": [],
    "mello-2020": [],
    "tago-2009": ["executive_constraints", "parliamentary"],
    "weisiger-2016": ["side_strength", "leader_change"],
}


def test_they_are_listed_as_their_own_kind():
    listed = cm.list_replications()
    assert set(listed.index[listed["kind"] == "in spirit"]) == SPIRIT
    assert (listed.loc[sorted(SPIRIT), "numbers"] == 0).all()
    for name in SPIRIT:
        study = study_named(name)
        assert study.same, name
        assert study.differs, name
        assert study.claims, name
        assert (study.curve is None) == (name == "mello-2020")


def test_claims_by_hand():
    study = study_named("tago-2009")
    claims = tuple(
        Claim(f"claim {number}", "His", "(1)", term, sign)
        for number, (term, sign) in enumerate([("a", "+"), ("b", "-"), ("c", "0"), ("d", "0")])
    )
    rows = [("a", 1.0, 0.2), ("b", -1.0, 0.01), ("c", 1.0, 0.3), ("d", 1.0, 0.001)]
    table = pd.DataFrame(
        [
            ("His", "(1)", term, quantity, value)
            for term, estimate, p in rows
            for quantity, value in (("coefficient", estimate), ("p_value", p))
        ],
        columns=["table", "model", "term", "quantity", "ours"],
    )
    found = check_claims(replace(study, claims=claims), table)
    assert found["holds"].tolist() == [False, True, True, False]
    assert found["sign_holds"].tolist()[:2] == [True, True]
    assert found["sign_holds"].isna().tolist() == [False, False, True, True]
    assert found.loc[:1, "conf_low"].isna().all(), "no standard error, no limits"
    assert claims_in_words(found) == (
        "1 of 2 claims of an effect hold (2 with the sign); 1 of 2 claims of none is not "
        "contradicted"
    )
    absent = check_claims(replace(study, claims=claims), table.head(0))
    assert absent["holds"].isna().all()


def test_the_report_shows_claims_and_differences(tmp_path):
    """A study in spirit of a toy's numbers: its claims are a table, what differs a list."""
    study = study_named("mello-2020")
    rows = [("All", "his paths", claim.term, "consistency", "", 0.8, "") for claim in study.claims]
    columns = ["table", "model", "term", "quantity", "printed", "ours", "match"]
    table = pd.DataFrame(rows, columns=columns).assign(note="")
    one = Replication(study, table)
    held = "4 of 4 claims of an effect hold"
    assert one.verdict == f"4 numbers of ours, none printed; {held}"
    ways = pd.DataFrame(
        {"ties": ["efron", "breslow"], "estimate": [0.5, 0.7], "std_error": 0.3, "z": 1.5}
    ).assign(
        conf_low=0.1,
        conf_high=1.2,
        p_value=[0.2, 0.04],
        exposed_events=3,
        problem="",
        scale="hazard ratio",
        statistic="score",
    )
    curve = SpecCurve("election", ways, ("ties",), ways.head(0), None, "hazard ratio")
    listed = cm.list_replications().loc[["mello-2020"]]
    found = Replications(listed, {"mello-2020": one}, {}, {"mello-2020": curve})
    write_part(tmp_path, PART, found, "", "")
    text = (tmp_path / "replications" / "replications.html").read_text("utf-8")
    for words in (
        "(in spirit)",
        "Different: our leaders",
        "~E*F is sufficient",
        "yes",
        "above 0.75",
    ):
        assert words in text
    assert "Between theirs and ours are 2 specifications (ties)" in text
    assert "<svg" in text
    assert "Claims" in one.summary()


def test_a_claim_of_no_model_is_refused():
    study = study_named("tago-2009")
    with pytest.raises(cm.ReplicationError, match="claims of models that it has not: odd"):
        replace(study, claims=(Claim("odd", "His", "(9)", "x", "+"),))


@pytest.mark.usefixtures("no_sources")
def test_without_its_sources_a_study_says_so():
    with pytest.raises(cm.CoverageError, match=r"tago-2009 joins several.*data fetch"):
        replicate("tago-2009")
    with pytest.raises(cm.CoverageError, match=r"tago-2009 joins several"):
        cm.spirit_curve("tago-2009")


def test_a_curve_crosses_the_choices_between():
    panel = cm.simulate_panel(members=60, coefficients={"risk": 0.8, "size": 0.2}, seed=1)
    panel = panel.assign(again=panel["risk"])
    spec = cm.Specification("cox", "event ~ risk + size", ties="breslow", cluster="state")
    found = curve_between(
        spec,
        "risk",
        panel,
        ties=True,
        controls={"size": "size", "none": ""},
        terms=("risk", "again"),
    )
    assert found.dimensions == ("coding", "controls", "ties")
    assert len(found.table) == 8
    assert (found.table["problem"] == "").all()
    by_coding = found.table.groupby("coding")["estimate"].apply(list)
    assert by_coding["risk"] == pytest.approx(by_coding["again"])


def test_what_is_left_out_is_counted_and_named(capsys):
    found = list_left_out()
    assert main(["replicate", "--left-out"]) == 0
    said = capsys.readouterr().out
    assert f"{found['numbers'].sum()} numbers left out." in said
    assert "Heckman" in said
    listed = cm.list_replications()["left_out"]
    assert listed["lemke-karstens-2021"] == 94
    assert listed["martin-1992"] == 0


def test_known_numbers_are_printed_or_left_out(root):
    """Every number of the files that were found is here, with its value, or left out and named."""
    folder = root.parent / "shared" / "data" / "replications"
    if not folder.is_dir():
        pytest.skip("the files of printed numbers as they were found are not at hand")
    gone = list_left_out().groupby("study")["numbers"].sum()
    listed = cm.list_replications()["numbers"]
    for place in sorted(folder.glob("*/published.csv")):
        known = pd.read_csv(place, dtype=str)
        name = FOUND_AS[place.parent.name]
        if name in listed.index and listed[name]:
            own = Counter(map(float, read_published(folder_of(name))["printed"]))
            absent = Counter(map(float, known["value"])) - own
            assert absent.total() == gone.get(name, 0), f"{name}: {first_few(list(absent))}"
        # some studies here hold numbers of a further source, counted in the test of each
        more = {"box-steffensmeier-zorn-2001": 17}.get(name, 0)
        assert listed.get(name, 0) - more + gone.get(name, 0) == len(known), name


#: where they were found -> the study
FOUND_AS = {
    "barrilleaux_rainey2014_separation": "barrilleaux-rainey-2014",
    "bell_miller2015_nuclear": "bell-miller-2015",
    "berkemeier_fuhrmann2018_alliance_fulfillment": "berkemeier-fuhrmann-2018",
    "bienen_vandewalle1991_leaders": "bienen-vandewalle-1991",
    "boxsteffensmeier1996_warchest": "box-steffensmeier-1996",
    "boxsteffensmeier_jones2004_peacekeeping": "box-steffensmeier-jones-2004",
    "boxsteffensmeier_zorn2001_disputes": "box-steffensmeier-zorn-2001",
    "eschenauer_herre2023_coups": "eschenauer-herre-2023",
    "gannon_kent2021_isaf_contributions": "gannon-kent-2021",
    "hultman_kathman_shannon2013_civilians": "hultman-kathman-shannon-2013",
    "iqbal_zorn2008_assassination": "iqbal-zorn-2008",
    "kalyvas_balcells2010_rebellion": "kalyvas-balcells-2010",
    "king1990_cabinet": "king-etal-1990",
    "king_zeng2001_mid": "king-zeng-2001",
    "leeds_anac2005_alliance_performance": "leeds-anac-2005",
    "lemke_karstens2021_territorial_contenders": "lemke-karstens-2021",
    "martin1992_sanctions": "martin-1992",
    "martin_vanberg2003_bargaining": "martin-vanberg-2003",
    "spduration_coups": "powell-thyne-2011",
    "vonborzyskowski_vabulas2019_igo_withdrawal": "borzyskowski-vabulas-2019",
    "weisiger2014_conquest": "weisiger-2014",
}


@pytest.mark.slow
@pytest.mark.mirror
@pytest.mark.parametrize("name", sorted(HOLD))
def test_claims_that_hold(name, replicated):
    found = replicated(name).claims
    assert found.loc[found["holds"].fillna(False), "term"].tolist() == HOLD[name]
    assert " of an effect hold" in replicated(name).verdict
    said = comment(replicated(name))
    assert sum(line.startswith("Different: ") for line in said) == len(
        replicated(name).study.differs
    )
    assert "Claims" in replicated(name).summary()


@pytest.mark.slow
@pytest.mark.mirror
@pytest.mark.filterwarnings("ignore::coalition_models.errors.CoalitionWarning")
def test_the_curve_of_a_study(mirror, monkeypatch):
    monkeypatch.setenv("COALITION_MODELS_MIRROR", str(mirror))
    curve = cm.spirit_curve("tago-2009")
    assert len(curve.table) == 8
    assert curve.summary["share_above_one"] == 1
    assert curve.summary["share_significant_above"] == 0


def test_the_line_of_a_study_names_its_kind():
    listed = pd.DataFrame({"numbers": [0], "kind": ["in spirit"]}, index=["tago-2009"])
    found = Replications(listed, {}, {"tago-2009": "needs polity5"})
    assert next(iter(found.lines())) == "tago-2009 (in spirit): needs polity5"
    assert set(known_studies()) > SPIRIT
