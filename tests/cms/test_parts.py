"""The parts of the demo: one that ends is named and started again; one that does not stay up ends everything."""

import os

import pytest

from cms.parts import PartFailed, Parts


@pytest.fixture
def parts():
    """Parts that were never started; a test runs a command of the shell in the place of one."""
    found = Parts(8000)
    yield found
    found.stop()


def run(parts, name, command):
    parts._run(name, ["/bin/sh", "-c", command])


def ended(parts, name, command):
    run(parts, name, command)
    parts.processes[name].wait()


def test_a_part_that_was_killed_is_named_and_started_again(parts):
    said, first = [], "kill -9 $$"
    ended(parts, "worker", first)
    gone = parts.processes["worker"]
    parts.keep_up(said.append, now=0)
    assert said == ["The worker was killed by signal 9. It is started again."]
    assert parts.processes["worker"] is not gone
    assert parts.processes["worker"].args == gone.args


def test_the_exit_code_is_told(parts):
    said = []
    ended(parts, "web", "exit 3")
    parts.keep_up(said.append, now=0)
    assert said == ["The web ended with exit code 3. It is started again."]


def test_what_a_killed_part_leaves_behind_is_ended_with_it(parts):
    heard, parts.log = os.pipe()
    run(parts, "web", "sleep 60 & kill -9 $$")
    os.close(parts.log)
    parts.log = None
    parts.processes["web"].wait()
    parts.keep_up(lambda said: None, now=0)
    assert os.read(heard, 1) == b""  # nobody is left who could say something
    os.close(heard)


def test_what_runs_is_left_alone(parts):
    said = []
    run(parts, "worker", "exec sleep 60")
    running = parts.processes["worker"]
    parts.keep_up(said.append, now=0)
    assert (said, parts.processes["worker"]) == ([], running)


def test_a_part_that_does_not_stay_up_ends_everything_with_a_clear_line(parts):
    said = []
    run(parts, "worker", "exit 1")
    for now in (0, 10):
        parts.processes["worker"].wait()
        parts.keep_up(said.append, now=now)
    parts.processes["worker"].wait()
    with pytest.raises(PartFailed, match=r"ended with exit code 1.*3rd time within 60 seconds"):
        parts.keep_up(said.append, now=20)
    assert len(said) == 2


def test_a_part_that_is_killed_now_and_then_is_started_each_time(parts):
    said = []
    run(parts, "worker", "kill -9 $$")
    for now in (0, 100, 200, 300):
        parts.processes["worker"].wait()
        parts.keep_up(said.append, now=now)
    assert len(said) == 4


def test_while_the_parts_start_one_that_ends_is_a_failure(parts):
    ended(parts, "sandbox", "exit 2")
    with pytest.raises(PartFailed, match="The sandbox ended with exit code 2"):
        parts.check()


def test_the_sandbox_answers_before_the_worker_is_told_to_look(parts, monkeypatch):
    done = []
    monkeypatch.setattr(parts, "_run", lambda name, command: done.append(command[2:]))
    monkeypatch.setattr(parts, "_wait_for", done.append)
    parts.start("--look")
    assert done.index(f"{parts.sandbox_url}/") < done.index(["run_worker", "--look"])
