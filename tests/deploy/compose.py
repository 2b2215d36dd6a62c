"""docker-compose.yml as Compose would read it, without Compose."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml  # type: ignore[import-untyped]

REPOSITORY = Path(__file__).parents[2]

_VARIABLE = re.compile(r"\$(?:(\$)|\{(\w+)(?::-([^}]*))?\})")


def interpolated(text: str, variables: Mapping[str, str]) -> str:
    """`text` with `${NAME}`, `${NAME:-default}` and `$$` replaced. Raises on any other dollar."""

    def value(found: re.Match[str]) -> str:
        dollar, name, default = found.groups()
        return "$" if dollar else variables.get(name) or default or ""

    rest = _VARIABLE.sub("", text)
    assert "$" not in rest, f"a dollar that Compose would read differently: {text}"
    return _VARIABLE.sub(value, text)


def load(variables: Mapping[str, str] | None = None) -> dict[str, Any]:
    """The whole file with `variables` from the shell or .env in place."""

    def resolved(node: Any) -> Any:
        if isinstance(node, dict):
            return {key: resolved(value) for key, value in node.items()}
        if isinstance(node, list):
            return [resolved(value) for value in node]
        return interpolated(node, variables or {}) if isinstance(node, str) else node

    content = yaml.safe_load((REPOSITORY / "docker-compose.yml").read_text())
    found: dict[str, Any] = resolved(content)
    return found


def services(variables: Mapping[str, str] | None = None) -> dict[str, dict[str, Any]]:
    """The services by name."""
    found: dict[str, dict[str, Any]] = load(variables)["services"]
    return found


def environment(service: Mapping[str, Any]) -> dict[str, str]:
    """What the service's processes find in their environment."""
    return {name: str(value) for name, value in service.get("environment", {}).items()}
