"""Open311 GeoReport v2 as a client: services, requests, tokens, in JSON or XML, of a server that is not trusted."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

import httpx

from cti.open311_xml import MOST_BYTES, UnsafeXmlError, read_xml

_LONGEST_ID = 200
_NOT_THIS_FORM = (404, 406, 415)


class Open311Error(Exception):
    """What the other server said or did not say; the message is for people. `status` 0: it did not answer."""

    def __init__(self, what: str, status: int = 0) -> None:
        super().__init__(what)
        self.status = status


class Open311Client:
    """One server. XML is what the standard demands, JSON what most have: JSON is tried first.

    A whole answer must be there within `answer_seconds`: one that drips holds up nobody.
    """

    def __init__(
        self, client: httpx.AsyncClient, address: str, api_key: str, form: str = "", answer_seconds: float = 10.0
    ) -> None:
        self._client = client
        self._answer_seconds = answer_seconds
        self._address = address.rstrip("/")
        self._key = api_key
        self._form = form

    async def services(self) -> list[Mapping[str, Any]]:
        """Return what may be asked for; finds out which format the server speaks."""
        for form in (self._form,) if self._form else ("json", "xml"):
            try:
                found = await self._rows("GET", "services", form)
            except Open311Error as error:
                if self._form or form == "xml" or error.status not in _NOT_THIS_FORM:
                    raise
                continue
            self._form = form
            return found
        raise AssertionError("the last format returns or raises")

    async def send(self, fields: Mapping[str, str]) -> tuple[str, str]:
        """Ask for a service; returns the request's id and, where the id comes later, a token instead."""
        first = _first(await self._rows("POST", "requests", self._form or "json", {"api_key": self._key, **fields}))
        identity, token = _text(first, "service_request_id"), _text(first, "token")
        if not identity and not token:
            raise Open311Error("对方收下了，却没有给编号。")
        return identity, token

    async def id_of(self, token: str) -> str:
        """Return the request's id of a token, empty while there is none."""
        rows = await self._rows("GET", f"tokens/{quote(token, safe='')}", self._form or "json")
        return _text(_first(rows), "service_request_id") if rows else ""

    async def standing(self, identity: str) -> tuple[str, str]:
        """Return a request's status (open, closed) and what they say of it."""
        first = _first(await self._rows("GET", f"requests/{quote(identity, safe='')}", self._form or "json"))
        status = _text(first, "status").lower()
        if status not in ("open", "closed"):
            raise Open311Error(f"对方给的状态“{status[:20]}”不是 open 或 closed。")
        return status, _text(first, "status_notes")

    async def _rows(
        self, method: str, path: str, form: str, fields: Mapping[str, str] | None = None
    ) -> list[Mapping[str, Any]]:
        content = bytearray()
        try:
            async with (
                asyncio.timeout(self._answer_seconds),
                self._client.stream(method, f"{self._address}/{path}.{form}", data=fields) as answer,
            ):
                async for chunk in answer.aiter_bytes():
                    content += chunk
                    if len(content) > MOST_BYTES:
                        raise Open311Error("对方的回答太长。")
        except (httpx.HTTPError, httpx.InvalidURL, TimeoutError) as error:
            raise Open311Error(f"对方没有回答（{type(error).__name__}）。") from error
        if answer.status_code >= 300:
            raise Open311Error(f"对方回答 {answer.status_code}：{_told(bytes(content), form)}", answer.status_code)
        return _parsed(bytes(content), form)


def _parsed(content: bytes, form: str) -> list[Mapping[str, Any]]:
    try:
        value: object = read_xml(content)[1] if form == "xml" else json.loads(content)
    except (UnsafeXmlError, ValueError, RecursionError) as error:
        raise Open311Error(f"看不懂对方的回答：{str(error)[:80]}") from error
    if not isinstance(value, list) or not all(isinstance(each, Mapping) for each in value):
        raise Open311Error("对方的回答不是一张表。")
    return value


def _first(rows: list[Mapping[str, Any]]) -> Mapping[str, Any]:
    if not rows:
        raise Open311Error("对方的回答是空的。")
    return rows[0]


def _text(row: Mapping[str, Any], name: str) -> str:
    value = row.get(name)
    return str(value)[:_LONGEST_ID] if isinstance(value, str | int) else ""


def _told(content: bytes, form: str) -> str:
    try:
        return "；".join(_text(each, "description")[:60] for each in _parsed(content, form)[:3])
    except Open311Error:
        return "没有说明。"
