"""Ctrl-C is held once, and strikes the second time."""

import signal

import pytest

from orchestrator.cli.interrupt import held_interrupt


def test_the_first_ctrl_c_is_noted_and_interrupts_nothing():
    with held_interrupt() as is_interrupted:
        assert not is_interrupted()
        signal.raise_signal(signal.SIGINT)
        assert is_interrupted()


def test_the_second_ctrl_c_interrupts_as_ever():
    with held_interrupt():
        signal.raise_signal(signal.SIGINT)
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)


def test_after_it_ctrl_c_is_as_before():
    before = signal.getsignal(signal.SIGINT)
    with held_interrupt():
        assert signal.getsignal(signal.SIGINT) is not before
    assert signal.getsignal(signal.SIGINT) is before


def test_a_command_whose_ctrl_c_is_ignored_goes_on_ignoring_it():
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with held_interrupt() as is_interrupted:
            signal.raise_signal(signal.SIGINT)
            assert not is_interrupted()
    finally:
        signal.signal(signal.SIGINT, before)
