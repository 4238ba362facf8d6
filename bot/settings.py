"""What the Discord process is told from outside: `DISCORD_*` variables (or a `.env` file) in, one frozen object out.

Read once, in `main()`, and passed down. The token prints as stars. An empty variable counts as not set; an unknown
`DISCORD_*` key in the `.env` file is an error.
"""

from __future__ import annotations

from pydantic import Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from engine import errors

ENV_PREFIX = "DISCORD_"


class BotSettings(BaseSettings):
    """What the bot can be told."""

    model_config = SettingsConfigDict(
        env_prefix=ENV_PREFIX,
        env_file=".env",
        env_file_encoding="utf-8",
        dotenv_filtering="match_prefix",
        env_ignore_empty=True,
        extra="forbid",
        frozen=True,
    )

    token: SecretStr | None = Field(
        default=None, description="The bot's token from Discord's developer portal; without it the bot does not start."
    )
    api_base: str | None = Field(
        default=None,
        pattern=r"^https?://\S+$",
        description="Address of the HTTP API when it is not Discord's own: a proxy, or the local Discord of the tests.",
    )

    @classmethod
    def read(cls) -> BotSettings:
        """Read environment and `.env`; raises `SetupError`, one sentence that names the key, never the token."""
        try:
            return cls()
        except ValidationError as error:
            problem = error.errors(include_url=False, include_input=False)[0]
            key = f"{ENV_PREFIX}{'.'.join(map(str, problem['loc'])).upper()}"
            known = ", ".join(f"{ENV_PREFIX}{name.upper()}" for name in cls.model_fields)
            raise errors.SetupError(
                f"The setting {key} is unusable ({problem['msg']}); the bot knows {known}, described in .env.example."
            ) from None
