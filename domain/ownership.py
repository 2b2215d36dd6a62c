"""Who folds what, as everybody sees it."""

from collections.abc import Mapping, Sequence

from msgspec import Struct

from domain.events import Partition


class Ownership(Struct, frozen=True):
    """Every partition that was ever entered, and every live projector.

    A partition has no owner before somebody takes it, and between the end of a lease and the next.
    `versions` has the Footfall each of the projectors is, None for those that do not say: 0.2.0 or
    before.
    """

    owners: Mapping[Partition, str | None]
    projectors: Sequence[str]
    versions: Mapping[str, str | None] = {}
