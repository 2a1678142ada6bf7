"""The private broker's files: a hostile name writes no line of its own, secrets stay hashed."""

from __future__ import annotations

from pathlib import Path

import pytest

from cti.adapters.mqtt.private_broker import BrokerAccount, broker_files


def test_the_broker_listens_on_loopback_and_knows_nobody_without_a_password() -> None:
    files = broker_files(Path("/run/broker"), 1999, (BrokerAccount("hotline", "geheim", ("readwrite hotline/#",)),))
    assert "listener 1999 127.0.0.1\n" in files["mosquitto.conf"]
    assert "allow_anonymous false\n" in files["mosquitto.conf"]
    assert files["rights"] == "user hotline\ntopic readwrite hotline/#\n"
    assert "geheim" not in "".join(files.values())
    assert "geheim" not in repr(BrokerAccount("hotline", "geheim", ()))


@pytest.mark.parametrize(
    "account",
    [
        BrokerAccount("a\nuser root", "p", ()),
        BrokerAccount("", "p", ()),
        BrokerAccount("a", "", ()),
        BrokerAccount("a", "p", ("everything",)),
        BrokerAccount("a", "p", ("read x\ntopic write #",)),
    ],
)
def test_an_account_that_would_write_lines_of_its_own_is_refused(account: BrokerAccount) -> None:
    with pytest.raises(ValueError, match="account"):
        broker_files(Path("/run/broker"), 1999, (account,))
