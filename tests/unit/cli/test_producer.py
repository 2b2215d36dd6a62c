"""A copy of a running ingest process takes a name of its own where it can see that it is one."""

from cli.processes.producer import Producer, Surroundings, surroundings


class World:
    def __init__(self) -> None:
        self.found = Surroundings(1, "boot", "machine")
        self.wall = 1_000.0
        self.running = 10.0

    def producer(self) -> Producer:
        return Producer(lambda: self.found, lambda: self.wall, lambda: self.running)

    def passes(self, seconds: float, missed: float = 0.0) -> None:
        self.running += seconds
        self.wall += seconds + missed


def test_a_process_keeps_its_name_and_two_have_two() -> None:
    world = World()
    producer = world.producer()
    name = producer()
    for _ in range(100):
        # As ntpd pulls a clock.
        world.passes(0.7, missed=0.01)
        assert producer() == name
    assert world.producer()() != name


def test_another_boot_machine_or_process_is_another_name_within_a_second() -> None:
    world = World()
    producer, names = world.producer(), set()
    for found in (
        Surroundings(1, "boot", "machine"),
        Surroundings(2, "boot", "machine"),
        Surroundings(2, "again", "machine"),
        Surroundings(2, "again", "other"),
    ):
        world.found = found
        world.passes(1.0)
        names.add(producer())
    assert len(names) == 4


def test_a_machine_that_missed_time_takes_a_new_name_at_once() -> None:
    world = World()
    producer = world.producer()
    name = producer()
    world.passes(0.001, missed=60.0)
    assert producer() != name
    name = producer()
    # Or was set back.
    world.passes(0.001, missed=-60.0)
    assert producer() != name


def test_this_machine_has_something_to_be_told_by() -> None:
    assert surroundings() == surroundings()
    assert surroundings().boot
