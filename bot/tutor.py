"""Couriers of lessons and trainings: like those of songs, but for what they say and what they bring.

In: a `SchoolTicket` and the `Answer` in which it shows. Out: one message, which ends with what was understood of an
upload, or with what came of a training. Conventions: whose lesson's message was deleted is taken to want the upload
no more; a training is the server's, and goes on whether or not a message shows it. Caveat: a training that began by
itself has no message yet, and gets one in the channel that its ticket names.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

import discord

from bot.answer import Answer
from bot.courier import Courier, House
from bot.found import FoundAnswer
from bot.lesson import bare_text, lesson_body, lesson_text
from bot.marks import shows_lesson, shows_training, shows_understood
from bot.progress import OVER
from bot.replies import clip, failure_text, inert
from bot.training import outcome_text, training_text
from engine import SchoolTicket, Update, UploadRecord, errors

LESSON_GOES_ON = "I am being restarted. This file is kept, and is looked at as soon as I am back."
TRAINING_GOES_ON = "I am being restarted. This training goes on by itself as soon as I am back."


@dataclass(frozen=True, slots=True, kw_only=True)
class Boards:
    """What makes rows of buttons: under an upload that is looked at, under one that is understood, under a training."""

    looking: Callable[[str], discord.ui.View]
    lesson: Callable[[UploadRecord], discord.ui.View]
    training: Callable[[str], discord.ui.View]


class FoundLesson(FoundAnswer):
    """The message of a lesson, found by its buttons."""

    def shows_making(self, message: discord.Message) -> bool:
        """Whether the message is about this upload."""
        return shows_lesson(message, self.job_id or "")

    def shows_end(self, message: discord.Message) -> bool:
        """Whether the message says what was understood."""
        return shows_understood(message, self.job_id or "")


class FoundTraining(FoundAnswer):
    """The message of a training. `is_new`: there is none yet."""

    def __init__(self, client: discord.Client, ticket: SchoolTicket, *, is_new: bool = False) -> None:
        super().__init__(client, ticket)
        self._is_new = is_new

    async def look(self) -> None:
        """Find the message, if there can be one. Raises `discord.NotFound` when it was deleted."""
        if not self._is_new:
            await super().look()

    def shows_making(self, message: discord.Message) -> bool:
        """Whether the message shows this training."""
        return shows_training(message, self.job_id or "")

    def shows_end(self, message: discord.Message) -> bool:
        """What came of a training bears no mark; to say it twice does no harm."""
        del message
        return False


class LessonCourier(Courier):
    """Of one upload."""

    goes_on = LESSON_GOES_ON

    def __init__(self, ticket: SchoolTicket, answer: Answer, house: House, boards: Boards) -> None:
        super().__init__(ticket, answer, house)
        self._upload_id = ticket.upload_id or ticket.job_id
        self._boards = boards

    def words(self, update: Update) -> str:
        """How far the upload is."""
        return lesson_text(update)

    def apology(self, last: Update) -> str:
        """Why nothing was learnt."""
        return _apology(last)

    def making_view(self) -> discord.ui.View:
        """The button that takes it back."""
        return self._boards.looking(self._upload_id)

    def found(self, client: discord.Client) -> FoundAnswer:
        """The message as a later process finds it."""
        return FoundLesson(client, self.ticket)

    async def hand_over(self, last: Update) -> None:
        """The message becomes what was understood."""
        lesson = last.lesson
        assert lesson is not None
        view = self._boards.lesson(lesson.upload)
        try:
            await self._answer.become(lambda limit_bytes: lesson_body(lesson, view, limit_bytes=limit_bytes))
        except errors.UserError:
            await self._answer.show(bare_text(lesson), view)

    async def _give_up(self) -> None:
        """Nobody can be answered, so nobody can decide on the upload: it is forgotten, unless it was kept before."""
        await super()._give_up()
        with suppress(errors.TunesmithError):
            if self._upload_id == self.ticket.job_id:
                await self._house.studio.teaching.forget(self._upload_id, origin=self.ticket.origin)


class TrainingCourier(Courier):
    """Of one training."""

    goes_on = TRAINING_GOES_ON

    def __init__(self, ticket: SchoolTicket, answer: Answer, house: House, boards: Boards) -> None:
        super().__init__(ticket, answer, house)
        self._training = ticket
        self._boards = boards

    def words(self, update: Update) -> str:
        """How far the training is."""
        return training_text(update, self._training)

    def apology(self, last: Update) -> str:
        """Why nothing came of it."""
        return _apology(last)

    def making_view(self) -> discord.ui.View:
        """The button that ends it."""
        return self._boards.training(self._training.job_id)

    def found(self, client: discord.Client) -> FoundAnswer:
        """The message as a later process finds it."""
        return FoundTraining(client, self._training)

    async def hand_over(self, last: Update) -> None:
        """The message says what came of it."""
        assert last.training is not None
        await self._answer.show(outcome_text(last.training))

    def _lose(self, problem: discord.NotFound) -> None:
        """The message was deleted; the training goes on."""
        self._gone = problem

    async def _give_up(self) -> None:
        """Nobody can be told; what comes of it is noted all the same."""
        with suppress(errors.TunesmithError):
            async for update in self._house.studio.watch(self.ticket.job_id):
                if update.phase == "ready":
                    await self._delivered()
                elif update.phase in OVER:
                    await self._house.studio.told(self.ticket.job_id)


def _apology(last: Update) -> str:
    if last.phase == "cancelled":
        return f"✖️ {inert(last.sentence or 'It was cancelled.')}"
    return clip(failure_text(last), 2000)
