"""Who sees the citizen's name and number."""

from __future__ import annotations

import pytest

from ivr.call import PhoneNumber
from tests.workorder.life.packs import AGENT, COLLECTOR, GOVERNING, LEADER, ROADS, WATER, Life, unit
from workorder.life.view import HIDDEN, Citizen, citizen_for

PHONE = PhoneNumber("13812345678")
WHOLE, MASKED = Citizen("王小明", "13812345678"), Citizen("王**", "138****5678")


def seen(life: Life, actor: object) -> Citizen:
    return citizen_for(life.order, actor, "王小明", PHONE)  # type: ignore[arg-type]


@pytest.mark.requirement("J-16")
def test_without_consent_a_unit_sees_a_masked_name_and_number() -> None:
    life = Life("jinan").with_unit()
    assert seen(life, AGENT) == WHOLE
    assert [seen(life, actor) for actor in (unit(), COLLECTOR, LEADER, GOVERNING)] == [MASKED] * 4
    agreed = Life("jinan", consents=True).with_unit()
    assert (seen(agreed, unit()), seen(agreed, unit(ROADS)), seen(agreed, COLLECTOR)) == (WHOLE, MASKED, MASKED)


@pytest.mark.requirement("J-35")
def test_the_unit_that_is_complained_about_never_sees_who_complained() -> None:
    for consents in (False, True):
        life = Life("jinan", "complaint", subject_unit=WATER, consents=consents).with_unit(ROADS)
        assert seen(life, unit(WATER)) == Citizen(HIDDEN, HIDDEN)
        assert seen(life, unit(ROADS)) == (WHOLE if consents else MASKED)
        given = Life("jinan", "complaint", subject_unit=WATER, consents=consents).with_unit(WATER)
        assert seen(given, unit(WATER)) == Citizen(HIDDEN, HIDDEN)  # even when it handles the order itself
