"""What every HTML of the dashboard tells browsers: load and send nothing anywhere else."""

from web.problems import Headers

_POLICY = (
    b"default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
    b"connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'; "
    b"require-trusted-types-for 'script'; trusted-types 'none'"
)
OURS_ALONE: Headers = (
    (b"x-content-type-options", b"nosniff"),
    # With `no-referrer` browsers would also send `Origin: null` with a form of our own.
    (b"referrer-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
)
"""Of every file."""
OF_ANY_HTML: Headers = (
    (b"content-security-policy", _POLICY),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"x-frame-options", b"DENY"),
)
OF_HTML: Headers = (
    (b"cache-control", b"no-cache"),
    (b"vary", b"accept-encoding, cookie"),
    *OF_ANY_HTML,
    *OURS_ALONE,
)
"""What the page itself says beside."""
OF_FORMS: Headers = (
    (b"cache-control", b"no-store"),
    (b"vary", b"cookie"),
    *OF_ANY_HTML,
    *OURS_ALONE,
)
"""What HTML with forms says."""
