"""footfall import"""

import os
import sys
from pathlib import Path

import click
import httpx
import msgspec

from cli.output.telling import tell
from cli.processes.client_key import client_key
from importer.agents import LABEL, NONE, SENT
from importer.formats.choice import AUTO, FORMATS
from importer.formats.format_fields import FormatFault
from importer.formats.format_string import log_format_of
from importer.formats.names import named
from importer.reading import shown_name
from importer.requests import NamedMembers
from importer.run import Options, run_import
from importer.source import STDIN, identity_of
from importer.summary import Summary


def _address(_: click.Context, __: click.Parameter, value: str) -> str:
    # What is wrong is not repeated: it may hold a password.
    example = "name an address such as http://127.0.0.1:3000"
    try:
        url = httpx.URL(value)
        host = url.host
    except (httpx.InvalidURL, UnicodeError):
        raise click.BadParameter(f"this is no address: {example}")
    if not 0 < (url.port or 1) < 65_536:
        raise click.BadParameter(f"there is no such port: {example}")
    if url.scheme not in {"http", "https"} or not host:
        raise click.BadParameter(f"it begins with http:// or https:// and a host: {example}")
    if url.query or url.fragment or url.path.rstrip("/").endswith(("/multi", "/single")):
        raise click.BadParameter(f"name the service and no route of it: {example}")
    return value


def _host(_: click.Context, __: click.Parameter, value: str) -> str:
    if not value.isprintable() or any(map(str.isspace, value)) or set(value) & set("/\\?#@"):
        raise click.BadParameter("name a host such as example.com, without http:// and without /")
    return value


def _log_format(_: click.Context, __: click.Parameter, value: str) -> str:
    if value:
        try:
            log_format_of(value)
        except FormatFault as error:
            raise click.BadParameter(str(error))
    return value


def _files(_: click.Context, __: click.Parameter, value: tuple[str, ...]) -> tuple[str, ...]:
    seen: dict[object, str] = {}
    for name in value:
        shown = shown_name(name)
        path = name if name == STDIN else os.path.realpath(name)
        for key in {path, identity_of(name) or path}:
            if key in seen:
                other = seen[key]
                same = "named twice" if name == other else f"{shown_name(other)} as well"
                raise click.BadParameter(f"{shown} is {same}: its views would count twice")
        seen |= dict.fromkeys((path, identity_of(name) or path), name)
    return value


def _fields(_: click.Context, __: click.Parameter, value: str) -> NamedMembers:
    try:
        return named(value) if value else ()
    except ValueError as error:
        raise click.BadParameter(str(error))


@click.command(name="import")
@click.argument("files", metavar="FILE...", nargs=-1, required=True, callback=_files)
@click.option(
    "--to",
    default="http://127.0.0.1:3000",
    show_default=True,
    metavar="URL",
    callback=_address,
    help="Where the service is.",
)
@click.option(
    "--host",
    default="",
    metavar="HOST",
    callback=_host,
    help="Put in front of each page of a log: example.com and /x become example.com/x.",
)
@click.option("--pages-only", is_flag=True, help="Leave out style sheets, images, fonts and such.")
@click.option(
    "--format",
    "format_",
    type=click.Choice([AUTO, *FORMATS]),
    default=AUTO,
    show_default=True,
    help="auto takes what reads most of a file's first hundred lines.",
)
@click.option(
    "--log-format",
    default="",
    metavar="STRING",
    callback=_log_format,
    help="The format that nginx or Apache wrote a log by: its string, or its name.",
)
@click.option(
    "--query",
    type=click.Choice(["cut", "keep"]),
    default="cut",
    show_default=True,
    help="What becomes of ?... in a log's targets: keep makes it part of the page.",
)
@click.option(
    "--fields",
    default="",
    metavar="NAME=MEMBER,...",
    callback=_fields,
    help="Which members of JSON lines hold time, method, target (or request), status, host, agent.",
)
@click.option(
    "--user-agents",
    "agents",
    type=click.Choice(SENT),
    default=LABEL,
    show_default=True,
    help="What is sent of a log's user agents: a label, the full ones, or none.",
)
@click.option("--no-user-agents", is_flag=True, help="The same as --user-agents none.")
@click.option(
    "--from-line",
    type=click.IntRange(min=1),
    default=1,
    metavar="N",
    help="Leave out what stands before line N of the first FILE, unpacked.",
)
@click.option(
    "--key-file",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Where the key is, if the service asks for one (or FOOTFALL_KEY, the key itself).",
)
@click.option("--json", "as_json", is_flag=True, help="Print the summary for machines.")
def import_command(
    files: tuple[str, ...],
    to: str,
    host: str,
    pages_only: bool,
    format_: str,
    log_format: str,
    query: str,
    fields: NamedMembers,
    agents: str,
    no_user_agents: bool,
    from_line: int,
    key_file: Path | None,
    as_json: bool,
) -> None:
    """Bring along the past: send the views of access logs, or hourly counts, to the service.

    Every view of FILE... is sent; importing a file twice counts it twice. Files are read in the
    order given; - is standard input, which may stay open: what it has is sent every two seconds.
    Packed with gzip, bzip2, xz or zstd they are known by their first bytes, UTF-16 by its mark or
    its zeros.

    \b
        footfall import access.log --host example.com
        footfall import access.log.2.gz access.log.1 access.log --pages-only
        ssh www cat /var/log/nginx/access.log | footfall import - --host example.com
        tail -n 0 -F access.log | footfall import - --host example.com
        footfall import history.csv --to http://footfall.internal:3000
        footfall import x.log --log-format '$msec $status $request_method $host$request_uri'

    Access logs are Common or Combined Log Format, as Apache and nginx write them, and their kin: a
    time in brackets, then the request in quotes, then the status, and a size if there is any; what
    else stands in the line may be anything. The time is as servers write it, ISO 8601, or seconds
    or milliseconds since 1970; without an offset it is UTC. The status is what follows the request:
    where other numbers stand between, --log-format says which is which. A view is a GET answered by
    304 or a status from 200 to 299 that exists.
    Its page is the target as it was requested: the log's own escapes (\\xc3, \\") are undone. It
    ends before the first question mark; with --query keep it does not, so that PAGE_RULES decide
    (strip-query). A virtual host and an address at the start of the line (vhost_combined) or behind
    a prefix of syslog or a container, or an address and a host with a dot before one or two more
    fields (lighttpd), put the host in front of the page; --host puts its own there instead. A
    target with an address of its own (http://HOST/x) then keeps only its path. --pages-only leaves
    out answers 206 as well, parts of a download.

    --log-format takes what nginx's log_format or Apache's LogFormat says, as the string alone, as
    the whole line pasted, or as combined, common, vhost_combined (Apache) or main (nginx). Time,
    status, and a request or a method with a target have to be in it; what else is there may hold
    anything, and be cut off at the end of a line. $host, $http_host, $server_name, %{Host}i, %V
    and %v, in that order, are the page's host. $uri and %U are decoded by the server, and so is
    the page. A zone that only has a name (%Z), other than UTC and GMT, is not read.

    w3c is the extended format of IIS and others: #Fields names the columns, again where they
    change, and date, time (UTC), cs-method, cs-uri-stem (or cs-uri) and sc-status are among them;
    cs-host is the page's host. A file that begins behind its #Fields is read where its lines are
    as IIS writes them before anybody chooses fields, else it is an error. A + that IIS wrote for
    a blank stays, as does a backslash.

    cloudfront is its standard logs: x-host-header is the page's host, or the name of the
    distribution where there is no such column. It encodes what it writes, so that %25C3 is read as
    %C3, and %7E as ~. elb is the logs of classic and application load balancers, as they come; the
    host of the request's address is the page's.

    JSON lines are those of Caddy and Traefik, and with --format json of any server that writes a
    moment, a method, a target and a status: nginx with names of its own variables (time_iso8601,
    request_uri or request, ...), Envoy, pino, ECS, Cloudflare, Cloud Logging and others by their
    usual names. --fields says where members have other names: a dot leads into an object, host=
    with nothing behind it leaves the host unread, what is not named is found by its usual name.

    \b
        footfall import access.json --fields time=at,target=req.path,method=verb,status=code
        footfall import access.json --fields request=http.line,host=site

    Moments are as in other logs, ISO 8601, or seconds, ms, µs or ns since 1970. Escapes like \\xc3,
    which nginx writes without escape=json, and values without quotes are read as well; of a line
    that was cut off, what stands before the last comma. A host in it goes in front of the page. A
    member that matters and is there twice with two values counts nothing. JSON that names no
    request, such as what else Caddy and Traefik tell, is no request.

    Of the user agent that a line names, a label is sent with the view, such as Firefox/128
    (Windows) or Googlebot: the service tells robots from persons by it (docs/privacy.md).
    --user-agents full sends it whole, of which the service keeps what KEEP_USER_AGENTS lets it;
    --no-user-agents sends none. Counts are the same in any case, requests are a few more.

    What Docker (json-file) and Kubernetes (CRI) wrote around each line, of whatever format, is left
    out, and lines that they cut are put together.

    Counts are lines of timestamp,page,count with commas, tabs, semicolons or bars (|), also in
    tables as databases draw them. A header may name the columns in any order (timestamp, time,
    hour, date or datetime; page, url or path; count, views, pageviews or hits) and others beside
    them. The page is taken as written; with tabs, a backslash written twice is one. A first line
    hour,page,views is that of footfall stats export: the single quote that it puts before formulas
    is taken away. From PostgreSQL:

    \b
        psql -c "\\copy (SELECT hour, page, views FROM history) TO history.csv CSV"
        2025-07-16 10:00:00+00,example.com/x,5

    Timestamps are ISO 8601, UTC where they have no offset, or seconds or milliseconds since 1970.
    A count of 0 is nothing to count. Views are summed by page and hour
    before they are sent.

    Each file has one format. auto holds back the first hundred lines, of a pipe for two seconds at
    most, and takes the format that reads most of them; the summary names it. Options that it cannot
    honour (--host, --pages-only, --query keep with counts, --fields with others than json) end the
    import with exit code 2 before anything of that file is sent. A file of which no line is in a
    known format is an error.

    Lines that are no view, and views older than the service keeps (RETENTION_DAYS), are skipped
    and counted by reason; the first faulty ones are shown.
    NUL bytes of a log that was cut under its writer are left out and told. One file under two
    names, and files that hold the same lines, are refused; copies of which one has grown are
    warned of.

    Requests hold at most 1,000 pages and hours and half a megabyte; one that is answered 413 is
    sent again in halves. While the service answers 503 a request is sent again, for at most 60 s. A
    request without an answer is not sent again, since it could count twice: the import ends and
    says what was accepted. Then, and after Ctrl-C, repeating the import would count the accepted
    part twice. It says up to which line everything is counted, and from which line nothing is:
    --from-line goes on at either. A second Ctrl-C ends it without a word.

    Where the service has keys, one with the right ingest is sent along: what FOOTFALL_KEY says, or
    what the file has in it that --key-file names. On the command line others would read it. Behind
    http:// it goes over the network as it is: name an address with https://.

    --json has these lines in from_line, what does not change the exit code in warnings, and in
    formats what each file was read as.

    \b
    Exit codes: 0 all views found were accepted; 1 not all, or a file could not be read to its
    end, or not at all; 2 wrong usage; 129 the terminal is gone, 130 Ctrl-C, 143 SIGTERM.
    """
    if format_ == "counts" and (host or pages_only or query == "keep"):
        for_logs = "--host, --pages-only and --query keep"
        raise click.UsageError(f"{for_logs} are for logs, not for --format counts")
    if log_format and format_ not in {AUTO, "log"}:
        raise click.UsageError(f"--log-format is for --format log, not for --format {format_}")
    format_ = "log" if log_format else format_
    if fields and format_ != AUTO and not FORMATS[format_].takes_fields:
        other = "--log-format" if log_format else f"--format {format_}"
        raise click.UsageError(f"--fields is for --format json, not for {other}")
    options = Options(
        files,
        to,
        host,
        pages_only,
        format_,
        from_line,
        query,
        log_format=log_format,
        fields=fields,
        agents=NONE if no_user_agents else agents,
        key=client_key(key_file),
    )
    summary = run_import(options)
    text = msgspec.json.encode(summary).decode() if as_json else _table(summary)
    errors = [*summary.errors, *([] if tell(text) else ["the summary could not be written"])]
    for line in (
        *(f"warning: {sentence}" for sentence in summary.warnings),
        *(f"error: {sentence}" for sentence in errors),
    ):
        tell(line, err=True)
    sys.exit(summary.exit_code)


def _table(summary: Summary) -> str:
    rows = [
        ("lines", summary.lines),
        ("views counted", summary.counted),
        ("views accepted", summary.accepted),
        *([("views in doubt", summary.unknown)] if summary.unknown else []),
        ("lines skipped", sum(summary.skipped.values())),
        *((f"  {reason}", count) for reason, count in summary.skipped.items()),
    ]
    width = max(len(name) for name, _ in rows)
    taken = (f"read as {name}: {file}" for file, name in summary.formats.items())
    return "\n".join((*(f"{name:<{width}}  {count:>13,}" for name, count in rows), *taken))
