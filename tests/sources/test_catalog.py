"""The catalogue: every table is listed, loads as its contract says, and can be cited."""

from __future__ import annotations

import json
import sys

import pandas as pd
import pytest

import coalition_models as cm
from coalition_models.record import record_of
from coalition_models.sources import build, bundled, catalog
from coalition_models.sources.catalog import entry, file_sha256

BUNDLED = list(cm.datasets().query("kind == 'bundled'").index)


def test_the_list_says_what_a_row_is_and_whether_it_is_at_hand(monkeypatch, tmp_path):
    monkeypatch.delenv("COALITION_MODELS_MIRROR", raising=False)
    monkeypatch.setenv("COALITION_MODELS_CACHE", str(tmp_path))
    table = cm.datasets()
    assert not table.index.duplicated().any()
    bundled = table[table["kind"] == "bundled"]
    assert bundled["at_hand"].all()
    assert not table.loc[table["kind"] == "external", "at_hand"].any()
    for column in ("title", "unit", "start", "end", "licence"):
        assert (table[column] != "").all(), column
    assert (table["rows"] > 0).all()


@pytest.mark.mirror
def test_with_the_mirror_every_table_is_at_hand(mirror, monkeypatch):
    monkeypatch.setenv("COALITION_MODELS_MIRROR", str(mirror))
    assert cm.datasets()["at_hand"].all()
    upstream = pd.read_csv(mirror / "sources.csv")
    external = cm.datasets().query("kind == 'external'")
    for row in upstream[upstream["name"].isin(external.index)].itertuples(index=False):
        assert (entry(row.name).url, entry(row.name).sha256) == (row.url, row.sha256)


@pytest.mark.parametrize("name", BUNDLED)
def test_bundled_tables_load_as_described(name):
    frame = cm.load(name)
    item = entry(name)
    assert len(frame) == item.rows
    assert list(frame.columns) == [column.name for column in item.columns]
    assert record_of(frame).notes["table"]["sha256"] == file_sha256(catalog.data_dir() / item.path)
    for column in item.columns:
        assert column.description, column.name


@pytest.mark.parametrize("name", BUNDLED)
def test_bundled_tables_can_be_cited(name):
    citation = cm.cite(name)
    assert citation.names == (name,)
    assert entry(name).citation_text in citation.text
    assert citation.bibtex.count("{") == citation.bibtex.count("}")


@pytest.mark.parametrize(
    ("name", "keys"),
    [
        ("elections", ["doering_manow_2023", "bell_besaw_frank_2021"]),
        ("leaders", ["bell_besaw_frank_2021", "doering_manow_2023"]),
        ("state_years", ["feenstra_inklaar_timmer_2015", "bailey_strezhnev_voeten_2017",
                         "foreignassistance_gov", "nato_members"]),
        ("country_codes", ["cow_states_2017", "gleditsch_ward_1999"]),
    ],
)  # fmt: skip
def test_derived_tables_bring_the_references_of_their_sources(name, keys):
    citation = cm.cite(name)
    for key in keys:
        assert citation.bibtex.count(f"{{{key},") == 1, key


def test_derived_tables_name_every_file_they_are_built_from():
    named = {source for name in BUNDLED for source in entry(name).made_from}
    assert set(build._SOURCES) <= named


def test_citations_come_once_and_follow_a_panel():
    panel = cm.build_panel(cm.load("participation"), coalitions=["iraq"])
    assert cm.cite(panel).names == ("participation", "coalitions")
    twice = cm.cite("participation", "troops")
    assert twice.bibtex.count("@misc{coalition_facts") == 1
    assert cm.cite().text.startswith("coalition_models")
    with pytest.raises(cm.DataError, match="cannot tell the sources of int"):
        cm.cite(3)


def test_codebooks_tell_unit_and_values():
    book = cm.codebook("participation")
    assert "early" in book.loc["exit_kind", "values"]
    assert (book["description"] != "").all()
    features = cm.codebook("features")
    for column in ("type", "unit", "description", "source", "missing"):
        assert (features[column] != "").all(), column


def test_an_unknown_table_names_the_nearest():
    with pytest.raises(cm.DataError, match="nearest names: participation"):
        cm.load("participations")
    with pytest.raises(cm.CoverageError, match="no extended form; those that have: elections"):
        cm.load("troops", extended=True)


def test_a_damaged_bundled_table_is_refused_with_every_failure(tmp_path, monkeypatch):
    data = tmp_path / "data"
    data.mkdir()
    text = (catalog.data_dir() / "coalitions.csv").read_text(encoding="utf-8")
    (data / "coalitions.csv").write_text(text.replace(",nato,", ",warsaw,"), encoding="utf-8")
    for room in (bundled, sys.modules["coalition_models.sources.load"]):
        monkeypatch.setattr(room, "data_dir", lambda: data)
    with pytest.raises(cm.DataError, match=r"column framework must be one of.*found warsaw"):
        cm.load("coalitions")
    (data / "coalitions.csv").write_text(text.replace("lead_state", "leader"), encoding="utf-8")
    with pytest.raises(cm.DataError, match="missing: lead_state; unknown: leader"):
        cm.load("coalitions")
    (data / "coalitions.csv").write_text(text.replace("2003-03-20", "20 March"), encoding="utf-8")
    with pytest.raises(cm.DataError, match="column start must hold dates"):
        cm.load("coalitions")


@pytest.fixture
def beside(tmp_path, monkeypatch):
    """A catalogue with one external source more than the package's, read anew."""
    kept = (catalog._bundled_entries, catalog._external_files, catalog._external_entry)

    def forget():
        for one in kept:
            one.cache_clear()

    folder = tmp_path / "data"
    (folder / "external").mkdir(parents=True)
    for name in ("datapackage.json", "external/nelda.json"):
        (folder / name).write_bytes((catalog.data_dir() / name).read_bytes())
    monkeypatch.setattr(catalog, "data_dir", lambda: folder)
    forget()
    yield folder / "external"
    forget()


def test_a_source_is_one_file(beside):
    record = json.loads((beside / "nelda.json").read_text(encoding="utf-8"))
    (beside / "polls.json").write_text(json.dumps(record | {"name": "polls"}), encoding="utf-8")
    assert [n for n, e in catalog.tables().items() if e.kind == "external"] == ["nelda", "polls"]
    assert entry("polls").columns == entry("nelda").columns
    assert entry("polls").citation_key == "hyde_marinov_2012"
    own = {"key": "x_2020", "text": "X (2020). Polls.", "bibtex": "@misc{x_2020,\n}"}
    (beside / "mine.json").write_text(
        json.dumps(record | {"name": "mine", "citation": own}), encoding="utf-8"
    )
    catalog._external_files.cache_clear()
    mine = entry("mine")
    assert (mine.citation_key, mine.citation_text, mine.bibtex) == tuple(own.values())


def test_only_the_file_of_the_source_asked_for_is_read(beside):
    (beside / "broken.json").write_text("{", encoding="utf-8")
    assert entry("nelda").rows > 0
    with pytest.raises(cm.DataError, match=r"cannot read the catalogue file broken\.json"):
        entry("broken")
    with pytest.raises(cm.DataError, match=r"cannot read the catalogue file broken\.json"):
        catalog.tables()
    (beside / "broken.json").write_bytes((beside / "nelda.json").read_bytes())
    with pytest.raises(cm.DataError, match="must describe the source 'broken', found 'nelda'"):
        entry("broken")


def test_participation_agrees_with_the_counts_of_its_documentation():
    spells = cm.load("participation")
    kinds = spells.groupby(["coalition", "exit_kind"]).size()
    assert kinds["iraq"].to_dict() == {
        "early": 21,
        "exogenous": 1,
        "leader": 1,
        "mission_end": 13,
        "post_mandate": 2,
        "scheduled": 14,
    }
    early = {name: kinds[name, "early"] for name in ("isaf", "rsm", "unosom2")}
    assert early == {"isaf": 8, "rsm": 5, "unosom2": 16}
    iraq = spells[spells["coalition"] == "iraq"]
    other = iraq["exit_kind_alt"].notna()
    assert (other & (iraq["exit_kind"] == "early")).sum() == 9
    assert (iraq["exit_kind_alt"] == "early").sum() == 3


def test_dated_deaths_never_exceed_the_yearly_total():
    dated = cm.load("fatal_incidents").assign(year=lambda f: f["date"].dt.year)
    sums = dated.groupby(["coalition", "cow", "year"])["deaths"].sum()
    yearly = cm.load("fatalities").set_index(["coalition", "cow", "year"])["deaths"]
    assert (sums <= yearly.reindex(sums.index)).all()
    total = cm.load("fatalities").query("coalition == 'iraq' and state != 'USA'")["deaths"].sum()
    assert (total, dated.query("coalition == 'iraq'")["deaths"].sum()) == (317, 285)


def test_uk_deaths_in_iraq():
    uk = cm.load("fatalities").query("coalition == 'iraq' and state == 'GBR'")
    assert uk["deaths"].sum() == 179


def test_every_resource_says_what_it_is():
    package = json.loads((catalog.data_dir() / "datapackage.json").read_text(encoding="utf-8"))
    for resource in package["resources"]:
        assert {"unit", "rows", "coverage", "citation", "licenses"} <= set(resource), resource[
            "name"
        ]


def test_a_citation_reads_well_in_a_list_and_in_a_notebook():
    citation = cm.cite("participation", "troops")
    assert repr(citation) == "<Citation of 2 tables: participation, troops>"
    assert repr(cm.cite()) == "<Citation of the package>"
    page = citation._repr_html_()
    assert page.count("<p>") == len(citation.text.splitlines())
