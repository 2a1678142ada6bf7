"""The tests' own ears and eyes: what they report must be so, and they must be able to fail."""

from __future__ import annotations

import pytest

from tests.system.running_service import RunningService
from tests.web.browser import Browsers, assert_accessible, errors_of, hears, hears_not, new_page

pytestmark = [pytest.mark.xdist_group("web-signing-in"), pytest.mark.asyncio(loop_scope="module")]

_TALK_WITH_ITSELF = """async () => {
  const sound = await navigator.mediaDevices.getUserMedia({ audio: { echoCancellation: false } })
  const [here, there] = [new RTCPeerConnection(), new RTCPeerConnection()]
  here.onicecandidate = (event) => there.addIceCandidate(event.candidate)
  there.onicecandidate = (event) => here.addIceCandidate(event.candidate)
  there.ontrack = (event) => { window.kept = new Audio(); kept.srcObject = new MediaStream([event.track]); kept.play() }
  here.addTrack(sound.getAudioTracks()[0], sound)
  await here.setLocalDescription(await here.createOffer())
  await there.setRemoteDescription(here.localDescription)
  await there.setLocalDescription(await there.createAnswer())
  await here.setRemoteDescription(there.localDescription)
}"""


async def test_the_ears_hear_the_tone_that_a_microphone_says_and_no_other(
    service: RunningService, browsers: Browsers
) -> None:
    page = await new_page(await browsers.saying(1000), service.settings.pages.base_url, permissions=["microphone"])
    await page.goto("/sign-in")
    await page.evaluate(_TALK_WITH_ITSELF)
    await hears(page, 1000)
    await hears_not(page, 1300)
    with pytest.raises(AssertionError, match="does not play 1300 Hz"):
        await hears(page, 1300, within=0.5)
    with pytest.raises(AssertionError, match="plays 1000 Hz"):
        await hears_not(page, 1000)
    await page.context.close()


async def test_axe_sees_what_is_wrong_and_scripts_that_fail_are_noted(
    service: RunningService, browsers: Browsers
) -> None:
    page = await new_page(await browsers.saying(1000), service.settings.pages.base_url)
    await page.goto("/sign-in")
    await assert_accessible(page)
    await page.evaluate("document.body.append(Object.assign(new Image(), { src: '/icon.svg' }))")
    with pytest.raises(AssertionError, match="image-alt"):
        await assert_accessible(page)
    assert errors_of(page) == []
    await page.evaluate("setTimeout(() => { throw new Error('planted') })")
    await page.wait_for_function("true")
    assert any("planted" in error for error in errors_of(page))
    await page.context.close()
