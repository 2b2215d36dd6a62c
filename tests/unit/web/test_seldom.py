from web.seldom import SECONDS, Seldom


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


def test_what_happens_often_is_told_once_a_minute_and_how_often() -> None:
    clock = Clock()
    seldom = Seldom(clock)
    assert [seldom.due("a") for _ in range(1_200)] == ["a", *[""] * 1_199]
    clock.now += SECONDS
    assert seldom.due("a") == "a (1,200 times since it was told last)"
    assert seldom.due("a") == ""
    clock.now += SECONDS - 0.001
    assert seldom.due("a") == ""


def test_another_reason_is_told_at_once() -> None:
    seldom = Seldom(Clock())
    assert [seldom.due(what) for what in "abab"] == ["a", "b", "", ""]


def test_what_happened_once_is_told_as_it_is() -> None:
    clock = Clock()
    seldom = Seldom(clock)
    seldom.due("a")
    clock.now += SECONDS
    assert seldom.due("a") == "a"


def test_reasons_that_differ_each_time_are_bounded() -> None:
    clock = Clock()
    seldom = Seldom(clock)
    told = [what for number in range(10_000) if (what := seldom.due(str(number)))]
    assert told == [str(number) for number in range(100)]
    clock.now += SECONDS
    assert seldom.due("5000") == "5000"
