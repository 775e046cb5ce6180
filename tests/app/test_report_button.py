"""The weekly report is one click from Overview."""

import pytest


@pytest.mark.parametrize(("language", "label"), [("en", "Weekly report"), ("zh", "经营周报")])
def test_overview_offers_the_weekly_report_in_its_language(open_page, language, label):
    at = open_page("overview", language)
    assert not at.exception and not at.error
    assert label in [button.proto.label for button in at.get("download_button")]
