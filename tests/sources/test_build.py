"""The derived tables equal what the upstream files give, and a build is whole or nothing."""

from __future__ import annotations

import shutil

import pandas as pd
import pytest

import coalition_models as cm
from coalition_models.errors import CoverageError, DataError
from coalition_models.record import record_of
from coalition_models.sources import build
from coalition_models.sources._paths import data_dir
from coalition_models.sources.build_elections import build_coverage, build_elections, votes
from coalition_models.sources.build_leaders import build_leaders, same_person
from coalition_models.sources.build_state_years import build_state_years

NO_CORRECTIONS = pd.DataFrame(
    {
        name: pd.Series(dtype=kind)
        for name, kind in {
            "source": object,
            "state": object,
            "kind": object,
            "date": "datetime64[ns]",
            "action": object,
            "new_date": "datetime64[ns]",
            "new_kind": object,
            "new_round": "Int64",
            "reason": object,
        }.items()
    }
)
MEMBERS = pd.DataFrame({"state": ["ESP"], "cow": [230]})


def parlgov(*days):
    return pd.DataFrame(
        {
            "iso3": "ESP",
            "cow": 230,
            "kind": "legislative",
            "date": pd.to_datetime(list(days)),
            "election_id": range(len(days)),
        }
    )


def reign(*votes_of):
    """Rows of (day, kind, round)."""
    return pd.DataFrame(
        {
            "iso3": "ESP",
            "cow": 230,
            "kind": [kind for _, kind, _ in votes_of],
            "date": pd.to_datetime([day for day, _, _ in votes_of]),
            "precision": "day",
            "round": pd.array([number for _, _, number in votes_of], dtype="Int64"),
            "is_vote": True,
        }
    )


def correction(day, **more):
    row = {
        "source": "parlgov",
        "state": "ESP",
        "kind": "legislative",
        "date": pd.Timestamp(day),
        "action": "replace",
        "new_date": pd.NaT,
        "new_kind": None,
        "new_round": pd.NA,
        "reason": "why",
    }
    return pd.DataFrame([row | more])


# ------------------------------------------------------------------------------- by hand
def test_two_sources_are_one_election_and_parlgov_gives_the_day():
    table = votes(
        MEMBERS,
        parlgov("2004-03-14", "2008-03-10"),
        reign(("2004-03-14", "legislative", None), ("2008-03-09", "legislative", None)),
        NO_CORRECTIONS,
    )
    merged = build_elections(table)
    assert merged["date"].dt.strftime("%Y-%m-%d").tolist() == ["2004-03-14", "2008-03-10"]
    assert merged["agreement"].tolist() == ["agree", "days_apart:1"]
    assert merged["alternative_date"].tolist()[1] == pd.Timestamp("2008-03-09")
    assert set(merged["sources"]) == {"parlgov;reign"}


def test_votes_far_apart_or_of_another_kind_stay_apart():
    table = votes(
        MEMBERS,
        parlgov("2004-03-14"),
        reign(("2004-03-14", "presidential", 1), ("2004-03-28", "presidential", 2)),
        NO_CORRECTIONS,
    )
    merged = build_elections(table)
    assert merged["kind"].tolist() == ["legislative", "presidential", "presidential"]
    assert merged["agreement"].tolist() == ["single"] * 3
    assert merged["round"].tolist() == [pd.NA, 1, 2]


def test_a_referendum_is_no_election_unless_a_correction_says_so():
    source = reign(("2007-07-22", "referendum", None))
    assert len(votes(MEMBERS, parlgov(), source, NO_CORRECTIONS)) == 0
    fix = correction(
        "2007-07-22",
        source="reign",
        kind="referendum",
        new_kind="legislative",
        new_date=pd.Timestamp("2007-07-22"),
    )
    assert votes(MEMBERS, parlgov(), source, fix)["kind"].tolist() == ["legislative"]


def test_a_correction_moves_the_day_and_keeps_the_sources_own():
    fix = correction("2007-10-19", new_date=pd.Timestamp("2007-10-21"))
    merged = build_elections(votes(MEMBERS, parlgov("2007-10-19"), reign(), fix))
    row = merged.iloc[0]
    assert (row["date"], row["alternative_date"], row["note"]) == (
        pd.Timestamp("2007-10-21"),
        pd.Timestamp("2007-10-19"),
        "why",
    )


def test_a_correction_without_its_vote_stops_the_build():
    fix = correction("2007-10-19", new_date=pd.Timestamp("2007-10-21"))
    with pytest.raises(DataError, match="parlgov ESP legislative 2007-10-19"):
        votes(MEMBERS, parlgov("2004-03-14"), reign(), fix)


def _spells(*days):
    return pd.DataFrame({"cow": 230, "start": pd.to_datetime(list(days))})


def test_coverage_splits_where_the_deciding_kind_changes():
    table = votes(
        MEMBERS,
        parlgov(),
        reign(
            ("2003-02-19", "presidential", None),
            ("2013-02-18", "presidential", None),
            ("2017-04-02", "legislative", None),
        ),
        NO_CORRECTIONS,
    )
    cover = build_coverage(MEMBERS, table, _spells("1998-03-04"), pd.Timestamp("2021-02-28"))
    found = [
        (r.kind, f"{r.start:%Y-%m-%d}", f"{r.end:%Y-%m-%d}", r.complete) for r in cover.itertuples()
    ]
    assert found == [
        ("legislative", "2017-04-02", "2021-02-28", "yes"),
        ("presidential", "1998-03-04", "2017-04-01", "yes"),
    ]


def test_coverage_names_what_one_source_lacks_and_the_other_has():
    table = votes(
        MEMBERS,
        parlgov("2002-11-03", "2007-07-22"),
        reign(("2002-11-03", "legislative", None)),
        NO_CORRECTIONS,
    )
    cover = build_coverage(MEMBERS, table, _spells("1999-01-11"), pd.Timestamp("2021-02-28"))
    own = cover[cover["source"] == "reign"].set_index("kind")
    assert own.loc["legislative", ["complete", "note"]].tolist() == ["no", "lacks 2007-07-22"]
    assert own.loc["presidential", "complete"] == "no"
    assert cover[cover["source"] == "parlgov"]["complete"].tolist() == ["yes"]


def test_a_state_without_any_vote_is_named_as_uncovered():
    table = votes(MEMBERS, parlgov(), reign(), NO_CORRECTIONS)
    cover = build_coverage(MEMBERS, table, _spells("2006-06-03"), pd.Timestamp("2021-02-28"))
    assert cover["complete"].tolist() == ["no", "no"]
    assert set(cover["start"]) == {pd.Timestamp("2006-06-03")}


def _reign_leaders(*spells):
    rows = pd.DataFrame(spells, columns=["leader", "start", "end"])
    return rows.assign(
        iso3="ESP",
        cow=230,
        start=pd.to_datetime(rows["start"]),
        end=pd.to_datetime(rows["end"]),
        start_precision="day",
        end_precision=["month" if end else None for end in rows["end"]],
    )


def _cabinets(*cabinets):
    rows = pd.DataFrame(cabinets, columns=["prime_minister", "start", "party", "caretaker"])
    return rows.assign(
        iso3="ESP",
        start=pd.to_datetime(rows["start"]),
        cabinet_id=range(len(rows)),
        leads_cabinet="yes",
        left_right=5.0,
    )


def test_leaders_by_hand():
    found = build_leaders(
        MEMBERS,
        _reign_leaders(
            ("Gone", "1982-12-05", "1987-04-15"),
            ("Aznar", "1987-04-20", "2004-04-15"),
            ("Rodriguez Zapatero", "2004-04-17", "2011-12-15"),
            ("Later", "2012-03-01", None),
        ),
        _cabinets(
            ("Aznar", "1987-04-20", "PP", "no"),
            ("Zapatero", "2004-04-17", "PSOE", "no"),
            ("Zapatero", "2008-04-12", "PSOE", "yes"),
        ),
        pd.Timestamp("2021-02-28"),
    )
    effective = found[found["office"] == "effective"].set_index("leader")
    assert "Gone" not in effective.index
    # the successor's first day, where it lies in the month of leaving
    assert effective.loc["Aznar", "end"] == pd.Timestamp("2004-04-17")
    assert effective.loc["Aznar", "end_precision"] == "day"
    # months later there is no successor to date the exit by
    assert effective.loc["Rodriguez Zapatero", "end"] == pd.Timestamp("2011-12-15")
    assert effective.loc["Rodriguez Zapatero", "end_precision"] == "month"
    assert effective.loc["Rodriguez Zapatero", ["party", "source"]].tolist() == [
        "PSOE",
        "reign;parlgov",
    ]
    assert pd.isna(effective.loc["Later", "end"])
    assert pd.isna(effective.loc["Later", "party"])
    assert set(effective["known_until"]) == {pd.Timestamp("2021-02-28")}
    heads = found[found["office"] == "head_of_government"].set_index("leader")
    assert heads.index.tolist() == ["Aznar", "Zapatero"]
    assert heads.loc["Zapatero", ["caretaker", "note"]].tolist() == [
        "partly",
        "caretaker cabinets from 2008-04-12",
    ]


def test_names_of_one_person_in_two_sources():
    assert same_person("Schuessel", "Schussel")
    assert same_person("Fukuda Y", "Yasuo Fukuda")
    assert not same_person("Mitterlehner", "Faymann")


def test_state_years_by_hand():
    years = build_state_years(
        pd.DataFrame({"state": ["ESP", "MNE"], "cow": [230, 341]}),
        pd.Series({230: 1975, 341: 2006}),
        pd.DataFrame(
            {"cow": [230], "year": [2003], "population": [42.5], "gdp_per_capita": [30000.123]}
        ),
        pd.DataFrame({"cow": [230], "year": [2003], "ideal_point": [1.0], "distance_us": [1.7]}),
        pd.DataFrame({"ccode": [341], "accession_date": [pd.Timestamp("2017-06-05")]}),
        pd.DataFrame({"cow": [230, 230], "year": [2003, 2003], "military_aid": [10.0, -4.0]}),
    ).set_index(["state", "year"])
    spain = years.loc[("ESP", 2003)]
    assert (spain["population"], spain["gdp_per_capita"]) == (42_500_000, 30000.12)
    assert spain["us_military_aid"] == 6
    assert years.loc[("ESP", 2004)].drop(["cow", "nato_member"]).isna().all()
    assert years.loc["MNE"].index.min() == 2006
    assert years.loc["MNE"]["nato_member"].loc[[2016, 2017]].tolist() == [0, 1]


# ------------------------------------------------------------------------------- whole
@pytest.mark.mirror
def test_the_bundled_tables_are_what_the_upstream_files_give(mirror):
    assert build.build_tables(mirror, check=True) == []


@pytest.mark.slow
@pytest.mark.mirror
def test_build_writes_the_same_bytes_as_are_bundled(mirror, tmp_path):
    assert build.build_tables(mirror, tmp_path / "out") == []
    written = sorted(path.name for path in (tmp_path / "out").iterdir())
    assert written == sorted(f"{name}.csv" for name in build.DERIVED_TABLES)
    for name in written:
        assert (tmp_path / "out" / name).read_bytes() == (data_dir() / name).read_bytes(), name


@pytest.mark.mirror
def test_ctrl_c_leaves_nothing_half_written(mirror, tmp_path, monkeypatch):
    def interrupted(frame):
        raise KeyboardInterrupt

    monkeypatch.setattr(build, "_csv", interrupted)
    out = tmp_path / "out"
    out.mkdir()
    (out / "leaders.csv").write_text("what stood here before")
    with pytest.raises(KeyboardInterrupt):
        build.build_tables(mirror, out)
    assert [path.name for path in out.iterdir()] == ["leaders.csv"]
    assert (out / "leaders.csv").read_text() == "what stood here before"


def test_check_names_every_differing_row(monkeypatch):
    text = (data_dir() / "elections.csv").read_text(encoding="utf-8")
    altered = text.replace("ESP,230,2004-03-14", "ESP,230,2004-03-15")
    monkeypatch.setattr(build, "_csv", lambda frame: altered)
    found = build._differences("elections", pd.DataFrame())
    assert len(found) == 2
    assert "only in the bundled table: ESP,230,2004-03-14" in found[0]
    assert "only in the rebuilt table: ESP,230,2004-03-15" in found[1]


def test_check_sees_a_changed_order(monkeypatch):
    lines = (data_dir() / "elections.csv").read_text(encoding="utf-8").splitlines()
    swapped = "\n".join([lines[0], lines[2], lines[1], *lines[3:]]) + "\n"
    monkeypatch.setattr(build, "_csv", lambda frame: swapped)
    assert "another order" in build._differences("elections", pd.DataFrame())[0]


def test_missing_upstream_files_are_named(tmp_path):
    with pytest.raises(CoverageError, match=r"parlgov-cabinets\.csv"):
        build.build_tables(tmp_path, check=True)


@pytest.mark.mirror
def test_a_file_that_is_not_the_pinned_one_is_refused(mirror, tmp_path):
    for name in build._SOURCES:
        source = next(mirror.glob(f"{name}.*"))
        shutil.copy(source, tmp_path / source.name)
    with (tmp_path / "reign-leaders.csv").open("ab") as file:
        file.write(b"\n")
    with pytest.raises(DataError, match=r"reign-leaders\.csv"):
        build.build_tables(tmp_path, check=True)


def test_output_that_is_a_file_is_refused(tmp_path):
    path = tmp_path / "out"
    path.write_text("a file")
    with pytest.raises(DataError, match="is a file"):
        build.build_tables(tmp_path, path)
    with pytest.raises(DataError, match="give a folder"):
        build.build_tables(tmp_path)


# ------------------------------------------------------------------------------- extended
@pytest.fixture
def with_mirror(mirror, monkeypatch):
    monkeypatch.setenv("COALITION_MODELS_MIRROR", str(mirror))


@pytest.mark.slow
@pytest.mark.mirror
def test_extended_elections_report_what_they_add(with_mirror):
    plain = cm.load("elections")
    wide = cm.load("elections", extended=True)
    report = record_of(wide).notes["extension"]
    counts = wide["added_by"].value_counts()
    assert counts[""] == len(plain)
    for name in ("nelda", "bjornskov-rode"):
        assert counts[name] == report[name]["added"] > 0
        assert report[name]["shared"] + report[name]["added"] == report[name]["listed"]
    assert list(report["nelda"]["disagree"]) == [
        "800 legislative: 2006-04-02 here, 2006-04-19 there"
    ]
    korea = wide[(wide["state"] == "KOR") & (wide["date"] == "2004-04-15")].iloc[0]
    assert (korea["added_by"], korea["kind"]) == ("nelda", "legislative")
    tonga = wide[wide["state"] == "TON"]
    assert set(tonga["precision"]) == {"month"}
    assert "2010-11" in set(tonga["date"].dt.strftime("%Y-%m"))
    assert not wide.duplicated(["state", "date", "kind"]).any()


@pytest.mark.mirror
def test_extended_leaders_are_flagged(with_mirror):
    plain = cm.load("leaders")
    wide = cm.load("leaders", extended=True)
    assert (wide["office"] != "archigos").sum() == len(plain)
    rows = wide[(wide["state"] == "ESP") & (wide["office"] == "effective")].set_index("leader")
    row = rows.loc["Rodriguez Zapatero"]
    assert row[["entry", "source_change", "ideology"]].tolist() == ["regular", "yes", "leftist"]
    assert row["added_by"] == "archigos;chisols;leader-ideology"
    # beyond what the sources cover nothing is claimed
    late = wide[(wide["office"] == "effective") & (wide["start"] >= "2016-03-01")]
    assert late["entry"].isna().all()
    assert late.loc[late["start"] >= "2019-01-15", "source_change"].isna().all()
    assert (
        wide.loc[wide["added_by"] == "", ["entry", "source_change", "ideology"]]
        .isna()
        .all(axis=None)
    )


@pytest.mark.slow
@pytest.mark.mirror
def test_extended_state_years_join_by_dated_code(with_mirror):
    plain = cm.load("state_years")
    wide = cm.load("state_years", extended=True)
    assert len(wide) == len(plain)
    rows = wide.set_index(["state", "year"])
    assert rows.loc[("POL", 2003), "polity2"] == 10
    assert rows.loc[("DEU", 2003), "democracy_bmr"] == 1
    assert rows.loc[("ESP", 2003), "soldiers"] == 151
    assert rows.loc[("ESP", 2008), "us_troops"] == 1308
    assert rows.loc[("SLV", 2004), "us_defense_pact"] == 1
    assert rows.loc[("MNG", 2004), "us_defense_pact"] == 0
    assert wide.loc[wide["year"] > 2018, "polity2"].isna().all() or set(
        wide.loc[(wide["year"] > 2018) & wide["polity2"].notna(), "state"]
    ) == {"USA"}
    assert wide.loc[wide["year"] > 2018, "us_defense_pact"].isna().all()
    assert wide.loc[wide["year"] > 2019, "gdp_per_capita_model"].isna().all()
