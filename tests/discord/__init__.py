"""A local Discord: a real server on loopback that the real discord.py client connects to, and the people who use it.

    async with LocalDiscord() as discord:
        ...start a bot with the variables in `discord.environment`...
        await discord.ready()
        exchange = await discord.slash("compose", prompt="chill lofi 20s")
        song = await exchange.until(lambda message: bool(message.files))
        await discord.press(song, "👍")

Every request, and every answer of ours, is checked against Discord's own specification where that file is at hand
(see `specification`), and against the written rules of the live service, which need no file. What breaks a rule is
answered as the live service answers it, and fails the test when the context ends."""

from tests.discord.messages import Attached, Message, Version
from tests.discord.people import Exchange, Person
from tests.discord.server import LocalDiscord

__all__ = ["Attached", "Exchange", "LocalDiscord", "Message", "Person", "Version"]
