"""Settings: every wrong file is refused in words with its lines, and what a person wrote survives every write."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from core.errors import UserError
from core.settings import SECTIONS, Settings, described, effective
from core.settings_file import lines
from core.storage import duckdb as db
from core.workspace import Workspace

COMMENTED = """# Our shop
[shop]   # who we are
name = "Lantern & Co"   # as on the sign

  # Britain and Germany
countries = [
    "GB",  # home
    "DE",
]

[labels]
luck = 0.1
"""


@pytest.fixture
def workspace(tmp_path) -> Workspace:
    return Workspace(tmp_path / "shop").create()


def refusal(workspace: Workspace, body: str | bytes) -> str:
    """What the refusal of a file says."""
    workspace.settings_file.write_bytes(body.encode() if isinstance(body, str) else body)
    with pytest.raises(UserError) as refused:
        workspace.settings()
    assert str(workspace.settings_file) in str(refused.value)
    return str(refused.value)


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("[labels]\nhorizon_days = -7\n", "Line 2: horizon_days in [labels] is -7; it must be a whole number from 1 to 182."),
        ("[inventory]\nservice_level = 95\n", "service_level in [inventory] is 95; it must be a number above 0 and below 1."),
        ('[recipe]\nobjective = "foo"\n', 'objective in [recipe] is "foo"; it must be one of "log", "brier".'),
        ('shop = "x"\n', 'Line 1: [shop] must be a section with settings of its own, but it is "x".'),
        ('[shop]\nname = "Café"\n'.encode("latin-1"), "Line 2: The text is not UTF-8."),
        ("0", 'Line 1: "0" is not TOML'),
        (b"[shop]\0", "It holds binary data."),
        (b"\x89PNG\r\n\x1a\n\0\0", "It holds binary data."),
        (b"", "It is empty"),
        ("[labels]\nhorizon_days = 28.0\n", "it must be a whole number"),
        ("[labels]\nhorizon_days = true\n", "horizon_days in [labels] is true; it must be a whole number"),
        ('[labels]\nhorizon_days = "28"\n', "it must be a whole number"),
        ("[labels]\nluck = nan\n", "it must be a number above 0 and below 0.5."),
        ("[recipe]\nrefit = 1\n", "it must be true or false."),
        ("[shop]\nname = 7\n", "it must be text in quotes."),
        ('[shop]\ncountries = "GB"\n', "it must be a list of country codes"),
        ('[shop]\ncountries = ["GB", 7]\n', "it must be a list of country codes"),
        ('[shop]\ncurrency = "pounds"\n', "it must be a currency code of three capital letters"),
        ('[model]\nsince = "2011-02-31"\n', 'it must be a day such as "2011-01-31", in quotes.'),
        ('[model]\ntuning = "last"\n', '"last-N"'),
        ("[labels]\nhorizon_day = 7\n", "[labels] has no setting horizon_day. The nearest name is horizon_days."),
        ("[lables]\nluck = 0.1\n", "There is no section [lables]. The nearest name is [labels]."),
        ("[shop]\nluck = 0.1\n", "[shop] has no setting luck. luck belongs in the section [labels]."),
        ('name = "x"\n', "name belongs in the section [shop]."),
        ("[shop\n", 'Line 1: "[shop" is not TOML'),
        ('[shop]\nname = "a"\nname = "b"\n', 'Line 3: "name = "b"" is not TOML, or repeats a setting or a section.'),
    ],
)
def test_a_wrong_file_is_refused_in_words(workspace, body, said):
    assert said in refusal(workspace, body)


def test_all_errors_are_listed_at_once_in_the_order_of_their_lines(workspace):
    said = refusal(workspace, '[inventory]\nservice_level = 95\n\n[labels]\nluck = 2\nhorizon_day = 7\n[recipe]\nobjective = "foo"\n')
    assert "has 4 errors." in said
    places = [said.index(f"Line {line}:") for line in (2, 5, 6, 8)]
    assert places == sorted(places)


def test_the_refusal_of_a_file_is_chinese_for_a_chinese_reader(workspace):
    workspace.settings_file.write_text("[inventory]\nservice_level = 95\n")
    with pytest.raises(UserError) as refused:
        workspace.settings()
    said = refused.value.message.show("zh")
    assert "第 2 行" in said and "大于 0 且小于 1" in said and "must" not in said


def test_a_folder_or_an_unreadable_file_in_its_place_is_refused_in_words(workspace, monkeypatch):
    workspace.settings_file.mkdir()
    with pytest.raises(UserError, match="It is a folder"):
        workspace.settings()

    def denied(path):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "read_bytes", denied)
    with pytest.raises(UserError, match="It cannot be read: Permission denied"):
        workspace.settings()


def test_a_file_from_windows_is_read(workspace):
    workspace.settings_file.write_bytes(b'\xef\xbb\xbf[shop]\r\nname = "Lamps"\r\n')
    assert workspace.settings().shop.name == "Lamps"


@pytest.mark.parametrize("section", SECTIONS)
def test_every_setting_has_a_meaning_and_allows_its_default(workspace, section):
    values = vars(getattr(Settings(), section))
    assert described(section).keys() == values.keys()
    assert all(setting.meaning.endswith(".") for setting in described(section).values())
    for name, value in values.items():
        changed = workspace.settings().with_values(section, **{name: value})
        workspace.save_settings(changed)
        assert workspace.settings() == changed


def test_a_changed_setting_keeps_comments_order_and_formatting(workspace):
    workspace.settings_file.write_text(COMMENTED)
    settings = workspace.settings().with_values("shop", name="Lamps").with_values("labels", horizon_days=14)
    workspace.save_settings(settings.with_values("model", max_epochs=3))
    expected = COMMENTED.replace('"Lantern & Co"', '"Lamps"') + "horizon_days = 14\n\n[model]\nmax_epochs = 3\n"
    assert workspace.settings_file.read_text() == expected


def test_saving_unchanged_settings_does_not_touch_the_file(workspace):
    workspace.save_settings(Settings())
    assert not workspace.settings_file.exists()
    workspace.settings_file.write_text(COMMENTED)
    workspace.save_settings(workspace.settings())
    assert workspace.settings_file.read_text() == COMMENTED


def test_a_value_that_is_not_allowed_is_not_written(workspace):
    workspace.settings_file.write_text(COMMENTED)
    with pytest.raises(UserError, match="horizon_days in .labels. is -7"):
        workspace.save_settings(workspace.settings().with_values("labels", horizon_days=-7))
    assert workspace.settings_file.read_text() == COMMENTED


def test_lines_are_those_of_the_settings_and_not_of_text_that_looks_alike():
    text = '[shop]\nname = """\nluck = 1\n"""\ncountries = [\n  "GB",\n]\n[labels]\nluck = 0.1\n'
    found = lines(text)
    assert found[("shop", "name")] == 2 and found[("shop", "countries")] == 5
    assert found[("labels",)] == 8 and found[("labels", "luck")] == 9 and ("shop", "luck") not in found


def test_the_users_own_values_win_over_inferred_ones_and_names_of_columns_add_up():
    inferred = {"shop": {"currency": "EUR", "countries": ("DE",), "columns": ("orders.units = Menge",)}}
    settings = effective({"shop": {"currency": "GBP", "columns": ("products.title = Name",)}}, inferred)
    assert (settings.shop.currency, settings.shop.countries) == ("GBP", ("DE",))
    assert settings.shop.columns == ("products.title = Name", "orders.units = Menge")


def test_the_users_own_settings_are_read_while_an_import_has_the_warehouse(workspace):
    workspace.settings_file.write_text(COMMENTED)
    with db.connect(workspace.warehouse) as con:
        con.execute("begin")
        assert workspace.own_settings().labels.luck == 0.1


def test_models_import_where_only_torch_and_its_like_are_installed():
    absent = ["pydantic", "annotated_types", "tomlkit", "duckdb", "streamlit", "shap", "holidays"]
    code = f"import sys\nfor name in {absent}: sys.modules[name] = None\n"
    code += "import core.models.train, core.models.predict, core.models.panel\nfrom core.settings import Settings\nSettings()"
    subprocess.run([sys.executable, "-c", code], check=True, cwd=Path(__file__).parents[2])
