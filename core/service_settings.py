"""Settings of how a shop is served: its pages, its schedule, and what it sends."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from core.messages import msg
from core.setting import AT_ONCE, Section, Setting, each_matches, is_time, is_webhook, matches

ADDRESS = r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]+@[A-Za-z0-9.-]+"  # the plain part of an e-mail address
_TIME = msg('a time of day such as "04:30", in quotes')


@dataclass(frozen=True)
class PageSettings(Section):
    """What the pages say, and from when on they warn about old data."""

    applied_by = AT_ONCE

    language: Annotated[str, Setting("Language of the pages for a new visitor; empty follows the browser.", choices=("", "en", "zh"))] = ""
    amber_days: Annotated[int, Setting("Age of the data from which pages mark it.", unit="days", at_least=1, at_most=3650)] = 8
    red_days: Annotated[
        int,
        Setting(
            "Age of the data from which pages ask for newer files and show no order-by date that has passed.",
            unit="days",
            at_least=1,
            at_most=3650,
        ),
    ] = 22
    demo: Annotated[bool, Setting("The shop is a demonstration: its pages run at the date of its data. `upswing demo` sets it.")] = False


@dataclass(frozen=True)
class ScheduleSettings(Section):
    """When the worker refreshes the forecasts and retrains the model by itself, on the shop's clock."""

    applied_by = AT_ONCE

    on: Annotated[bool, Setting("Refresh every day and retrain every week.")] = False
    refresh_at: Annotated[str, Setting("Time of the daily refresh.", unit="hh:mm", check=is_time, form=_TIME)] = "04:30"
    retrain_weekday: Annotated[
        int, Setting("Weekday of the weekly retraining: 1 is Monday, 7 is Sunday.", unit="ISO weekday", at_least=1, at_most=7)
    ] = 7
    retrain_at: Annotated[str, Setting("Time of the weekly retraining.", unit="hh:mm", check=is_time, form=_TIME)] = "20:00"


@dataclass(frozen=True)
class NotificationSettings(Section):
    """Where the weekly e-mail and the alerts go. The password of the mail server is never written here."""

    applied_by = AT_ONCE

    mail_to: Annotated[
        tuple[str, ...],
        Setting(
            "Addresses that get the weekly e-mail; empty sends none.",
            check=each_matches(ADDRESS),
            form=msg('a list of e-mail addresses, such as ["buying@example.com"]'),
        ),
    ] = ()
    mail_from: Annotated[
        str,
        Setting(
            "Address that the e-mail comes from.", check=matches(f"({ADDRESS})?"), form=msg('an e-mail address such as "shop@example.com"')
        ),
    ] = ""
    mail_weekday: Annotated[
        int, Setting("Weekday of the weekly e-mail: 1 is Monday, 7 is Sunday.", unit="ISO weekday", at_least=1, at_most=7)
    ] = 1
    mail_at: Annotated[str, Setting("Time of the weekly e-mail.", unit="hh:mm", check=is_time, form=_TIME)] = "07:00"
    language: Annotated[str, Setting("Language of the e-mail and of the webhook's sentences.", choices=("en", "zh"))] = "en"
    smtp_host: Annotated[
        str,
        Setting(
            "Name of the mail server.", check=matches(r"[A-Za-z0-9.:-]*"), form=msg('the name of a server, such as "smtp.example.com"')
        ),
    ] = ""
    smtp_port: Annotated[int, Setting("Port of the mail server: usually 587 with STARTTLS, 465 with TLS.", at_least=1, at_most=65535)] = 587
    smtp_security: Annotated[
        str,
        Setting(
            "How the connection is encrypted. With none, Upswing sends no password except to this machine.",
            choices=("starttls", "tls", "none"),
        ),
    ] = "starttls"
    smtp_user: Annotated[str, Setting("User name at the mail server; empty signs in as nobody.")] = ""
    webhook: Annotated[
        str,
        Setting(
            "Address that gets new alerts as JSON; empty sends none.",
            check=is_webhook,
            form=msg("an address that begins with https://, or with http:// on this machine"),
        ),
    ] = ""
    webhook_at: Annotated[
        str, Setting("Time of the daily look at the age of the data, and at alerts not yet sent.", unit="hh:mm", check=is_time, form=_TIME)
    ] = "07:30"
    data_age_days: Annotated[
        int, Setting("Alert when the data are older than this; 0 for none.", unit="days", at_least=0, at_most=3650)
    ] = 0
