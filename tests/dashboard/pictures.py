"""The pictures of README: the dashboard of a service with invented views.

python -m tests.dashboard.pictures
"""

import asyncio
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.browser.chromium import chromium
from tests.dashboard.looking import looking
from tests.dashboard.seeding import believable, hits, just_now
from tests.dashboard.service import running
from tests.servers import chromium_binary

FOLDER = Path(__file__).parents[2] / "docs/pictures"
_SHOWN = {"compare": "previous"}
# The log was read as far as it goes.
_LIVE = "() => !/catching up|Reading the last/.test(document.body.innerText)"


async def _pictures() -> None:
    with TemporaryDirectory() as folder:
        async with running("embedded", Path(folder)) as service, chromium() as browser:
            await service.send(believable())
            await service.hits(hits())
            await service.send(just_now())
            for name, dark in (("light", False), ("dark", True)):
                async with looking(browser, service, FOLDER, dark=dark) as look:
                    await look.open("/", **_SHOWN)
                    await look.page.wait_for_function(_LIVE)
                    await look.settled()
                    print(await look.shot(name))


def main() -> int:
    """The exit code."""
    if chromium_binary() is None:
        print("there is no Chromium: make services INSTALL=1", file=sys.stderr)
        return 1
    asyncio.run(_pictures())
    return 0


if __name__ == "__main__":
    sys.exit(main())
