"""Everything that goes wrong, told in one shape: `{"error": Chinese, what and what to do, "code": snake_case}`."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException

from cti.adapters.control.visit import ControllerAwayError
from ivr.errors import AuthorError, ChangedMeanwhileError, StoreError, WorldError

log = logging.getLogger(__name__)

_STATUS: Mapping[int, tuple[str, str]] = {
    400: ("bad_request", "请求看不懂。改法：刷新页面后再试"),
    401: ("signed_out", "没有登录，或登录已过期。改法：重新登录"),
    403: ("forbidden", "您的角色不能这样做。改法：请管理员调整角色"),
    404: ("not_found", "没有找到。改法：检查编号或地址"),
    405: ("wrong_method", "这个地址不支持这种请求。改法：刷新页面后再试"),
    413: ("too_large", "内容太大。改法：减少内容后再试"),
    415: ("wrong_kind", "内容的格式不对。改法：刷新页面后再试"),
    429: ("too_often", "请求太频繁。改法：稍后再试"),
}
_KINDS: Mapping[str, str] = {
    "missing": "缺少这一项",
    "extra_forbidden": "没有这一项",
    "string_too_long": "太长",
    "string_too_short": "太短",
    "json_invalid": "不是 JSON",
}


class ErrorBody(BaseModel):
    """What every refused request is answered with."""

    error: str = Field(description="What is wrong and what to do, in Chinese")
    code: str = Field(description="A name for programs")


def answers(*codes: int, model: type[BaseModel] = ErrorBody) -> dict[int | str, dict[str, Any]]:
    """Return what a route may answer besides its own, for the OpenAPI document."""
    return {code: {"model": model} for code in codes}


class ApiError(Exception):
    """A refusal with its status, its name for programs and its words for people."""

    def __init__(self, status: int, code: str, text: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(text)
        self.status, self.code, self.text, self.headers = status, code, text, headers


def refused(status: int, text: str = "", code: str = "", headers: Mapping[str, str] | None = None) -> ApiError:
    """Return a refusal, with the usual words of its status where none are given."""
    usual_code, usual_text = _STATUS.get(status, ("refused", "没有做成。改法：稍后再试"))
    return ApiError(status, code or usual_code, text or usual_text, headers)


def told(status: int, text: str, code: str, headers: Mapping[str, str] | None = None) -> JSONResponse:
    """Return an answer in our shape."""
    return JSONResponse({"error": text, "code": code}, status, dict(headers or {}))


def tell_errors(app: FastAPI) -> None:
    """Make the application answer all its errors in our shape."""

    @app.exception_handler(ApiError)
    async def _ours(request: Request, error: ApiError) -> JSONResponse:
        return told(error.status, error.text, error.code, error.headers)

    @app.exception_handler(HTTPException)
    async def _http(request: Request, error: HTTPException) -> JSONResponse:
        code, text = _STATUS.get(error.status_code, ("refused", "没有做成。改法：稍后再试"))
        return told(error.status_code, text, code, error.headers)

    @app.exception_handler(RequestValidationError)
    async def _invalid(request: Request, error: RequestValidationError) -> JSONResponse:
        return told(422, _first_problem(error.errors()), "invalid")

    @app.exception_handler(ControllerAwayError)
    async def _controller(request: Request, error: ControllerAwayError) -> JSONResponse:
        return told(503, "控制器暂时没有应答，通话不受影响。改法：稍等几秒再试", "controller_away")

    @app.exception_handler(AuthorError)
    async def _author(request: Request, error: AuthorError) -> JSONResponse:
        return told(422, str(error), "has_problems")

    @app.exception_handler(ChangedMeanwhileError)
    async def _changed(request: Request, error: ChangedMeanwhileError) -> JSONResponse:
        return told(409, str(error) or "别人先改了。改法：刷新后再试", "changed_meanwhile")

    @app.exception_handler(StoreError)
    async def _store(request: Request, error: StoreError) -> JSONResponse:
        log.warning("store_away_for_a_page", extra={"reason": str(error)[:200]})
        return told(503, "数据库暂时没有应答，通话不受影响。改法：稍等几秒再试", "store_away")

    @app.exception_handler(WorldError)
    async def _world(request: Request, error: WorldError) -> JSONResponse:
        return told(503, str(error), "part_away")

    @app.exception_handler(Exception)
    async def _bug(request: Request, error: Exception) -> JSONResponse:
        log.error("page_failed", extra={"path": request.url.path}, exc_info=error)
        return told(500, "这里出了错，已经记下。改法：稍后再试，并把时间告诉管理员", "our_error")


def _first_problem(errors: Sequence[Any]) -> str:
    for error in errors:
        where = ".".join(str(part) for part in error.get("loc", ()) if part not in ("body", "query", "path"))
        kind = _KINDS.get(str(error.get("type")), "写得不对")
        return f"“{where[:80] or '内容'}”{kind}。改法：检查后再试"
    return "内容不对。改法：检查后再试"
