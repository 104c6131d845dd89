"""The `schema` router: one call of a chat model, decoded under a JSON schema made for this question. For small models.

What was looked up before is all the model chooses among, and every filled form is a query (`form.py`). It is asked only
where the rules have no plan; a plan that leaves out what the question names goes back once with the words, and then the
rules' own answer stands.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, BaseMessage, HumanMessage, SystemMessage

from agent.conversation import Conversation
from agent.llm import deals
from agent.llm.errors import BadPlan, ModelFailed, NoSchema
from agent.llm.form import Offer, form_schema, query_of
from agent.llm.guard import fits, gather, text_of
from agent.llm.missing import missing_in
from agent.llm.models import OpenModel
from agent.llm.offer import offer_of, whole_book
from agent.llm.planner import ModelPlanner
from agent.llm.prompts import told
from agent.llm.replies import first_object
from agent.surface.session import Chosen, Outcome, Refusal
from retrieval.errors import DataError, InputError, LandaskError, NotUnderstood
from tools.context import Context
from tools.plan import Plan

REPAIRS = 1
NOT_FOR_A_MODEL = ("which_class", "which_region", "unread_language")
"""Refusals of the rules about what only the asker knows."""


class SchemaRouter(ModelPlanner):
    """Plans one question by one schema-held call."""

    kind = "schema"

    def wanted(self, rules: Plan | LandaskError, question: str, context: Context) -> bool:
        """Whether the model is asked: where the rules understood the question but have no plan for it."""
        return isinstance(rules, NotUnderstood) and rules.reason.split(":")[0] not in NOT_FOR_A_MODEL

    def asked(
        self, model: OpenModel, question: str, rules: Plan | LandaskError, context: Context, conversation: Conversation
    ) -> Outcome:
        """Ask the model, and once more with the fault where its plan cannot be run.

        Raises:
            ModelFailed: no plan that can be run.
        """
        book = self.strategy == "prompt"
        if deals.is_of_deals(question, context):
            return self.asked_of_deals(model, deals.offered(question, context, whole=book), question, context)
        offer = whole_book(question, context) if book else offer_of(question, context, conversation)
        if not offer.classes and not offer.places:
            raise ModelFailed("nothing was found in the question that a form could hold")

        def outcome(text: str) -> Outcome:
            return self.read(text, question, offer, context)

        return self.mended(model, form_schema(offer), prompt(question, offer, conversation), outcome)

    def asked_of_deals(self, model: OpenModel, found: deals.Offered, question: str, context: Context) -> Outcome:
        """Ask the model for its plan of a question about land deals.

        Raises:
            ModelFailed: no plan that can be run.
        """

        def outcome(text: str) -> Outcome:
            return self.run_deals(deals.plan_from(first_object(text) or text, found), context)

        return self.mended(model, deals.schema_of(found), deals.messages_of(question, found), outcome)

    def mended(
        self, model: OpenModel, schema: dict[str, Any], messages: list[BaseMessage], outcome: Callable[[str], Outcome]
    ) -> Outcome:
        """Return what a reply comes to; a faulty one goes back with the fault.

        Raises:
            ModelFailed: none comes to anything after the last repair.
        """
        chat, fault = held(model.chat, schema), BadPlan("no plan")
        for _ in range(1 + REPAIRS):
            fits(messages, model.context_tokens, model.reply_tokens)
            try:
                reply = gather(chat, messages)
            except NoSchema:
                chat = model.chat
                reply = gather(chat, messages)
            self.spent.add(reply)
            try:
                return outcome(text_of(reply))
            except BadPlan as error:
                fault = error
            mend = HumanMessage(f"That cannot be run: {fault}. Reply with the mended JSON object.")
            messages = [*messages, AIMessage(text_of(reply)), mend]
        raise ModelFailed(f"no plan of the model could be run: {fault}")

    def read(self, text: str, question: str, offer: Offer, context: Context) -> Outcome:
        """Return what a reply comes to: its query, run.

        Raises:
            BadPlan: it is no form, cannot be run, or leaves out what the question names.
        """
        form = first_object(text)
        if form is None:
            raise BadPlan("the reply is no JSON object")
        if form.get("source") == "none":
            return Refusal("not_expressible", "")
        asked = query_of(form, offer, context)
        try:
            result = self.timed("query", asked.to_json(), context)
        except (DataError, InputError) as error:
            raise BadPlan(str(error)) from error
        if gaps := missing_in(question, [result], context):
            raise BadPlan(f"the plan leaves out what the question names: {', '.join(gaps)}")
        return Chosen((result,))


def prompt(question: str, offer: Offer, conversation: Conversation) -> list[BaseMessage]:
    """Return the messages of one question."""
    before = f"The question before: {conversation.turns[-1][:300]}\n" if conversation.turns else ""
    there = "\n".join(offer.lines()) or "nothing"
    years = "; ".join(f"{source} {', '.join(map(str, years))}" for source, years in offer.years.items())
    numbers = f"\nnumbers: {', '.join(f'{n:g}' for n in offer.numbers)}" if offer.numbers else ""
    asked = f"{before}Labels:\n{there}\nyears: {years}{numbers}\nThe question: {question}"
    return [SystemMessage(told("small")), HumanMessage(asked)]


def held(model: BaseChatModel, schema: dict[str, Any]) -> Any:
    """Return a model that can only write what a schema admits, in the way its provider understands."""
    if type(model).__name__ == "ChatOllama":
        return model.bind(format=schema)
    if type(model).__name__ == "ChatAnthropic":
        return model.bind(output_config={"format": {"type": "json_schema", "schema": schema}})
    form: dict[str, Any] = {"type": "json_schema", "json_schema": {"name": "form", "schema": schema, "strict": False}}
    if type(model).__name__ == "ChatOpenAI":  # its own way imports for a second and wants what a plain server lacks
        return model.bind(extra_body={"response_format": form})
    return model.bind(response_format=form)
