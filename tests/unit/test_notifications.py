"""Notifications: the weekly e-mail and the webhook carry what is new, once; every failure says what to do."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import numpy as np
import pytest
from fixtures.receivers import certificate, mail_server, web_server
from fixtures.serving import write_models, write_snapshot

from core import alerts, data_age, jobs, settings_file
from core.errors import UpswingError, UserError
from core.jobs import schedule
from core.messages import show
from core.notifications import delivery, smtp
from core.notifications import jobs as sending
from core.progress import silent
from core.settings import Settings
from core.storage.state import State
from core.workspace import Workspace


@pytest.fixture(autouse=True)
def clock(monkeypatch):
    """Run on the day after the data; clock(days) moves that. Tries follow each other at once."""

    def move(days: int) -> None:
        monkeypatch.setattr(data_age, "now", lambda: datetime(2011, 12, 4, 12, tzinfo=UTC) + timedelta(days=days))

    monkeypatch.setattr(delivery, "WAITS_S", (0.0, 0.0))
    monkeypatch.delenv(smtp.PASSWORD, raising=False)
    move(1)
    return move


@pytest.fixture(scope="module")
def finished_shop(tmp_path_factory) -> Workspace:
    """A shop whose product P0007 has set off an alert; nobody changes it."""
    workspace = Workspace(tmp_path_factory.mktemp("finished")).create()
    write_snapshot(workspace, products=12, snapshot="20111127-1", as_of=date(2011, 11, 27), forecasts=chances(0.2))
    State(workspace).set_alert("P0007", "chance", 0.5, "ana")
    publish(workspace, "20111204-1", 0.7)
    return workspace


@pytest.fixture
def shop(finished_shop, workspace) -> Workspace:
    """A copy of it for one test."""
    shutil.copytree(finished_shop.root, workspace.root, dirs_exist_ok=True)
    return workspace


def chances(share: float):
    return lambda forecasts: forecasts.assign(rising_probability=np.where(forecasts.product_id == "P0007", share, 0.1))


def publish(workspace: Workspace, snapshot: str, share: float) -> None:
    write_snapshot(workspace, products=12, snapshot=snapshot, forecasts=chances(share))
    alerts.check(workspace)


def set_up(workspace: Workspace, **values) -> None:
    own = workspace.own_settings()
    workspace.save_settings(replace(own, notifications=replace(own.notifications, **values)))


def by_mail(workspace: Workspace, server, **values) -> None:
    given = {"smtp_host": "127.0.0.1", "smtp_port": server.port, "smtp_security": "none", "mail_from": "shop@example.com"}
    set_up(workspace, **given | {"mail_to": ("ana@example.com", "ben@example.com")} | values)


def mail(workspace: Workspace) -> str:
    return str(sending.mail(workspace, {}, silent)["text"])


def post(workspace: Workspace) -> str:
    return str(sending.webhook(workspace, {}, silent)["text"])


def texts(message) -> str:
    return message.get_body(("plain",)).get_content()


# ---- the e-mail


def test_the_weekly_email_has_the_report_and_the_alerts_in_its_language(shop):
    with mail_server() as server:
        by_mail(shop, server, language="zh")
        shop.save_settings(shop.own_settings().with_values("shop", name="灯笼 & Co\nBcc: eve@example.com"))
        assert mail(shop) == "The e-mail went to 2 addresses. It contains 1 alert."
    (message,) = server.messages
    assert message["To"].addresses[1].addr_spec == "ben@example.com" and message["Bcc"] is None
    assert message["From"].addresses[0].display_name == "灯笼 & Co Bcc: eve@example.com"
    assert "经营周报" in message["Subject"] and "P0007" in texts(message) and "70%" in texts(message) and "20%" in texts(message)
    (report,) = message.iter_attachments()
    assert report.get_content_type() == "text/html" and report.get_filename() == "upswing-2011-12-04.html"
    assert report.get_content().startswith("<!doctype html>") and "lang=zh-CN" in report.get_content()


def test_an_update_is_emailed_once_even_if_it_is_published_again(shop):
    with mail_server() as server:
        by_mail(shop, server)
        mail(shop)
        assert mail(shop) == "There is nothing new since the last e-mail."
        publish(shop, "20111204-2", 0.7)  # new forecasts for the same day: the report is new, the alert is not
        assert mail(shop) == "The e-mail went to 2 addresses."
    assert len(server.messages) == 2 and "no new alert" in texts(server.messages[1])


def test_an_email_waits_for_the_next_week_without_a_new_update_except_for_an_alert(shop, clock):
    with mail_server() as server:
        by_mail(shop, server, data_age_days=10)
        mail(shop)
        clock(10)
        assert mail(shop) == "There is nothing new since the last e-mail."
        clock(11)
        mail(shop)
    second = server.messages[1]
    assert second["Subject"] == "Alerts: My shop" and "older than 10 days" in texts(second) and not list(second.iter_attachments())


def test_a_mail_server_that_asks_to_come_back_is_tried_three_times(shop):
    with mail_server(answers={"MAIL": "451 busy"}) as server:
        by_mail(shop, server)
        with pytest.raises(UserError, match="451 busy"):
            mail(shop)
        assert server.connections == 3
        del server.answers["MAIL"]
        mail(shop)  # what was not delivered is still new
    assert len(server.messages) == 1


def test_a_connection_lost_before_the_confirmation_sends_nothing_again(shop):
    with mail_server(answers={"END": None}) as server:
        by_mail(shop, server)
        with pytest.raises(delivery.MayHaveArrived, match="doesn't send it again"):
            mail(shop)
        del server.answers["END"]
        assert mail(shop) == "There is nothing new since the last e-mail."
    assert len(server.messages) == 1


@pytest.mark.parametrize(
    ("server", "settings", "said"),
    [
        ({"refused": ("ana@example.com", "ben@example.com")}, {}, "550 unknown.*Check sender and recipients"),
        ({"answers": {"END": "554 spam"}}, {}, "554 spam"),
        ({"user": ("ana", "right")}, {"smtp_user": "ana"}, 'refused the user "ana": wrong password.*Check user name'),
        ({}, {"smtp_user": "ana"}, "offers no sign-in"),
        ({}, {"smtp_security": "starttls"}, "offers no STARTTLS"),
        ({}, {"smtp_security": "tls"}, "doesn't answer with TLS"),
        ({}, {"smtp_host": "", "mail_from": ""}, "These settings are empty: Mail server, Sender"),
        ({}, {"smtp_host": "mail.example.com", "smtp_user": "ana"}, "without encryption"),
    ],
)
def test_what_a_mail_server_refuses_is_said_with_what_to_do_and_tried_once(shop, monkeypatch, server, settings, said):
    monkeypatch.setenv(smtp.PASSWORD, "wrong")
    with mail_server(**server) as running:
        by_mail(shop, running, **settings)
        with pytest.raises(UserError, match=said):
            mail(shop)
        assert running.connections <= 1
    assert not State(shop).is_sent("mail", "report 20111204-1")


def test_one_refused_recipient_keeps_no_email_from_the_others(shop):
    with mail_server(refused=("ben@example.com",)) as server:
        by_mail(shop, server)
        assert mail(shop).endswith("The server refused these: ben@example.com.") and len(server.messages) == 1


def test_an_absent_mail_server_is_named_with_its_port(shop):
    with mail_server() as server:
        by_mail(shop, server)
    with pytest.raises(delivery.Unreachable, match=f"127.0.0.1:{server.port} cannot be reached: Connection refused"):
        mail(shop)


@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_the_password_goes_only_over_a_connection_with_a_trusted_certificate(shop, monkeypatch, tmp_path, security):
    public, context = certificate(tmp_path)
    shop.smtp_password.write_text("right\n")
    shop.smtp_password.chmod(0o600)
    with mail_server(tls=context, implicit=security == "tls", user=("ana", "right")) as server:
        by_mail(shop, server, smtp_security=security, smtp_user="ana")
        with pytest.raises(UserError, match="certificate of 127.0.0.1:.* isn't trusted"):
            mail(shop)
        assert "AUTH" not in server.commands
        monkeypatch.setenv("SSL_CERT_FILE", str(public))
        mail(shop)
    assert len(server.messages) == 1 and server.recipients == ["ana@example.com", "ben@example.com"]
    assert "AUTH" in server.commands and ("STARTTLS" in server.commands) == (security == "starttls")


def test_a_password_file_that_others_can_read_is_refused_and_a_missing_one_named(workspace):
    with pytest.raises(UserError, match=f"{smtp.PASSWORD}.*smtp-password"):
        smtp.password(workspace)
    workspace.smtp_password.write_text("secret")
    workspace.smtp_password.chmod(0o644)
    with pytest.raises(UserError, match="chmod 600"):
        smtp.password(workspace)


# ---- the webhook


def test_the_webhook_gets_new_alerts_once_as_json(shop):
    with web_server() as server:
        set_up(shop, webhook=server.address)
        assert post(shop) == "1 alert was posted." and post(shop) == "There are no new alerts since the last message."
    (body,) = server.bodies
    assert (body["event"], body["shop"], body["data_to"], body["snapshot"]) == ("alerts", "My shop", "2011-12-04", "20111204-1")
    (alert,) = body["alerts"]
    assert {key: alert[key] for key in ("kind", "product", "threshold", "now", "before")} == {
        "kind": "chance",
        "product": "P0007",
        "threshold": 0.5,
        "now": 0.7,
        "before": 0.2,
    }
    assert alert["text"] == body["text"] and "Chance of rising has reached 50% (now 70%, before 20%)" in body["text"]
    assert "ana" not in json.dumps(body)


@pytest.mark.parametrize(
    ("answers", "requests", "sent"),
    [((503, 503, 200), 3, True), ((503,), 3, False), ((500,), 1, False), ((404,), 1, False), ((0,), 1, True)],
)
def test_a_webhook_is_tried_again_only_where_nothing_can_have_arrived(shop, answers, requests, sent):
    with web_server(*answers) as server:
        set_up(shop, webhook=server.address)
        try:
            post(shop)
        except UserError as error:
            assert answers[-1] != 200 and "secret" not in str(error)
    assert len(server.bodies) == requests
    assert State(shop).is_sent("webhook", State(shop).hits()[0].key) is sent


def test_a_redirect_is_not_followed(shop):
    with web_server() as other, web_server(307, location=other.address) as server:
        set_up(shop, webhook=server.address)
        with pytest.raises(UserError, match="redirects to another address"):
            post(shop)
    assert other.bodies == []


@pytest.mark.parametrize(
    ("address", "allowed"),
    [
        ("https://hooks.example.com/a?b=c", True),
        ("http://localhost:8000/", True),
        ("http://[::1]:8000/", True),
        ("http://hooks.example.com/", False),
        ("http://localhost.example.com/", False),
        ("https://ana:secret@example.com/", False),
        ("file:///etc/passwd", False),
        ("https://", False),
        ("https://example.com:x/", False),
        ("https://example.com/\n", False),
    ],
)
def test_a_webhook_is_an_https_address_or_on_this_machine(address, allowed):
    assert (settings_file.problems({"notifications": {"webhook": address}}) == {}) is allowed


# ---- when


def test_a_published_alert_queues_the_webhook_and_nothing_without_one(shop):
    jobs.alert(shop, "publish")
    assert jobs.recent(shop) == []
    set_up(shop, webhook="https://example.com/")
    jobs.alert(shop, "publish")
    assert [job.kind for job in jobs.recent(shop)] == ["webhook"]


def test_the_weekly_email_and_the_daily_look_are_planned_without_the_schedule(shop, monkeypatch):
    write_models(shop, candidates=0)
    set_up(shop, mail_to=("ana@example.com",), webhook="https://example.com/")
    at = datetime(2011, 12, 5, 6, 59, tzinfo=UTC)  # a Monday
    shop.save_settings(shop.own_settings().with_values("shop", time_zone="UTC"))
    seen = {}
    for minutes in (0, 1, 31, 60 * 24 + 31):
        monkeypatch.setattr(data_age, "now", lambda now=at + timedelta(minutes=minutes): now)
        seen[minutes] = [job.kind for job in schedule.look(shop)]
        finish(shop)
    assert seen == {0: [], 1: ["mail"], 31: ["webhook"], 60 * 24 + 31: ["webhook"]}
    set_up(shop, mail_to=(), webhook="")
    assert schedule.look(shop) == [] and State(shop).views("schedule") == []


def finish(workspace: Workspace) -> None:
    state = State(workspace)
    token = state.take_worker()
    while (job := state.claim_job(token)) is not None:
        state.end_job(job.id, token, "done", result={"text": ""})
    state.release_worker(token)


def test_data_that_grow_old_set_off_their_alert_without_a_publish(shop, clock):
    with web_server() as server:
        set_up(shop, webhook=server.address, data_age_days=10)
        post(shop)
        clock(11)
        post(shop)
        clock(12)
        assert post(shop) == "There are no new alerts since the last message."  # once for an update
    assert [alert["kind"] for body in server.bodies for alert in body["alerts"]] == ["chance", "age"]
    assert server.bodies[1]["alerts"][0]["now"] == 11 and server.bodies[1]["alerts"][0]["product"] is None


# ---- a test message


def test_a_test_message_goes_over_every_channel_and_names_the_one_that_fails(workspace):
    with mail_server() as server, web_server() as web:
        by_mail(workspace, server)
        set_up(workspace, webhook=web.address)
        said = str(sending.test_message(workspace, {}, silent)["text"])
        assert said == "The e-mail went to 2 addresses. The webhook has accepted the message."
        web.answers = [404]
        with pytest.raises(UpswingError, match="404 Not Found.*The e-mail went to 2 addresses."):
            sending.test_message(workspace, {}, silent)
    assert [m["Subject"] for m in server.messages] == ["Test message: My shop"] * 2
    assert web.bodies[0]["event"] == "test" and "arrive here" in web.bodies[0]["text"]


def test_without_a_recipient_nothing_is_sent_and_that_is_said(workspace):
    workspace.save_settings(Settings())
    with pytest.raises(UserError, match="Neither is set"):
        sending.everything(workspace, {}, silent)


def test_each_kind_of_alert_reads_in_both_languages(shop):
    hit = State(shop).hits()[0]
    for kind in ("chance", "forecast", "stockout", "age"):
        english, chinese = (show(alerts.sentence(replace(hit, kind=kind, threshold=2.0)), language) for language in ("en", "zh"))
        assert english != chinese
