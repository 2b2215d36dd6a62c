"""A site that can be rebuilt is one whose days can be added up."""

from tests.contract.rebuild.conftest import site as site
