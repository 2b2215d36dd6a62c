"""Batches to a service that refuses, stumbles or is not there."""

from base64 import b64encode

import pytest

from domain.backoff import Backoff
from domain.problems import OVERLOADED, PAST_HORIZON, TOO_LARGE, UNCONFIRMED
from importer.batch import Batch
from importer.sending import Patience, Sender, SendingFailed
from importer.views import View
from tests.importer.conftest import Answer, Service, refusal
from tests.servers import wait_for

QUICK = Patience(backoff=Backoff(first=0.0, last=0.0), give_up=0.0)
BUSY = refusal(OVERLOADED, "too much is waiting", retry_after="0")


def batch(*views: View) -> Batch:
    found = Batch()
    for view in views:
        assert found.add(view)
    return found


def send(url: str, *batches: Batch, patience: Patience | None = None) -> Sender:
    sender = Sender(url, patience)
    try:
        for one in batches:
            sender.put(one)
        sender.finish()
    finally:
        sender.close()
    return sender


def test_views_are_summed_by_page_and_hour(service: Service) -> None:
    views = batch(View("a", 486_850, 2), View("a", 486_850), View("a", -17_259_888), View("é", 0))
    assert send(service.url + "/", views).accepted == 5
    assert service.bodies == [
        {
            "a": {"2025-07-16T10:00:00Z": 3, "0001-01-01T00:00:00Z": 1},
            "é": {"1970-01-01T00:00:00Z": 1},
        }
    ]


def test_a_full_batch_takes_only_what_it_has_already() -> None:
    full = batch(*(View(str(i), 0) for i in range(1_000)))
    assert full.add(View("5", 0))
    assert not full.add(View("5", 1))
    assert full.views == 1_001


def test_a_sum_the_service_would_refuse_belongs_into_another_batch() -> None:
    assert not batch(View("a", 0, 1_000_000_000)).add(View("a", 0))


def test_a_busy_service_is_asked_again(service: Service) -> None:
    service.answers = [BUSY, BUSY]
    assert send(service.url, batch(View("a", 0, 7))).accepted == 7
    assert service.requests == 3


def test_a_service_that_stays_busy_is_given_up(service: Service) -> None:
    service.answers = [refusal(OVERLOADED, "busy", retry_after="5")] * 2
    with pytest.raises(SendingFailed, match=r"503: busy; gave up: .* wait 5 s, .* waits 2 s"):
        send(service.url, batch(View("a", 0)), patience=Patience(give_up=2.0))
    assert service.requests == 1


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        (Answer(0, None), "got no answer .* unknown"),
        (Answer(500, {"detail": "oops"}), "500: oops; .* unknown"),
        (Answer(504, "?"), "504; .* unknown"),
        (Answer(202, "hello"), "not what Footfall answers; .* unknown"),
        (Answer(202, {"accepted": -5}), "not what Footfall answers; .* unknown"),
        (Answer(202, {"accepted": 8}), "not what Footfall answers; .* unknown"),
        (Answer(202, {"accepted": True}), "not what Footfall answers; .* unknown"),
        (Answer(202, {"accepted": 7.0}), "not what Footfall answers; .* unknown"),
        (Answer(202, {"accepted": None}), "not what Footfall answers; .* unknown"),
        (Answer(202, b'{"accepted":1e999}'), "not what Footfall answers; .* unknown"),
        (Answer(202, b'{"accepted":7}' + b" " * 70_000), "not what Footfall answers; .* unknown"),
        (Answer(202, b'{"a":' + b"[" * 60_000), "not what Footfall answers; .* unknown"),
        (Answer(200, b"<html>log in</html>"), "200, but not what Footfall .* unknown"),
        (Answer(204, b""), "204, but not what Footfall .* unknown"),
        (
            refusal(UNCONFIRMED, "the log did not confirm", retry_after="0"),
            "503: the log did not confirm; .* unknown",
        ),
        # As proxies say it when the service is gone before its answer.
        (Answer(503, "upstream connect error", {"retry-after": "0"}), "503; .* unknown"),
        (Answer(429, "slow down", {"retry-after": "0"}), "429; .* unknown"),
    ],
)
def test_what_may_be_counted_already_is_not_sent_again(
    service: Service, answer: Answer, says: str
) -> None:
    service.answers = [answer]
    sender = Sender(service.url)
    sender.put(batch(View("a", 0, 7)))
    with pytest.raises(SendingFailed, match=says):
        sender.finish()
    sender.close()
    assert (sender.accepted, sender.unknown, service.requests) == (0, 7, 1)


def test_a_refusal_is_told_with_its_faults(service: Service) -> None:
    errors = [{"pointer": f"/p{i}", "detail": "bad\n"} for i in range(5)]
    service.answers = [Answer(400, {"detail": "5 faults", "errors": errors})]
    with pytest.raises(SendingFailed, match=r"400: 5 faults: /p0 .*: /p1 .*: /p2 bad.; nothing"):
        send(service.url, batch(View("a", 0)))


def test_a_service_that_is_not_there_is_told_at_once(nowhere: str) -> None:
    with pytest.raises(SendingFailed, match=r"cannot connect to http://.* `footfall up`"):
        send(nowhere, batch(View("a", 0)))


def test_a_service_that_goes_away_is_waited_for_then_given_up(service: Service) -> None:
    sender = Sender(service.url, QUICK)
    sender.put(batch(View("a", 0)))
    assert service.accepted_one.wait(10)
    service.answers = [refusal(OVERLOADED, "leaving")]
    sender.put(batch(View("b", 0)))
    with pytest.raises(SendingFailed, match="503: leaving; gave up after 0 s"):
        sender.finish()
    sender.close()
    assert sender.accepted == 1


def test_fewer_accepted_than_sent_is_an_error(service: Service) -> None:
    service.answers = [Answer(202, {"accepted": 1})]
    with pytest.raises(SendingFailed, match="1 of 7 views"):
        send(service.url, batch(View("a", 0, 7)))


OLD = refusal(PAST_HORIZON, "older than RETENTION_DAYS=10 keeps", oldest="2025-07-06T10:00:00Z")
OLDEST = 486_610


def test_hours_the_service_does_not_keep_are_left_out(service: Service) -> None:
    service.answers = [OLD]
    views = (View("a", OLDEST - 1, 3), View("a", OLDEST - 1), View("a", OLDEST, 5), View("b", 0))
    sender = send(service.url, batch(*views))
    assert (sender.accepted, sender.past, sender.past_lines, sender.oldest) == (5, 5, 3, OLDEST)
    assert service.bodies == [{"a": {"2025-07-06T10:00:00Z": 5}}]


def test_a_batch_of_which_nothing_is_kept_is_not_sent_again(service: Service) -> None:
    service.answers = [OLD]
    sender = send(service.url, batch(View("a", 0, 3)))
    assert (sender.accepted, sender.past, service.requests) == (0, 3, 1)


def test_a_refusal_that_names_an_hour_none_is_older_than_is_told(service: Service) -> None:
    service.answers = [OLD]
    with pytest.raises(SendingFailed, match=r"RETENTION_DAYS=10 .*nothing of this request"):
        send(service.url, batch(View("a", OLDEST)))


def test_what_is_too_large_for_somebody_on_the_way_goes_in_halves(service: Service) -> None:
    service.most_bytes = 1_000
    views = [View("page" * 10 + str(i), 0, 2) for i in range(100)]
    sender = send(service.url, batch(*views), batch(View("b", 0)))
    assert sender.accepted == 201
    assert len(service.bodies) > 8
    assert sum(hours["1970-01-01T00:00:00Z"] for body in service.bodies for hours in body.values())


def test_after_a_refusal_the_next_ones_are_sent_smaller_at_once(service: Service) -> None:
    service.most_bytes = 20_000
    pages = [[View(f"{n}-{'page' * 10}-{i}", 0) for i in range(300)] for n in range(4)]
    assert send(service.url, *[batch(*views) for views in pages[:1]]).accepted == 300
    alone = service.requests - len(service.bodies)
    sender = Sender(service.url)
    for views in pages:
        sender.put(batch(*views))
        wait_for(lambda: sender.accepted % 300 == 0 and sender.accepted > 0, "an answer")
    sender.finish()
    sender.close()
    refused = service.requests - len(service.bodies) - alone
    assert sender.accepted == 1_200
    assert refused < 4 * alone


def test_footfalls_own_refusal_of_a_large_body_is_understood(service: Service) -> None:
    service.answers = [refusal(TOO_LARGE, "over 10,000,000 bytes")]
    assert send(service.url, batch(View("a", 0), View("b", 0))).accepted == 2
    assert service.requests == 3


def test_a_single_entry_that_is_too_large_is_told(service: Service) -> None:
    service.most_bytes = 50
    sender = Sender(service.url)
    sender.put(batch(View("a", 0, 3), View("long" * 20, 0, 5), View("b", 0)))
    with pytest.raises(SendingFailed, match=r"413; nothing .* counted\. .* client_max_body_size"):
        sender.finish()
    sender.close()
    assert (sender.accepted, sender.unknown) == (3, 0)


def test_hours_that_are_not_kept_are_left_out_of_halves_too(service: Service) -> None:
    service.answers = [refusal(TOO_LARGE, "too large"), OLD]
    views = (View("a", OLDEST - 1, 3), View("b", OLDEST - 1), View("c", OLDEST, 5), View("d", 0, 2))
    sender = send(service.url, batch(*views))
    assert (sender.accepted, sender.past, sender.past_lines) == (5, 6, 3)


def test_a_wait_beyond_reason_is_told_and_not_waited_for(service: Service) -> None:
    for asked, said in (("31536000", "31,536,000 s"), ("9" * 400, "for ever")):
        service.answers = [refusal(OVERLOADED, "busy", retry_after=asked)]
        with pytest.raises(SendingFailed, match=f"it asks to wait {said}, .* waits 60 s, nothing"):
            send(service.url, batch(View("a", 0)))
    soon = "Sun, 06 Nov 1994 08:49:37 GMT"
    service.answers = [refusal(OVERLOADED, "busy", retry_after=soon)]
    assert send(service.url, batch(View("a", 0))).accepted == 1


def test_a_password_is_sent_and_never_shown(service: Service, nowhere: str) -> None:
    secret = service.url.replace("http://", "http://user:se%20cret@")
    assert send(secret, batch(View("a", 0))).accepted == 1
    assert service.headers["authorization"] == "Basic " + b64encode(b"user:se cret").decode()
    moved = {"location": "http://user:se%20cret@h/"}
    for answer in (Answer(0, None), Answer(202, "?"), Answer(401, "?"), Answer(302, "?", moved)):
        service.answers = [answer]
        with pytest.raises(SendingFailed, match=r"http://user:\*\*\*@127") as failed:
            send(secret, batch(View("a", 0)))
        assert "cret" not in str(failed.value)
    with pytest.raises(SendingFailed) as failed:
        send(nowhere.replace("http://", "http://user:se%20cret@"), batch(View("a", 0)))
    assert "cret" not in str(failed.value)


def test_a_redirect_is_told_and_not_followed(service: Service) -> None:
    service.answers = [Answer(308, "", {"location": service.url + "/elsewhere"})]
    with pytest.raises(SendingFailed, match=r"308 and names .*/elsewhere; nothing of this"):
        send(service.url, batch(View("a", 0)))
    assert service.requests == 1
