"""How a connection by amqps:// is kept secret, and who shows which certificate."""

import ssl
from base64 import b64decode

from yarl import URL

from domain.errors import LogUnavailable

PARAMETERS = ("cafile", "capath", "cadata", "certfile", "keyfile", "no_verify_ssl")
_EXPIRED, _HOST_MISMATCH, _ADDRESS_MISMATCH = 10, 62, 64


def context_of(node: URL) -> ssl.SSLContext | None:
    """What the parameters of the URL ask for; None without TLS. Raises `LogUnavailable`."""
    if node.scheme != "amqps":
        return None
    given = node.query
    context = _trusting(given.get("cafile"), given.get("capath"), given.get("cadata"))
    if certificate := given.get("certfile"):
        _show(context, certificate, given.get("keyfile"))
    if given.get("no_verify_ssl", "0") != "0":
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


def refused(found: BaseException, host: str) -> str | None:
    """What went wrong with the certificates, None where TLS was not what failed."""
    if not isinstance(found, ssl.SSLError):
        return None
    if isinstance(found, ssl.SSLCertVerificationError):
        return f"its certificate is not accepted, {found.verify_message}: {_remedy(found, host)}"
    reason = (found.reason or str(found)).replace("_", " ").lower()
    if "wrong version number" in reason or "record layer failure" in reason:
        return "nobody speaks TLS there: write amqp://, or the port of amqps:// (5671)"
    if "alert" in reason or "certificate" in reason:
        return (
            f"it refuses this client ({reason}): name a client certificate that it knows, "
            "?certfile=...&keyfile=..."
        )
    return f"TLS failed: {reason}"


def _remedy(error: ssl.SSLCertVerificationError, host: str) -> str:
    if error.verify_code == _EXPIRED:
        return "renew it on the broker"
    if error.verify_code in (_HOST_MISMATCH, _ADDRESS_MISMATCH):
        return f"it must name {host}, or RABBITMQ_URL the host that it names"
    return "name the file of the authority that signed it, ?cafile=..."


def _trusting(cafile: str | None, capath: str | None, cadata: str | None) -> ssl.SSLContext:
    try:
        data = b64decode(cadata) if cadata else None
        return ssl.create_default_context(cafile=cafile, capath=capath, cadata=data)
    except (OSError, ValueError) as error:
        name = f"cafile {cafile}" if cafile else f"capath {capath}" if capath else "cadata"
        message = f"RABBITMQ_URL: {name} holds no certificates that can be read: {_why(error)}"
        raise LogUnavailable(message) from error


def _show(context: ssl.SSLContext, certificate: str, key: str | None) -> None:
    def no_passphrase() -> str:
        raise ValueError("the key has a passphrase, write one without")

    try:
        context.load_cert_chain(certificate, key, no_passphrase)
    except (OSError, ValueError) as error:
        message = (
            f"RABBITMQ_URL: certfile {certificate} and keyfile {key or certificate} are no "
            f"certificate and its key: {_why(error)}"
        )
        raise LogUnavailable(message) from error


def _why(error: Exception) -> str:
    if isinstance(error, ssl.SSLError):
        return (error.reason or str(error)).replace("_", " ").lower()
    return (error.strerror if isinstance(error, OSError) else None) or str(error)
