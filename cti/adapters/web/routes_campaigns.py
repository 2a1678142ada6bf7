"""`/api/campaigns`: surveys on behalf of units and dial tests: open, ask, look at the results; exports by the gate."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path
from pydantic import BaseModel, ConfigDict, Field

from cti.access import Account, Permission, hidden_from, mask_number
from cti.adapters.sql.campaign_store import Found, SqlCampaigns
from cti.adapters.sql.order_store import SqlOrderStore
from cti.adapters.web.deps import PagesDeps
from cti.adapters.web.desk_days import instants
from cti.adapters.web.errors import answers, refused
from cti.adapters.web.order_deps import refusal_told
from cti.adapters.web.routes_exports import KINDS, Parcel, table_parcel
from cti.adapters.web.routes_supervisor import clean
from cti.adapters.web.sessions import require
from cti.campaign_table import campaign_table, dial_words, result_tables, survey_words
from cti.report_tables import to_plain
from ivr.errors import AuthorError
from workorder.audit import AuditRow
from workorder.campaign_plan import read_plan, strange_numbers
from workorder.campaigns import (
    KIND_TITLES,
    Campaign,
    Drawn,
    Member,
    Outcome,
    SurveyPlan,
    answered,
    citizens_in,
    drawn,
)
from workorder.draft import FieldName
from workorder.life.refusal import Refusal
from workorder.order import order_number

Keeper = Annotated[Account, Depends(require(Permission.CAMPAIGNS))]
Asker = Annotated[Account, Depends(require(Permission.CAMPAIGNS, Permission.DESK))]
Nth = Annotated[int, Path(ge=1, le=10**6)]
LONGEST_PLAN = 60_000


class PlanBody(BaseModel):
    """A plan as it is written in a file (docs/campaigns.md)."""

    model_config = ConfigDict(extra="forbid")
    plan: str = Field(max_length=LONGEST_PLAN)


class AnswerBody(BaseModel):
    """What became of one member of a survey, and the answers by the questions' names."""

    model_config = ConfigDict(extra="forbid")
    outcome: Outcome
    answers: dict[Annotated[str, Field(max_length=40)], Annotated[str, Field(max_length=500)]] = Field(
        default_factory=dict, max_length=60
    )


def routes(deps: PagesDeps) -> APIRouter:
    """Return the routes, and add the results to what may be exported."""
    router = APIRouter(prefix="/api/campaigns", tags=["campaigns"], responses=answers(401, 403, 404, 409, 422, 503))
    kept, drafts = SqlCampaigns(deps.database), SqlOrderStore(deps.database)
    KINDS.setdefault("campaign", ("调研、拨测结果", Permission.CAMPAIGNS, _parcel))

    @router.get("")
    async def listed(me: Asker) -> dict[str, Any]:
        """Return the latest campaigns."""
        return {"campaigns": [plain_campaign(each) for each in await kept.latest()]}

    @router.post("", status_code=201)
    async def begin(body: PlanBody, me: Keeper) -> dict[str, Any]:
        """Open a campaign by its plan; a survey's sample is drawn now, without bias, so that it can be drawn again."""
        text = body.plan.replace("\0", "")
        plan, problems = read_plan(text, "plan")
        if plan is None:
            raise AuthorError(problems)
        strange = strange_numbers(plan, [each.number for each in deps.settings.numbers], "plan")
        if strange:
            raise AuthorError(strange)
        campaign = Campaign(secrets.token_hex(8), plan, text, Drawn(), me.name, deps.clock.now())
        if isinstance(plan, SurveyPlan):
            campaign, subjects = await drawn_now(kept, campaign, plan)
            if not subjects:
                raise refused(409, "这段时间没有可以抽取的市民。改法：换日期、单位或类别", "nothing_to_draw")
        else:
            subjects = tuple(call.name for call in plan.calls)
        await kept.begin(campaign, subjects, me.person)
        return await told(campaign)

    @router.get("/{identity}")
    async def one(identity: str, me: Asker) -> dict[str, Any]:
        """Return a campaign with its script, its members and what it came to so far."""
        return await told(await known(identity))

    @router.get("/{identity}/members/{nth}")
    async def member(identity: str, nth: Nth, me: Asker) -> dict[str, Any]:
        """Return whom to call; that their number was looked up is written down."""
        campaign = await known(identity)
        found = await kept.member(campaign.id, nth)
        if found is None or not isinstance(campaign.plan, SurveyPlan):
            raise refused(404, "没有这一位。改法：从抽样名单里选", "no_such_member")
        order = await drafts.order(order_number(found.subject))
        phone = ""
        if order is not None:
            phone = order.draft.value(FieldName.PHONE) or order.draft.value(FieldName.CALLER_NUMBER)
        row = AuditRow(deps.clock.now(), me.person, "campaign.member_seen", campaign.id, {"nth": nth})
        await deps.audit.note(row)
        return {
            **plain_member(found),
            "order": found.subject,
            "phone": mask_number(phone, hidden_from(me, deps.masking)),
            "opening": campaign.plan.opening,
        }

    @router.post("/{identity}/members/{nth}/answers")
    async def answer(identity: str, nth: Nth, body: AnswerBody, me: Asker) -> dict[str, Any]:
        """Keep what a citizen answered, or that they did not."""
        campaign, plan = await known(identity), (await known(identity)).plan
        if not isinstance(plan, SurveyPlan):
            raise refused(409, "拨测的结果由拨测程序登记。改法：运行 hotline campaign run", "refused")
        answers = {clean(name): clean(said) for name, said in body.answers.items()}

        def step(now: Member) -> Found | Refusal:
            found = answered(plan, now, body.outcome, answers)
            return found if isinstance(found, Refusal) else (body.outcome, found)

        found = await kept.record(campaign.id, nth, me.person, deps.clock.now(), step)
        if found is None:
            raise refused(404, "没有这一位。改法：从抽样名单里选", "no_such_member")
        if isinstance(found, Refusal):
            raise refusal_told(found)
        return plain_member(found)

    @router.post("/{identity}/close")
    async def close(identity: str, me: Keeper) -> dict[str, Any]:
        """End a campaign: no more results are taken."""
        campaign = await known(identity)
        if not await kept.close(campaign.id, me.person, deps.clock.now()):
            raise refused(409, "已经结束。改法：刷新后再看", "refused")
        return await told(await known(identity))

    async def known(identity: str) -> Campaign:
        found = await kept.one(clean(identity)[:32])
        if found is None:
            raise refused(404, "没有这次调研或拨测。改法：从列表里选", "no_such_campaign")
        return found

    async def told(campaign: Campaign) -> dict[str, Any]:
        members, plan = await kept.members(campaign.id), campaign.plan
        is_survey = isinstance(plan, SurveyPlan)
        words = survey_words(plan, campaign, members) if isinstance(plan, SurveyPlan) else dial_words(plan, members)
        shown = [{"nth": each.nth, "outcome": each.outcome.value if each.outcome else ""} if is_survey
                 else plain_member(each) for each in members]  # fmt: skip
        tables = [to_plain(each) for each in result_tables(campaign, members)]
        told: dict[str, Any] = {"plan": campaign.text, "summary": list(words), "results": tables, "members": shown}
        if isinstance(plan, SurveyPlan):
            told["opening"] = plan.opening
            told["questions"] = [
                {"name": each.name, "ask": each.ask, "choices": list(each.choices)} for each in plan.questions
            ]
        return {**plain_campaign(campaign), **told}

    return router


async def drawn_now(kept: SqlCampaigns, campaign: Campaign, plan: SurveyPlan) -> tuple[Campaign, tuple[str, ...]]:
    """Return the campaign with how its sample was drawn, and the orders that were."""
    sample = plan.sample
    population = await kept.population(*instants(sample.since, sample.until), sample.unit, sample.category)
    seed = sample.seed or secrets.token_hex(16)
    how = Drawn(seed, citizens_in(population), bool(sample.seed))
    changed = Campaign(campaign.id, plan, campaign.text, how, campaign.who, campaign.at)
    return changed, drawn(population, sample.size, seed)


async def _parcel(deps: PagesDeps, me: Account, wanted: Mapping[str, Any]) -> Parcel:
    kept, identity = SqlCampaigns(deps.database), clean(str(wanted.get("name", "")))[:32]
    campaign = await kept.one(identity)
    if campaign is None:
        raise refused(422, "没有这次调研或拨测。改法：name 写它的编号", "no_such_campaign")
    return table_parcel(campaign_table(campaign, await kept.members(campaign.id)))


def plain_campaign(campaign: Campaign) -> dict[str, Any]:
    """Return a campaign as JSON can hold it, without its members."""
    return {
        "id": campaign.id,
        "kind": campaign.plan.kind.value,
        "kind_title": KIND_TITLES[campaign.plan.kind],
        "title": campaign.plan.title,
        "client": campaign.plan.client,
        "state": campaign.state.value,
        "seed": campaign.drawn.seed,
        "is_seed_given": campaign.drawn.is_seed_given,
        "population": campaign.drawn.population,
        "by": campaign.who,
        "at": campaign.at.isoformat(),
    }


def plain_member(member: Member) -> dict[str, Any]:
    """Return a member as JSON can hold it, without whom an order belongs to."""
    return {
        "nth": member.nth,
        "name": member.subject,
        "outcome": member.outcome.value if member.outcome else "",
        "result": dict(member.result),
        "by": member.who,
        "at": member.at.isoformat() if member.at else None,
    }
