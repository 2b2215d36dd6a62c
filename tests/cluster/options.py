"""The options of whatever brings a cluster up."""

import argparse

from tests.cluster.machines import Size


def size_of(arguments: list[str] | None, program: str, description: str, end: str) -> Size:
    """What the arguments ask for, those of this process for None; `--help` and errors exit."""
    parser = argparse.ArgumentParser(
        prog=program,
        description=description,
        epilog=end,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    default = Size()

    def number(name: str, value: int, what: str) -> None:
        parser.add_argument(name, type=_count, default=value, metavar="N", help=f"{what} ({value})")

    number("--ingest", default.ingest, "ingest processes")
    number("--projectors", default.projectors, "projectors")
    number("--read-apis", default.read_apis, "read APIs")
    number("--partitions", default.partitions, "partitions, each a stream on all three nodes")
    parser.add_argument(
        "--synchronous", action="store_true", help="commits wait until the standby has them"
    )
    parser.add_argument(
        "--reports-from-standby", action="store_true", help="the read APIs ask the standby"
    )
    return Size(**vars(parser.parse_args(arguments)))


def _count(text: str) -> int:
    value = int(text)
    if not 1 <= value <= 100:
        raise argparse.ArgumentTypeError("1 to 100")
    return value
