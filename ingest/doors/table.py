"""All doors."""

from ingest.doors.browser import BROWSER
from ingest.doors.goatcounter import API_COUNT, COUNT
from ingest.doors.pixel import PIXEL
from ingest.doors.plausible import EVENT
from ingest.doors.umami import BATCH, SEND
from ingest.doors.words import DoorTo

DOORS: tuple[DoorTo, ...] = (BROWSER, PIXEL, EVENT, SEND, BATCH, COUNT, API_COUNT)
