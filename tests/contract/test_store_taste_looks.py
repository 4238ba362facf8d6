"""What learning and lists look up: alike on SQLite and PostgreSQL."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from engine.store import HOME, DailyLimits, NewDuel, NewTaste, NewUpload, Origin, OwnWord, Store

HERE, ALONE, SHELL = Origin(person_id=1, guild_id=2), Origin(person_id=9), Origin()
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


async def made(store: Store, song_id: str, origin: Origin = HERE, style: str = "lofi") -> None:
    await store.begin(song_id, {"prompt": song_id}, origin)
    await store.finish(song_id, {"style": style, "title": "T", "features": {"song": {"density": 1.0}}})


async def taste(store: Store, home: int, version: int = 1) -> None:
    await store.taste.save_taste(NewTaste(home=home, style="lofi", version=version, state={}, figures={}, votes=1))


async def fought(store: Store, duel_id: str, left: str, right: str, origin: Origin = HERE) -> None:
    duel = NewDuel(id=duel_id, origin=origin, request={}, left_id=left, right_id=right, minutes=5, votes_wanted=5)
    await store.taste.add_duel(duel)
    await store.taste.open_duel(duel_id)


async def test_a_home_is_unlearnt_once_something_was_said_after_its_taste(store: Store) -> None:
    look = store.taste.unlearnt
    await made(store, "songa")
    await made(store, "songb", ALONE)
    await made(store, "songc", SHELL)
    assert await look(LONG_AGO) == ()
    for song_id in ("songa", "songb", "songc"):
        await store.press(song_id, person_id=5, value=1)
    assert await look(LONG_AGO) == (HOME, 2, 9)
    for home in (HOME, 2, 9):
        await taste(store, home)
    assert await look(LONG_AGO) == ()
    await store.press("songa", person_id=5, value=-1)
    assert await look(LONG_AGO) == (2,)
    assert await look(datetime.now(UTC) + timedelta(hours=1)) == ()
    await taste(store, 2, version=2)
    await store.taste.void(2, 5, by=1, reason="")
    assert await look(LONG_AGO) == (2,)


async def test_answers_make_a_home_unlearnt_when_their_duel_is_revealed(store: Store) -> None:
    await made(store, "songa")
    await made(store, "songb")
    await fought(store, "silent", "songa", "songb")
    await store.taste.reveal("silent")
    assert await store.taste.unlearnt(LONG_AGO) == (), "nobody answered"
    await fought(store, "heard", "songa", "songb")
    await store.taste.answer("heard", 5, "both")
    assert await store.taste.unlearnt(LONG_AGO) == ()
    await store.taste.reveal("heard")
    assert await store.taste.unlearnt(LONG_AGO) == (2,)


async def test_what_a_person_said_of_songs_is_looked_up_for_many_at_once(store: Store) -> None:
    for song_id in ("songa", "songb", "songc", "songd"):
        await made(store, song_id)
    await store.press("songa", person_id=5, value=-1)
    await store.press("songb", person_id=1, value=1)
    await store.taste.favourite("songc", 5)
    ids = ["songa", "songb", "songc", "songd", "nothere"]
    assert await store.taste.own_words(5, ids) == {
        "songa": OwnWord(vote=-1, counts=True, is_favourite=False),
        "songc": OwnWord(vote=None, counts=True, is_favourite=True),
    }
    assert await store.taste.own_words(1, ids) == {"songb": OwnWord(vote=1, counts=False, is_favourite=False)}
    assert await store.taste.own_words(5, []) == {}


async def test_songs_with_votes_but_too_few_are_counted(store: Store) -> None:
    for song_id, style in (("songa", "lofi"), ("songb", "lofi"), ("songc", "jazz"), ("songd", "lofi")):
        await made(store, song_id, style=style)
    for person in (5, 6, 7):
        await store.press("songa", person_id=person, value=1)
    await store.press("songb", person_id=5, value=1)
    await store.press("songc", person_id=5, value=1)
    await store.press("songd", person_id=1, value=1)  # their own, which does not count
    assert await store.taste.unranked(2) == 2
    assert await store.taste.unranked(2, "lofi") == 1
    assert await store.taste.unranked(2, None, datetime.now(UTC) + timedelta(hours=1)) == 0
    assert await store.taste.unranked(7) == 0


async def test_duels_that_ended_lately_are_found(store: Store) -> None:
    await made(store, "songa")
    await made(store, "songb")
    for duel_id in ("over", "open", "failed"):
        await fought(store, duel_id, "songa", "songb")
    await store.taste.reveal("over")
    await store.taste.fail_duel("failed", "why")
    assert {duel.id for duel in await store.taste.ended_duels(LONG_AGO)} == {"over", "failed"}
    assert await store.taste.ended_duels(datetime.now(UTC) + timedelta(hours=1)) == ()


async def test_all_that_is_kept_of_a_person_is_theirs_alone(store: Store) -> None:
    await made(store, "mine")
    await made(store, "alone", Origin(person_id=1))
    await made(store, "theirs", Origin(person_id=5, guild_id=2))
    await fought(store, "duel", "mine", "theirs")
    await store.taste.void(7, 1, by=5, reason="why")
    upload = NewUpload(id="up", guild_id=2, style="lofi", person_id=1, name="n", licence="own", sha256="a")
    await store.teaching.add_upload(upload, DailyLimits(person=9, guild=9))
    kept = await store.taste.kept_of(1)
    assert {song.id for song in kept.songs} == {"mine", "alone"}
    assert kept.songs[0].receipt == {"style": "lofi", "title": "T"}
    assert [duel.id for duel in kept.duels] == ["duel"]
    assert [upload.id for upload in kept.uploads] == ["up"]
    assert [(void.guild_id, void.reason) for void in kept.voids] == [(7, "why")]
    nobody = await store.taste.kept_of(42)
    assert (nobody.songs, nobody.duels, nobody.uploads, nobody.voids) == ((), (), (), ())


async def test_versions_and_contents_of_tastes_are_read_by_themselves(store: Store) -> None:
    assert await store.taste.taste_versions(2) == {}
    assert await store.taste.taste_state(2, "lofi", 1) is None
    for version in range(1, 6):
        state = {"version": version}
        new = NewTaste(home=2, style="lofi", version=version, state=state, figures={}, votes=1)
        await store.taste.save_taste(new)
    await taste(store, 7)
    assert await store.taste.taste_versions(2) == {"lofi": 5}
    assert {style: record.version for style, record in (await store.taste.tastes(2)).items()} == {"lofi": 5}
    assert await store.taste.taste_state(2, "lofi", 4) == {"version": 4}
    assert await store.taste.taste_state(2, "lofi", 1) == {"version": 5}, "the newest, for that is gone"
    assert await store.taste.taste_state(2, "jazz", 1) is None
