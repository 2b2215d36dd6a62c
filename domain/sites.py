"""Which sites views from browsers are taken of."""

import re

from domain.errors import SettingsError

_WILD = "*."
_NAME = re.compile(r"[\w-]+(\.[\w-]+)*", re.UNICODE)
_WWW = "www."


def is_site(text: str) -> bool:
    """Could pages be of a site of that name: is it what stands before a first slash?"""
    named = text and text == text.strip() and text.isprintable()
    return bool(named) and "/" not in text and not text.startswith("*")


class Sites:
    """The sites that are declared: names, and `*.example.org` for all below that name.

    None are declared in an empty text: then there is no site that is not taken.
    """

    def __init__(self, text: str = "") -> None:
        """Raises `SettingsError` for what is no list of names with commas between."""
        names = [name.strip().lower().removesuffix(".") for name in text.split(",") if name.strip()]
        for name in names:
            if not _NAME.fullmatch(name.removeprefix(_WILD)):
                message = (
                    f"SITES has {name!r}: write names such as example.com or *.example.org, commas "
                    "between, without scheme, port and path"
                )
                raise SettingsError(message)
        self.text = ",".join(names)
        self._names = frozenset(name for name in names if not name.startswith(_WILD))
        self._below = tuple(name[1:] for name in names if name.startswith(_WILD))

    @classmethod
    def checked(cls, text: str) -> str:
        """The list as it is kept in the settings. Raises `SettingsError`."""
        return cls(text).text

    def __bool__(self) -> bool:
        """Are any declared?"""
        return bool(self.text)

    def site_of(self, host: str) -> str | None:
        """The site that views of `host` count for, None where it is not declared.

        As it is declared where `www.` is all that differs, otherwise without `www.`.
        """
        name = host.strip().lower().removesuffix(".")
        bare = name.removeprefix(_WWW)
        if not self.text:
            return bare or None
        for each in (name, bare, _WWW + bare):
            if each in self._names:
                return each
        return bare if any(bare.endswith(end) for end in self._below) else None
