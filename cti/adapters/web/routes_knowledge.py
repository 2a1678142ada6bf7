"""`/api/knowledge`: articles searched, suggested for what a caller says, submitted by units and reviewed by others."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel, ConfigDict, Field

from cti.access import Account, Permission
from cti.adapters.sql.article_store import SqlArticles
from cti.adapters.web.deps import PagesDeps
from cti.adapters.web.errors import answers, refused
from cti.adapters.web.sessions import require
from workorder.knowledge import (
    ARTICLE_TITLES,
    LONGEST_ANSWER,
    LONGEST_QUESTION,
    LONGEST_TITLE,
    Article,
    ArticleState,
    Shelf,
    wrong_article,
)
from workorder.order import order_day

Reader = Annotated[Account, Depends(require(Permission.KNOWLEDGE_READ))]
Submitter = Annotated[Account, Depends(require(Permission.KNOWLEDGE_SUBMIT, Permission.KNOWLEDGE_EDIT))]
Editor = Annotated[Account, Depends(require(Permission.KNOWLEDGE_EDIT))]
FRESH_SECONDS = 5.0
"""A desk asks with every sentence that is said: so long the shelf is not built anew."""


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Written(_Body):
    """What an article says; `unit` counts only for the hotline's editors, a unit writes its own."""

    title: str = Field(max_length=LONGEST_TITLE)
    question: str = Field(max_length=LONGEST_QUESTION)
    answer: str = Field(max_length=LONGEST_ANSWER)
    review_by: date
    unit: str = Field(default="", max_length=120)
    category: str = Field(default="", max_length=120)
    revision: int = Field(default=0, ge=0)


class Decision(_Body):
    """Publish, refuse or retire, and why."""

    state: ArticleState
    why: str = Field(default="", max_length=500)
    revision: int = Field(ge=1)


class Said(_Body):
    """What was said so far."""

    text: str = Field(max_length=4000)


def routes(deps: PagesDeps) -> APIRouter:
    """Return the routes."""
    router = APIRouter(prefix="/api/knowledge", tags=["knowledge"], responses=answers(401))
    store = SqlArticles(deps.database)
    shelf, built = Shelf(()), -FRESH_SECONDS

    async def fresh() -> Shelf:
        nonlocal shelf, built
        if deps.clock.monotonic() - built >= FRESH_SECONDS:
            published = await store.all(ArticleState.PUBLISHED)
            shelf, built = await asyncio.to_thread(Shelf, published), deps.clock.monotonic()
        return shelf

    @router.get("")
    async def listed(
        me: Reader,
        words: Annotated[str, Query(max_length=100)] = "",
        state: ArticleState | None = None,
        unit: Annotated[str, Query(max_length=120)] = "",
        overdue: bool = False,
    ) -> dict[str, Any]:
        """Return articles: those with these words in them, or all of a unit or a state, or those past their review."""
        today, unit = order_day(deps.clock.now()), unit.replace("\0", "")
        if words.strip():
            found = list((await fresh()).found(words))
        elif overdue:
            found = list(await store.all(unit=unit, overdue_on=today, most=500))
        else:
            found = list(await store.all(state, unit, most=500))
        return {"articles": [_plain(each, today) for each in found if _may_see(each, me)]}

    @router.post("/suggest")
    async def suggest(body: Said, me: Reader) -> dict[str, Any]:
        """Return the articles that answer what is being asked, with the words that speak for each."""
        found = (await fresh()).suggested(body.text)
        today = order_day(deps.clock.now())
        return {
            "articles": [
                {**_plain(each.article, today), "likeness": each.likeness, "words": list(each.words)} for each in found
            ]
        }

    @router.get("/{id}")
    async def one(id: str, me: Reader) -> dict[str, Any]:
        """Return one article."""
        return _plain(await known(id, me), order_day(deps.clock.now()))

    @router.post("", status_code=201)
    async def submit(body: Written, me: Submitter) -> dict[str, Any]:
        """Submit an article; it can be used once somebody else has reviewed it."""
        now = deps.clock.now()
        unit = me.unit or body.unit
        _refuse_wrong(body, unit, order_day(now))
        article = Article(
            "", 0, ArticleState.SUBMITTED, body.title, body.question, body.answer, unit, body.review_by, me.name, now,
            category=body.category,
        )  # fmt: skip
        return _plain(await store.submit(article, me.person, now), order_day(now))

    @router.put("/{id}")
    async def rewrite(id: str, body: Written, me: Submitter) -> dict[str, Any]:
        """Rewrite an article of one's own unit; it is reviewed again."""
        now, old = deps.clock.now(), await known(id, me)
        if not me.may(Permission.KNOWLEDGE_EDIT) and old.unit != me.unit:
            raise refused(403, "这条知识不归您单位。改法：请归属单位修改", "not_your_article")
        unit = me.unit or body.unit or old.unit
        _refuse_wrong(body, unit, order_day(now))
        new = replace(
            old,
            state=ArticleState.SUBMITTED,
            title=body.title,
            question=body.question,
            answer=body.answer,
            unit=unit,
            review_by=body.review_by,
            submitted_by=me.name,
            submitted=now,
            decided_by="",
            decided=None,
            why="",
        )
        changed = await store.change(new, body.revision or old.revision, me.person, now, "knowledge.rewrite")
        return _plain(changed, order_day(now))

    @router.post("/{id}/decision")
    async def decide(id: str, body: Decision, me: Editor) -> dict[str, Any]:
        """Publish, refuse or retire; nobody reviews what they wrote themselves."""
        nonlocal built
        now, old = deps.clock.now(), await known(id, me)
        if body.state is ArticleState.SUBMITTED:
            raise refused(422, "审核结果写 published、refused 或 retired。改法：改一个", "invalid")
        if body.state is ArticleState.PUBLISHED and old.submitted_by == me.name:
            raise refused(409, "自己提交的知识不能自己审核。改法：请另一位有权的人审核", "four_eyes")
        if body.state is not ArticleState.PUBLISHED and not body.why.strip():
            raise refused(422, "没有写原因。改法：写明为什么不用", "invalid")
        new = replace(old, state=body.state, decided_by=me.name, decided=now, why=body.why)
        changed = await store.change(new, body.revision, me.person, now, f"knowledge.{body.state.value}")
        built = -FRESH_SECONDS
        return _plain(changed, order_day(now))

    async def known(id: str, me: Account) -> Article:
        found = await store.one(id[:24].replace("\0", ""))
        if found is None or not _may_see(found, me):
            raise refused(404, "没有这条知识。改法：检查编号", "no_such_article")
        return found

    return router


def _may_see(article: Article, me: Account) -> bool:
    """What is not published is seen by its own unit and by the editors."""
    is_own = bool(me.unit) and me.unit == article.unit
    return article.state is ArticleState.PUBLISHED or is_own or me.may(Permission.KNOWLEDGE_EDIT)


def _refuse_wrong(body: Written, unit: str, today: date) -> None:
    wrong = wrong_article(body.title, body.question, body.answer, unit, body.review_by, today)
    if wrong:
        raise refused(422, wrong, "invalid")


def _plain(article: Article, today: date) -> dict[str, Any]:
    return {
        "id": article.id,
        "revision": article.revision,
        "state": article.state.value,
        "state_title": ARTICLE_TITLES[article.state],
        "title": article.title,
        "question": article.question,
        "answer": article.answer,
        "unit": article.unit,
        "category": article.category,
        "review_by": article.review_by.isoformat(),
        "is_overdue": article.is_overdue(today),
        "used": article.used,
        "submitted_by": article.submitted_by,
        "why": article.why,
    }
