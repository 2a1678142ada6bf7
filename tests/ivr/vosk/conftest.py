"""One model for all tests of the ears: loading it takes longer than most of them."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from ivr.adapters.vosk.ears import EarsOptions, VoskEars
from ivr.adapters.vosk.loaded_model import LoadedModel
from tests.ivr.vosk.speech import MODEL


@pytest.fixture(scope="session")
def model() -> LoadedModel:
    return LoadedModel(MODEL)


@pytest.fixture
async def ears(model: LoadedModel) -> AsyncIterator[VoskEars]:
    async with VoskEars(model, EarsOptions(max_behind_s=600.0)) as listening:
        yield listening
