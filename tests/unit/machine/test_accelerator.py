"""KVM is used only where a kernel boots under it."""

import os

import pytest

from rehearsal.machine import accelerator
from rehearsal.machine.image import Image


@pytest.fixture
def probe(tmp_path, monkeypatch):
    """Chooses with a QEMU that behaves as told, on a host whose /dev/kvm can be opened."""
    qemu = tmp_path / "bin" / "qemu-system-x86_64"
    qemu.parent.mkdir()
    monkeypatch.setenv("PATH", f"{qemu.parent}:{os.environ['PATH']}")
    monkeypatch.setattr(accelerator, "STATE", tmp_path)
    monkeypatch.setattr(accelerator, "SECONDS", 1)
    monkeypatch.setattr(accelerator.os, "access", lambda path, mode: True)

    def choose(script):
        qemu.write_text(f"#!/bin/sh\n{script}\n")
        qemu.chmod(0o755)
        return accelerator.choose(Image(tmp_path / "disk", tmp_path / "kernel", tmp_path / "initrd"))

    return choose


def test_a_kernel_that_boots_and_panics_proves_kvm(probe):
    assert probe("exit 0") == "kvm"


@pytest.mark.parametrize("script", ["exec sleep 60", "exit 1"], ids=["hangs", "fails"])
def test_a_probe_that_hangs_or_fails_means_emulation(script, probe, monkeypatch):
    monkeypatch.setattr(accelerator, "SECONDS", 0.1)
    assert probe(script).startswith("tcg")


def test_the_answer_is_kept_until_the_next_boot(probe, tmp_path):
    assert probe("exit 0") == "kvm"
    assert probe("exit 1") == "kvm"
    (tmp_path / "accelerator").write_text("another-boot works\n")
    assert probe("exit 1").startswith("tcg")
