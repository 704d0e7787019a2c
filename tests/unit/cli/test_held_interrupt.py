"""Ctrl-C is held once, and strikes the second time."""

import signal

import pytest

from orchestrator.cli.interrupt import HeldInterrupt


def test_the_first_ctrl_c_is_noted_and_interrupts_nothing():
    with HeldInterrupt() as interrupt:
        assert not interrupt.is_noted
        signal.raise_signal(signal.SIGINT)
        assert interrupt.is_noted


def test_the_second_ctrl_c_interrupts_as_ever():
    with HeldInterrupt():
        signal.raise_signal(signal.SIGINT)
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)


def test_after_it_ctrl_c_is_as_before():
    before = signal.getsignal(signal.SIGINT)
    with HeldInterrupt():
        assert signal.getsignal(signal.SIGINT) is not before
    assert signal.getsignal(signal.SIGINT) is before


def test_a_command_whose_ctrl_c_is_ignored_goes_on_ignoring_it():
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with HeldInterrupt() as interrupt:
            signal.raise_signal(signal.SIGINT)
            assert not interrupt.is_noted
    finally:
        signal.signal(signal.SIGINT, before)
