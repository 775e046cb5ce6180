"""The Settings page's blocks: one form a group of settings, what changed ones wait for, the schedule's runs, and who changed what."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any
from zoneinfo import available_timezones

import pandas as pd
import streamlit as st
from babel import Locale

from core.messages import LOCALES
from core.setting import AT_ONCE, IMPORT, RECALCULATE, RETRAIN
from core.settings import Settings, applied_by, described
from dashboard import actions, data, labels, shop
from dashboard.components import cards, exports, jobs
from dashboard.i18n import LANGUAGES, _, day, exact, language, plain, show, spoken

_APPLIES: dict[str, Callable[[], str]] = {
    AT_ONCE: lambda: _("Applies at once."),
    IMPORT: lambda: _("Applies to files imported from now on."),
    RECALCULATE: lambda: _("Applies after **Recalculate**."),
    RETRAIN: lambda: _("Applies after **Retrain**."),
}
_KEPT = "settings_saved"  # where a session keeps what it has just saved, to say so after the rerun


@dataclass(frozen=True)
class Field:
    """A setting on the page: its place in `upswing.toml`, a label, and its effect in one sentence. words: of its choices."""

    section: str
    name: str
    label: str
    effect: str
    words: Callable[[], dict[Any, str]] | None = None

    @property
    def key(self) -> str:
        return f"set_{self.section}_{self.name}"

    @property
    def default(self) -> Any:
        return getattr(getattr(Settings(), self.section), self.name)


@dataclass(frozen=True)
class Group:
    """The settings of one tab."""

    title: str
    fields: list[Field]


def groups() -> dict[str, Group]:
    """Return the settings that the page shows, by the code of their tab."""
    return {
        "shop": Group(
            _("Shop"),
            [
                Field("shop", "name", _("Shop name"), _("Shown in the header of every page and in order files.")),
                Field("shop", "currency", _("Currency"), _("Currency of all amounts. Others are set aside at import.")),
                Field(
                    "shop",
                    "time_zone",
                    _("Time zone"),
                    _("Decides the day of each sale. The age of the data and the schedule change with it at once."),
                    _zones,
                ),
                Field("shop", "countries", _("Countries"), _("Forecasts take their public holidays into account."), _countries),
                Field("pages", "language", _("Language"), _("Language of the pages for a new visitor."), _languages),
            ],
        ),
        "segments": Group(
            _("Segments"),
            [
                Field(
                    "shop", "segment_attribute", _("Group by"), _("Country or channel of the orders, or a column of the customers file.")
                ),
                Field("shop", "segment_min_orders", _("Minimum orders"), _("A smaller segment gets no forecast of its own.")),
                Field("shop", "segment_min_customers", _("Minimum customers"), _("A smaller segment is left out, also for privacy.")),
                Field("shop", "max_segments", _("Number of segments"), _("At most this many are forecast, the largest first.")),
            ],
        ),
        "rising": Group(
            _("Rising"),
            [
                Field("labels", "min_ratio", _("Minimum ratio"), _("A riser gets at least this many times its expected orders.")),
                Field(
                    "labels", "min_extra_orders", _("Minimum extra orders"), _("A riser gets at least this many more orders than expected.")
                ),
                Field("labels", "luck", _("Chance of luck"), _("A rise must be less likely than this at the product's usual rate.")),
                Field("labels", "horizon_days", _("Forecast window (days)"), _("How far ahead a rise is predicted.")),
                Field("labels", "base_days", _("Usual rate (days)"), _("Length of the window that sets a product's usual rate.")),
                Field("labels", "min_age_days", _("Minimum age (days)"), _("A newer product gets no forecast.")),
                Field("labels", "recent_sale_days", _("Last sale (days)"), _("A product without a sale for longer gets no forecast.")),
                Field(
                    "labels", "min_instock_share", _("Days in stock"), _("Share of days in stock that a past window needs for training.")
                ),
            ],
        ),
        "orders": Group(
            _("Orders"),
            [
                Field("inventory", "service_level", _("Service level"), _("A higher level means more stock and fewer stock-outs.")),
                Field("inventory", "target", _("Target"), _("Defines what the service level measures."), _targets),
                Field("inventory", "review_days", _("Order cycle (days)"), _("Days between two orders for a product.")),
                Field("inventory", "default_lead_time_days", _("Lead time (days)"), _("Used if neither product nor supplier has one.")),
                Field(
                    "inventory", "holding_cost_share", _("Holding cost"), _("Cost of holding a unit for a year, relative to its unit cost.")
                ),
                Field(
                    "inventory",
                    "order_columns",
                    _("Order template"),
                    _("Columns of a purchase order, one per line: name, or name = heading."),
                ),
            ],
        ),
        "feature": Group(
            _("Feature"),
            [
                Field("feature", "max_share_brand", _("Brand's largest share"), _("Largest share of a list to feature. 1 sets no limit.")),
                Field(
                    "feature", "min_share_brand", _("Brand's smallest share"), _("Smallest share of a list for each brand. 0 sets none.")
                ),
                Field(
                    "feature",
                    "max_share_supplier",
                    _("Supplier's largest share"),
                    _("Largest share of a list to feature. 1 sets no limit."),
                ),
                Field(
                    "feature",
                    "min_share_supplier",
                    _("Supplier's smallest share"),
                    _("Smallest share of a list for each supplier. 0 sets none."),
                ),
                Field(
                    "feature",
                    "near_similarity",
                    _("Similar from"),
                    _("Products of a category whose texts are at least so similar do not share a list."),
                ),
            ],
        ),
        "freshness": Group(
            _("Freshness"),
            [
                Field("pages", "amber_days", _("Amber from (days)"), _("Every page marks data of this age in amber.")),
                Field("pages", "red_days", _("Red from (days)"), _("Hides past order-by dates and asks for newer files.")),
                Field("pages", "demo", _("Demonstration"), _("Pages use the last day of the data as the current date.")),
            ],
        ),
        "schedule": Group(
            _("Schedule"),
            [
                Field("schedule", "on", _("Run automatically"), _("The worker refreshes forecasts daily and retrains weekly.")),
                Field("schedule", "refresh_at", _("Refresh at"), _("Time of day. A day without new files is skipped.")),
                Field("schedule", "retrain_weekday", _("Retrain on"), _("Weekday of the weekly retraining."), _weekdays),
                Field("schedule", "retrain_at", _("Retrain at"), _("Time of day. A model that is no worse replaces the one in use.")),
            ],
        ),
        "notifications": Group(
            _("Notifications"),
            [
                Field("notifications", "data_age_days", _("Data older than (days)"), _("Sends an alert for older data. 0 turns it off.")),
                Field(
                    "notifications",
                    "mail_to",
                    _("Recipients"),
                    _("Recipients of the weekly e-mail, one address per line. It contains the report and alerts."),
                ),
                Field("notifications", "mail_weekday", _("Send on"), _("Weekday of the weekly e-mail."), _weekdays),
                Field("notifications", "mail_at", _("Send at"), _("Time of day. An update is sent once.")),
                Field(
                    "notifications", "language", _("Language of messages"), _("Used in the e-mail, the report and the webhook."), _spoken
                ),
                Field("notifications", "mail_from", _("Sender"), _("Address that the e-mail is sent from.")),
                Field("notifications", "smtp_host", _("Mail server"), _("SMTP server that sends the e-mail.")),
                Field("notifications", "smtp_port", _("Port"), _("Usually 587 with STARTTLS and 465 with TLS.")),
                Field("notifications", "smtp_security", _("Encryption"), _("Protects the e-mail and the password."), _encryptions),
                Field("notifications", "smtp_user", _("User name"), _("Leave empty if the server needs none.")),
                Field("notifications", "webhook", _("Webhook"), _("HTTPS address that receives new alerts as JSON after each update.")),
                Field("notifications", "webhook_at", _("Webhook check at"), _("Time of day at which the age of the data is checked.")),
            ],
        ),
    }


# ---- words of choices


def _zones() -> dict[str, str]:
    return {"": _("Not set"), **{zone: zone.replace("_", " ") for zone in _known_zones()}}


@cache
def _known_zones() -> list[str]:
    return sorted(zone for zone in available_timezones() if "/" in zone or zone == "UTC")


def _countries() -> dict[str, str]:
    known = Locale.parse(LOCALES[language()]).territories
    return {code: f"{name} ({code})" for code, name in sorted(known.items(), key=lambda item: item[1]) if len(code) == 2 and code.isalpha()}


def _languages() -> dict[str, str]:
    return {"": _("As the browser"), **LANGUAGES}


def _spoken() -> dict[str, str]:
    return dict(LANGUAGES)


def _encryptions() -> dict[str, str]:
    return {"starttls": "STARTTLS", "tls": "TLS", "none": _("None")}


def _weekdays() -> dict[int, str]:
    return {number + 1: name for number, name in Locale.parse(LOCALES[language()]).days["stand-alone"]["wide"].items()}


def _targets() -> dict[str, str]:
    return {
        "cycle": _("Order cycles without a stock-out"),
        "fill": _("Demand met, per product"),
        "shop": _("Demand met, whole shop"),
        "cost": _("Lowest cost"),
    }


# ---- forms


def form(code: str, group: Group) -> None:
    """Show the settings of a group with a button that saves them; errors and what was saved below it."""
    settings = data.settings()
    with st.form(f"settings_{code}"):
        given = {field: _entry(field, getattr(getattr(settings, field.section), field.name)) for field in group.fields}
        pressed = st.form_submit_button(_("Save"), type="primary", icon=":material/check:", key=f"save_{code}")
    if pressed:
        cards.attempt(_save, code, given)
    if st.session_state.get(_KEPT) == code:
        del st.session_state[_KEPT]
        st.success(_("Saved."), icon=":material/check_circle:")


def _save(code: str, given: dict[Field, Any]) -> None:
    """Save what differs from the settings in effect, so that an inferred value is not written as the shop's own."""
    settings, wanted = data.settings(), dict[str, dict[str, Any]]()
    for field, value in given.items():
        if value != getattr(getattr(settings, field.section), field.name):
            wanted.setdefault(field.section, {})[field.name] = value
    actions.change_settings(wanted)
    st.session_state[_KEPT] = code


def _entry(field: Field, value: Any) -> Any:
    """Show a setting with its effect and where its value is from; return what its widget holds."""
    said, entry = st.columns([3, 2], gap="medium", vertical_alignment="center")
    effect = " ".join((field.effect, _APPLIES[applied_by(field.section, field.name)](), _source(field))).strip()
    said.markdown(f"**{field.label}**  \n:small[:gray[{effect}]]")  # one element: the page has some fifty settings
    with entry:
        return _widget(field, value)


def _source(field: Field) -> str:
    """Return what the shop's files say of a setting, "" where they say nothing."""
    found = data.inferred().get(field.section, {}).get(field.name)
    if found in (None, "", ()):
        return ""
    if field.name in data.workspace().own_values().get(field.section, {}):
        return _("Your value. Value in your files: {value}.").format(value=plain(_written(field, found)))
    return _("From your files.")


def _widget(field: Field, value: Any) -> Any:
    limits = described(field.section)[field.name]
    key = f"{field.key}_{value!r}"  # a value that changes elsewhere makes a new widget, which shows it
    shared: dict[str, Any] = {"key": key, "label_visibility": "collapsed"}
    if field.words:
        return _choice(field, value, key, field.words())
    if isinstance(field.default, bool):
        return st.toggle(field.label, value, **shared)
    if isinstance(field.default, tuple):
        return tuple(
            line.strip() for line in st.text_area(field.label, "\n".join(value), height=150, **shared).splitlines() if line.strip()
        )
    if isinstance(field.default, int):
        return int(st.number_input(field.label, limits.at_least, limits.at_most, value, 1, **shared))
    if isinstance(field.default, float):
        return float(st.number_input(field.label, value=float(value), step=0.01, format="%.4g", **shared))
    return st.text_input(field.label, value, **shared).strip()


def _choice(field: Field, value: Any, key: str, words: dict[Any, str]) -> Any:
    """Show the choice of a value, or of several where the setting is a list; one that has no words is offered as it is."""

    def word(code: Any) -> str:
        return words.get(code, str(code))

    if isinstance(field.default, tuple):
        codes = [*words, *(code for code in value if code not in words)]
        chosen = st.multiselect(
            field.label,
            codes,
            list(value),
            key=spoken(key),
            format_func=word,
            label_visibility="collapsed",
            placeholder=_("Choose from the list"),
        )
        return tuple(chosen)
    codes = list(words) if value in words else [*words, value]
    return st.selectbox(field.label, codes, codes.index(value), key=spoken(key), format_func=word, label_visibility="collapsed")


def _written(field: Field, value: Any) -> str:
    """Return a value as people read it."""
    words = field.words() if field.words else {}
    if isinstance(value, (list, tuple)):
        return ", ".join(words.get(each, str(each)) for each in value) or "–"
    if isinstance(value, bool):
        return _("on") if value else _("off")
    return str(words.get(value, exact(value) if isinstance(value, (int, float)) else value)) or "–"


# ---- what waits, what runs, what was


def apply(waiting: dict[str, list[str]]) -> None:
    """Show the buttons that apply changed settings. waiting: as shop.waiting_settings gives it."""
    if not waiting:
        return
    with st.container(horizontal=True):
        if RECALCULATE in waiting and st.button(_("Recalculate"), icon=":material/refresh:", key="apply_rescore"):
            cards.attempt(actions.rescore)
        if RETRAIN in waiting and st.button(_("Retrain"), icon=":material/model_training:", key="apply_retrain"):
            cards.attempt(actions.retrain, data.settings().model.tuning, data.settings().model.since)


def messages() -> None:
    """Show where the password belongs, a button that tests what is saved, and how the last messages fared."""
    st.caption(
        _(
            "The password of the mail server is not kept here. Set the environment variable `UPSWING_SMTP_PASSWORD`, or write it into the "
            "file `smtp-password` of the workspace, which only its owner can read."
        )
    )
    with st.container(horizontal=True, vertical_alignment="center"):
        if st.button(_("Send a test message"), icon=":material/send:", key="test_message"):
            cards.attempt(actions.send_test_message)
        st.caption(_("Uses the saved settings."))
    for kind in ("test_message", "mail", "webhook"):
        jobs.panel((kind,))


def planned() -> None:
    """Show the next and the last run of the schedule, and what the last one did."""
    runs = shop.schedule()
    if not runs:
        cards.nothing_here(_("The schedule is off. Forecasts change when you import files or press a button."))
        return
    exports.table(
        "schedule",
        pd.DataFrame(
            [
                {
                    _("Run"): labels.job(run.kind),
                    _("Next"): f"{day(run.next_at.date())} {run.next_at:%H:%M}",
                    _("Last"): "–" if run.last is None else _moment(run.last.ended_at or run.last.created_at),
                    _("Result"): "–"
                    if run.last is None
                    else show(run.last.error or run.last.message) or labels.said(labels.JOB_STATUSES, run.last.status),
                }
                for run in runs
            ]
        ),
    )
    if not data.worker_alive():
        st.warning(_("No worker is running, so nothing runs automatically. Run `upswing serve`."), icon=":material/power_off:")


def _moment(at) -> str:
    local = shop.on_the_shops_clock(at)
    return f"{day(local.date())} {local:%H:%M}"


def reset(shown: dict[str, Group]) -> None:
    """Show the choice of a setting to take out of the shop's file, so that its files or the default decide again."""
    own, fields = data.workspace().own_values(), [field for group in shown.values() for field in group.fields]
    mine = {field.key: field for field in fields if field.name in own.get(field.section, {})}
    if not mine:
        cards.nothing_here(_("No setting differs from the default or from your files."))
        return
    with st.container(horizontal=True, vertical_alignment="bottom"):
        key = st.selectbox(_("Setting"), list(mine), key=spoken("reset"), format_func=lambda key: mine[key].label, width=330)
        if st.button(_("Use the default"), icon=":material/undo:", key="reset_setting", help=_("A value in your files takes precedence.")):
            cards.attempt(actions.change_settings, {mine[key].section: {mine[key].name: None}})


def changes(shown: dict[str, Group]) -> None:
    """Show who changed which setting, newest first."""
    fields = {f"{field.section}.{field.name}": field for group in shown.values() for field in group.fields}
    found = [entry for entry in data.audit(200) if entry.act == "setting" and entry.subject in fields]
    if not found:
        cards.nothing_here(_("No setting has been changed here yet."))
        return
    exports.table(
        "settings",
        pd.DataFrame(
            [
                {
                    _("When"): _moment(entry.at),
                    _("Setting"): fields[entry.subject].label,
                    _("Old"): _old(fields[entry.subject], entry.details.get("before")),
                    _("New"): _old(fields[entry.subject], entry.details.get("after")),
                    _("Changed by"): entry.actor,
                }
                for entry in found
            ]
        ),
        first=20,
    )


def _old(field: Field, value: Any) -> str:
    return _("default") if value is None else _written(field, value)
