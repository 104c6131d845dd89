"""The `tools` router: a strong model works with the tools of `agent/surface/` until it answers, asks back or refuses.

The model reads digests of results; the results themselves stay here and the sentence is rendered from them, so that its
own words never reach a reader, but for what it asks back and why it refuses. What it writes into a call is held against
what was said and told (`agent/surface/grounds.py`).
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any

from langchain_core.messages import AIMessage, BaseMessage, HumanMessage, SystemMessage, ToolMessage

from agent.answer import Step
from agent.conversation import Conversation
from agent.llm import deals
from agent.llm.errors import ContextOverflow, ModelFailed
from agent.llm.guard import gather, text_of, tokens_of
from agent.llm.missing import missing_in
from agent.llm.models import OpenModel
from agent.llm.opening import opening
from agent.llm.planner import ModelPlanner
from agent.llm.prompts import told as prompt
from agent.llm.replies import first_object
from agent.surface.digest import digest_of
from agent.surface.grounds import Grounds
from agent.surface.session import Chosen, Outcome, Session
from agent.surface.tools import specs
from retrieval.deadline import Cancelled
from retrieval.errors import LandaskError
from tools.context import Context
from tools.plan import Plan
from tools.result import Result
from tools.run import detail_of_result

MOST_MODEL_CALLS = 12
MOST_TOOL_CALLS = 24
MOST_DEAL_CALLS = 8
MOST_TOKENS = 120_000
"""Tokens of all calls for one question together, as the server counts them."""
TOKENS_A_BYTE = 0.45
"""Of what was added since the last call: o200k needs 0.41 for our CSV and JSON, 0.25 for English."""
CITED = re.compile(r"\bres\s?(\d+)\b")
NUDGE = "Call a tool. Once you have the results, end with answer, ask_back or refuse."


@dataclass
class ToolsRouter(ModelPlanner):
    """Plans by doing: the calls that gave the answering results are the plan, and can be replayed."""

    most_tokens: int = MOST_TOKENS

    kind = "tools"

    def asked(
        self, model: OpenModel, question: str, rules: Plan | LandaskError, context: Context, conversation: Conversation
    ) -> Outcome:
        """Let the model call tools until it is done.

        Raises:
            ModelFailed: it reached a limit with no result, or called nothing.
        """
        if deals.is_of_deals(question, context):
            return self.asked_of_deals(model, question, context)
        session = self.session(question, context, conversation)
        first = opening(question, rules, context, conversation)
        assert session.grounds
        session.grounds.told(first.partition("\n\n")[2])
        tools = [spec.function() for spec in specs(context)]
        chat = model.chat.bind_tools(tools)
        messages: list[BaseMessage] = [SystemMessage(prompt("strong")), HumanMessage(first)]
        needed = tokens_of(json.dumps(tools)) + sum(tokens_of(text_of(m)) for m in messages)
        calls, nudged = 0, False
        for _ in range(MOST_MODEL_CALLS):
            self.within_limits(needed, model)
            reply = gather(chat, messages)
            self.spent.add(reply)
            messages.append(reply)
            written = calls_in(reply)
            added: list[BaseMessage] = []
            for call in written[: MOST_TOOL_CALLS - calls]:
                if self.cancel is not None and self.cancel.is_set():
                    raise Cancelled
                added.append(told(call, session.call(call["name"], call["args"])))
            calls += len(written)
            if session.outcome:
                return session.outcome
            if calls >= MOST_TOOL_CALLS or (not written and nudged):
                break
            if not written:
                nudged = True
                added.append(HumanMessage(NUDGE))
            messages += added
            grown = sum(len(text_of(m).encode()) for m in added)
            known = (reply.usage_metadata or {}).get("total_tokens", 0) or needed
            needed = int(known + TOKENS_A_BYTE * grown)
        return in_hand(session, messages)

    def asked_of_deals(self, model: OpenModel, question: str, context: Context) -> Outcome:
        """Let the model call the one tool of land deals until it is done; its last call that worked is the plan.

        Raises:
            ModelFailed: no call of it worked.
        """
        found = deals.offered(question, context, whole=False)
        form = {"name": "deals", "description": "Land deals of Land Matrix.", "parameters": deals.schema_of(found)}
        chat = model.chat.bind_tools([{"type": "function", "function": form}])
        opened = "\n".join([question, "", "Found in it:", *found.lines()])
        messages: list[BaseMessage] = [SystemMessage(prompt("deals")), HumanMessage(opened)]
        worked: Chosen | None = None
        for _ in range(MOST_DEAL_CALLS):
            self.within_limits(sum(tokens_of(text_of(m)) for m in messages), model)
            reply = gather(chat, messages)
            self.spent.add(reply)
            messages.append(reply)
            if not (written := calls_in(reply)):
                break
            for call in written:
                try:
                    worked = self.run_deals(deals.plan_from(call["args"] or {}, found), context)
                    shown = [digest_of(f"res{n}", r) for n, r in enumerate(worked.results, 1)]
                except LandaskError as error:
                    shown = [f"error: {error}"]
                messages.append(told(call, "\n".join(shown)))
        if worked is None:
            raise ModelFailed("the model called no tool that answers the question")
        return worked

    def session(self, question: str, context: Context, conversation: Conversation) -> Session:
        """Return the session of a question, with what its conversation has said and told."""
        grounds = Grounds()
        for said in (*conversation.turns[-3:], question):
            grounds.hear(said, context)

        def missing(results: Any) -> list[str]:
            return missing_in(question, results, context)

        def noted(name: str, result: Result, seconds: float) -> None:
            self.results.add(result, result.arguments, None)
            if self.on_step:
                self.on_step(Step(name, round(seconds, 4), detail_of_result(result)))

        return Session(context, grounds, missing, on_result=noted)

    def within_limits(self, needed: int, model: OpenModel) -> None:
        """Hold the next call to the asker's patience, the tokens and the model's context.

        Raises:
            ModelFailed: it would be over one of them.
        """
        if self.cancel is not None and self.cancel.is_set():
            raise Cancelled
        if self.spent.prompt + self.spent.completion > self.most_tokens:
            raise ModelFailed(f"the model used up its {self.most_tokens} tokens without an answer")
        if needed + model.reply_tokens > model.context_tokens:
            raise ContextOverflow(needed + model.reply_tokens, model.context_tokens)


def calls_in(reply: AIMessage) -> list[dict[str, Any]]:
    """Return the calls of a reply; one that stands in its text as JSON is taken as one."""
    if reply.tool_calls:
        return [{"name": c["name"], "args": c["args"], "id": c["id"] or ""} for c in reply.tool_calls]
    if reply.invalid_tool_calls:
        return [{"name": str(c.get("name")), "args": first_object(str(c.get("args"))), "id": c.get("id") or ""}
                for c in reply.invalid_tool_calls]  # fmt: skip
    written = first_object(text_of(reply)) or {}
    name, args = written.get("name") or written.get("tool"), written.get("arguments", written.get("parameters"))
    return [{"name": name, "args": args, "id": ""}] if isinstance(name, str) and isinstance(args, dict) else []


def told(call: dict[str, Any], text: str) -> BaseMessage:
    """Return a tool's reply as a message."""
    return ToolMessage(text, tool_call_id=call["id"]) if call["id"] else HumanMessage(f"{call['name']}: {text}")


def in_hand(session: Session, messages: list[BaseMessage]) -> Outcome:
    """Return the results of a model that came to no end by itself: those it names, else the last one.

    Raises:
        ModelFailed: there are none.
    """
    if not session.results:
        raise ModelFailed("the model called no tool that answers the question")
    last = next((text_of(m) for m in reversed(messages) if isinstance(m, AIMessage)), "")
    cited = [int(n) for n in CITED.findall(last) if 1 <= int(n) <= len(session.results)]
    taken = [session.results[n - 1] for n in dict.fromkeys(cited)] or session.results[-1:]
    return Chosen(tuple(taken), tuple(session.missing(taken)))
