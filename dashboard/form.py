"""The HTML of signing in: it works without a script.

Of what was sent it holds where to go on to, and nothing else.
"""

from html import escape

from dashboard.files import FORM_STYLES, Sources
from dashboard.shell import Theme, themed

WRONG = "This key is not known here, or was withdrawn."
MAY_NOT_READ = "This key may not read: it takes one with the right read."
SIGNED_OUT = "Signed out: the key no longer counts here."

_ICON_OF_WRONG = (
    '<svg width="16" height="16" viewBox="0 0 16 16" aria-hidden="true">'
    '<path d="M5 .5h6L15.5 5v6L11 15.5H5L.5 11V5z"/>'
    '<path d="M5.4 5.4l5.2 5.2M10.6 5.4l-5.2 5.2"/></svg>'
)
_HOW = """\
<p class="note" id="how">A key is made on the server:</p>
<pre class="small" tabindex="0">footfall key new --right read \\
         --site example.com</pre>"""


class Form:
    """Its documents, with sheets and icon of the page that is `found`."""

    def __init__(self, found: Sources) -> None:
        base = found.base
        styles = [f'<link rel="stylesheet" href="{base}/{path}">' for path in FORM_STYLES]
        self._head = "\n".join(
            (
                "<!doctype html>",
                '<html lang="en">',
                "<head>",
                '<meta charset="utf-8">',
                '<meta name="viewport" content="width=device-width, initial-scale=1">',
                '<meta name="color-scheme" content="light dark">',
                "<title>Sign in · Footfall</title>",
                f'<link rel="icon" href="{base}/icon.svg" type="image/svg+xml">',
                *styles,
                "</head>",
            )
        )

    def asking(self, theme: Theme, to: str, fault: str = "", public: bool = False) -> bytes:
        """For a key; `fault` is why the one that was sent does not count."""
        wrong = f'<p class="wrong" id="wrong" role="alert">{_ICON_OF_WRONG}{fault}</p>\n'
        marked = ' aria-invalid="true" aria-describedby="wrong"' if fault else ""
        other = '<p class="small"><a href="/">What needs no key</a></p>\n' if public else ""
        return self._document(
            theme,
            "Sign in with a read key",
            f'<form method="post" action="/sign-in">\n{_hidden(to)}'
            '<label class="small" for="key">Read key</label>\n'
            '<input class="field" id="key" name="key" type="password" required autofocus '
            f'autocomplete="current-password" spellcheck="false"{marked}>\n'
            f"{wrong if fault else ''}"
            f'<button class="btn main">Sign in</button>\n</form>\n{other}{_HOW}',
        )

    def signed_in(self, theme: Theme, to: str, key: str) -> bytes:
        """For who is signed in with the `key` of that public name, and may go on or sign out."""
        return self._document(
            theme,
            "Signed in",
            f"<p>With the key <code>{escape(key)}</code>. {_on(to)}</p>\n"
            '<form method="post" action="/sign-out">'
            '<button class="btn">Sign out</button></form>',
        )

    def not_needed(self, theme: Theme, to: str) -> bytes:
        """For a service that has no keys."""
        return self._document(theme, "Nobody needs to sign in here", f"<p>{_on(to)}</p>")

    def _document(self, theme: Theme, heading: str, content: str) -> bytes:
        html = (
            f"{self._head}\n<body>\n"
            '<main class="sign">\n'
            '<a class="brand" href="/"><svg width="16" height="16" viewBox="0 0 16 16" '
            'aria-hidden="true"><rect x="1" y="9" width="3" height="6"/>'
            '<rect x="6.5" y="5" width="3" height="10"/><rect x="12" y="1" width="3" height="14"/>'
            "</svg><span>Footfall</span></a>\n"
            f'<h1 class="h-big">{heading}</h1>\n{content}\n</main>\n</body>\n</html>\n'
        )
        return themed(html, theme).encode()


def _on(to: str) -> str:
    return f'<a href="{escape(to)}">Show the counts</a>'


def _hidden(to: str) -> str:
    return f'<input type="hidden" name="to" value="{escape(to)}">\n'
