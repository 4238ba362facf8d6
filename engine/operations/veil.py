"""Secrets, and texts that leave the process without them.

In: the settings' secrets and whatever else is secret, such as a token. Out: texts in which each of them is three stars.
Conventions: a secret is recognised as it is, as it stands in a URL, in JSON and in code. Caveat: what has fewer than
four characters is no secret, and would blot out half of every text.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from urllib.parse import parse_qs, quote, quote_plus, unquote, urlsplit

from engine.settings import Settings

STARS = "***"
SHORTEST = 4


class Veil:
    """Call it with a text."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        forms = {form for secret in secrets if len(secret) >= SHORTEST for form in _forms(secret)}
        self._forms = sorted(forms, key=len, reverse=True)  # the longest first: one may be a part of another

    def __call__(self, text: str) -> str:
        """`text` with stars for secrets."""
        for form in self._forms:
            if form in text:
                text = text.replace(form, STARS)
        return text


def secrets_of(settings: Settings) -> tuple[str, ...]:
    """The secrets that the settings hold: the database's password, the keys of the file store."""
    kept = [secret.get_secret_value() for secret in (settings.files_key, settings.files_secret) if secret is not None]
    if settings.database_url is not None:
        url = urlsplit(settings.database_url.get_secret_value())
        kept += [] if url.password is None else [unquote(url.password)]
        kept += parse_qs(url.query).get("password", [])
    return tuple(kept)


def _forms(secret: str) -> set[str]:
    """The texts under which the secret may appear."""
    escaped = {json.dumps(secret, ensure_ascii=plain)[1:-1] for plain in (True, False)}
    return {secret, quote(secret, safe=""), quote(secret), quote_plus(secret), repr(secret)[1:-1]} | escaped
