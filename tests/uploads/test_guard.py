"""The guarded child: it cannot reach out, cannot stay, cannot grow; and what it leaves is swept away."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from engine.errors import JobError
from engine.learn.uploads import BadUpload, Fault, Limits, guard, receive
from engine.learn.uploads.folders import LOCK, PREFIX, WorkingFolder, sweep
from engine.learn.uploads.order import Order
from tests.uploads import sounds
from tests.uploads.hostile_sound import long_silence

ROOT = Path(__file__).parents[2]
PLANT = """
import runpy, sys
sys.path.insert(0, {root!r})
import engine.learn.uploads.child as child
{harm}
child.main()
"""


def planted(harm: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Have the guard start a child in which the reader does some harm once it was let loose on the bytes."""
    script = tmp_path / "planted.py"
    script.write_text(PLANT.format(root=str(ROOT), harm=harm))
    real = subprocess.Popen

    def popen(command: list[str], **options: Any) -> Any:
        return real([command[0], str(script), command[-1]], **options)

    monkeypatch.setattr(guard.subprocess, "Popen", popen)


def harm(body: str) -> str:
    """A program's text in which the work on sound is `body`, indented by four."""
    return f"def _work():\n    {body}\nchild._sound_work = lambda *order: _work\n"


def refused(tmp_path: Path, limits: Limits | None = None) -> BadUpload:
    with pytest.raises(BadUpload) as caught:
        receive(sounds.wav(), "song.wav", limits, inside=tmp_path / "work")
    assert list((tmp_path / "work").iterdir()) == []
    return caught.value


def test_a_reader_that_never_ends_is_ended(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    planted("import time\n" + harm("time.sleep(600)"), monkeypatch, tmp_path)
    begin = time.monotonic()
    error = refused(tmp_path, Limits(wall_s=1.0))
    assert error.fault is Fault.TOO_MUCH
    assert "more than 1 s" in str(error)
    assert time.monotonic() - begin < 10


def test_a_reader_that_burns_time_is_ended(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    planted(harm("while True: pass"), monkeypatch, tmp_path)
    assert refused(tmp_path, Limits(cpu_s=1, wall_s=100)).fault is Fault.TOO_MUCH


def test_a_reader_that_wants_all_memory_gets_none(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    planted(harm("return {'x': len(bytearray(3_000_000_000))}"), monkeypatch, tmp_path)
    error = refused(tmp_path)
    assert error.fault is Fault.TOO_MUCH
    assert "memory" in str(error)


def test_a_reader_that_writes_without_end_is_stopped(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    body = "while True: child.os.write(2, bytes(1 << 20))"
    planted(harm(body), monkeypatch, tmp_path)
    assert refused(tmp_path, Limits(max_output_bytes=5_000_000)).fault is Fault.TOO_MUCH


def test_a_reader_that_crashes_is_an_answer_too(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    planted(harm("child.os.kill(child.os.getpid(), 11)"), monkeypatch, tmp_path)
    assert refused(tmp_path).fault is Fault.CRASHED
    assert "status -11" in caplog.text


def test_a_reader_that_asks_for_a_file_gets_none(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    planted(harm("return {'x': open('/etc/hostname').read()}"), monkeypatch, tmp_path)
    assert refused(tmp_path).fault is Fault.REFERENCE


def test_a_reader_that_asks_for_a_socket_gets_none(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    planted("import socket\n" + harm("return {'x': socket.socket().fileno()}"), monkeypatch, tmp_path)
    assert refused(tmp_path).fault is Fault.REFERENCE


def test_what_a_reader_starts_ends_with_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    note = tmp_path / "pid"
    body = """pid = child.os.fork()
    if pid == 0:
        time.sleep(600)
    note.write(str(pid))
    note.flush()
    raise child.Faulty(child.Fault.DAMAGED, 'is a test')"""
    planted(f"import time\nnote = open({str(note)!r}, 'w')\n{harm(body)}", monkeypatch, tmp_path)
    assert refused(tmp_path).fault is Fault.DAMAGED
    pid = int(note.read_text())
    for _ in range(100):
        if not Path(f"/proc/{pid}").exists() or "Z" in Path(f"/proc/{pid}/stat").read_text().split(")")[1]:
            return
        time.sleep(0.05)
    pytest.fail("the reader's child lives on")


def test_a_child_that_cannot_begin_is_our_fault_and_not_the_files(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(guard, "MODULE", "engine.learn.uploads.no_such_module")
    with pytest.raises(JobError, match="before it began"):
        receive(sounds.wav(), "song.wav", inside=tmp_path / "work")
    assert "no_such_module" in caplog.text
    assert list((tmp_path / "work").iterdir()) == []


def test_a_library_that_is_missing_is_our_fault_too(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    planted(harm("import no_such_codec"), monkeypatch, tmp_path)
    with pytest.raises(JobError):
        receive(sounds.wav(), "song.wav", inside=tmp_path / "work")
    assert "no_such_codec" in caplog.text


def test_a_child_knows_no_secret_of_ours(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("DISCORD_TOKEN", "secret")
    body = "raise child.Faulty(child.Fault.DAMAGED, 'sees ' + ' '.join(child.os.environ))"
    planted(harm(body), monkeypatch, tmp_path)
    assert "DISCORD_TOKEN" not in str(refused(tmp_path))


def test_a_child_dies_with_its_parent(tmp_path: Path) -> None:
    (tmp_path / "long.flac").write_bytes(long_silence())
    program = (
        "import os, subprocess, sys, json, pathlib\n"
        "from engine.learn.uploads.limits import Limits\n"
        "from engine.learn.uploads.order import Order\n"
        "order = Order(task='receive', limits=Limits(), forms=(), parent=os.getpid()).to_json()\n"
        "child = subprocess.Popen([sys.executable, '-c', 'import sys, time; from engine.learn.uploads.child import"
        " confine; from engine.learn.uploads.order import Order; o = Order.from_json(sys.argv[1]);"
        " confine(o.limits, o.parent); print(1, flush=True); time.sleep(600)', order], stdout=subprocess.PIPE)\n"
        "child.stdout.read(1)\n"
        "print(child.pid, flush=True)\n"
        "sys.stdin.read()\n"
    )
    parent = subprocess.Popen(
        [sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=ROOT, text=True
    )
    assert parent.stdout is not None
    assert parent.stdin is not None
    pid = int(parent.stdout.readline())
    assert Path(f"/proc/{pid}").exists()
    parent.kill()
    parent.wait()
    parent.stdout.close()
    parent.stdin.close()
    for _ in range(100):
        if not Path(f"/proc/{pid}").exists() or "Z" in Path(f"/proc/{pid}/stat").read_text().split(")")[1]:
            return
        time.sleep(0.05)
    os.kill(pid, signal.SIGKILL)
    pytest.fail("the child outlived its parent")


def test_folders_of_the_dead_are_swept_and_those_of_the_living_stay(tmp_path: Path) -> None:
    living = WorkingFolder(tmp_path)
    dead = tmp_path / f"{PREFIX}dead"
    dead.mkdir()
    (dead / LOCK).touch()
    (dead / "sound.npy").write_bytes(b"1")
    (tmp_path / "somebody else's").mkdir()
    assert sweep(tmp_path) == 1
    assert not dead.exists()
    assert living.path.exists()
    living.close()
    living.close()
    assert [path.name for path in tmp_path.iterdir()] == ["somebody else's"]


def test_an_order_says_the_same_on_the_other_side() -> None:
    order = Order(task="probe", limits=Limits(max_seconds=3.5), forms=(), parent=7)
    assert Order.from_json(order.to_json()) == order
    assert json.loads(order.to_json())["limits"]["max_seconds"] == 3.5
