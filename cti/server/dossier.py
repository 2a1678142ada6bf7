"""What is known of each call at the moment of an emergency, kept in the controller's memory, and the links opened then.

The page behind the links is a process of its own: a hundred people who open it, slowly, on bad lines, take no turn from
the loop that carries callers (docs/adr/0006).
"""

from __future__ import annotations

import contextlib
import logging
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from cti.adapters.web.link_files import LinkFiles, link_of, new_secret, place_of_link
from cti.emergency_settings import LinkPage
from cti.link_view import Grant, place_of, told_so_far
from cti.server.installation import folders_of
from cti.server.page_process import page_process
from cti.settings import Settings
from ivr.adapters.asterisk.supervise import ProcessSpec
from ivr.call import CallId, Leg
from ivr.errors import StoreError
from ivr.events import CallOffered
from ivr.ports import Clock, Heard, Journal
from routing.emergency.kinds import Kind
from routing.emergency.passing import Known
from routing.emergency.policy import Target

log = logging.getLogger(__name__)

MOST_CALLS = 4096
MOST_TEXTS = 40


@dataclass(slots=True)
class _Heard:
    said: list[str] = field(default_factory=list)
    place: str = ""
    theirs: str = ""
    is_whole: bool = False


class Dossier:
    """What a service may be told of each call, kept as it is heard; `known` never raises.

    Of a call that an earlier controller took, the journal tells the beginning: it is read once, when it is needed.
    """

    def __init__(
        self,
        page: LinkPage,
        links: LinkFiles,
        journal: Journal,
        clock: Clock,
        in_background: Callable[[Callable[[], None]], object],
    ) -> None:
        self._journal = journal
        self._page = page
        self._links = links
        self._clock = clock
        self._in_background = in_background
        self._calls: OrderedDict[CallId, _Heard] = OrderedDict()

    def offered(self, offered: CallOffered) -> None:
        """A call came in, perhaps with an id that 110 gave it."""
        known = self._of(offered.call)
        known.theirs, known.is_whole = offered.their_id, True

    def hear(self, heard: Heard) -> None:
        """Keep what the caller said, and the place in it."""
        if heard.leg is not Leg.CALLER or not heard.is_final or not heard.text:
            return
        known = self._of(heard.call)
        known.said = [*known.said[-MOST_TEXTS:], heard.text]
        known.place = place_of(known.said) or known.place

    def known(self, call: CallId, kind: Kind, target: Target) -> Known:
        """Return what this target may be told now; its link opens as soon as its file is written, in the background."""
        here = self._whole(call)
        if not self._page.is_served:
            return Known(here.place, theirs=here.theirs)
        secret = new_secret()
        until = self._clock.now() + timedelta(hours=self._page.hours)
        grant = Grant(call, kind, target.title, until, target.may_pass_number, target.may_pass_place)
        self._in_background(lambda: self._open(grant, secret))
        link = link_of(self._page.base_url, secret)
        return Known(here.place, link, place_of_link(link) if self._page.carries_place else "", here.theirs)

    def _open(self, grant: Grant, secret: str) -> None:
        try:
            self._links.open(grant, secret)
        except StoreError as error:
            log.error("link_not_opened", extra={"call": grant.call, "reason": str(error)})

    def _whole(self, call: CallId) -> _Heard:
        here = self._of(call)
        if not here.is_whole:
            here.is_whole = True
            with contextlib.suppress(StoreError):
                told = told_so_far(self._journal.read(call))
                before = told.of_the_caller
                here.said = [*before, *(text for text in here.said if text not in before)][-MOST_TEXTS:]
                here.theirs = told.theirs
                here.place = place_of(here.said)
        return here

    def _of(self, call: CallId) -> _Heard:
        known = self._calls.setdefault(call, _Heard())
        if len(self._calls) > MOST_CALLS:
            self._calls.popitem(last=False)
        return known


def link_files(settings: Settings) -> LinkFiles:
    """Return the links of this installation."""
    return LinkFiles(folders_of(settings).run / "links")


def link_processes(settings: Settings, arguments: Sequence[str]) -> list[ProcessSpec]:
    """Return how to run the page, if it is to be served. Nobody waits for it: without it every call goes on."""
    if not settings.emergency.link.is_served:
        return []
    return [page_process(settings, arguments, "links")]
