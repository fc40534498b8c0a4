"""How PyTensor runs graphs that a test calls a few times: they are not worth being rewritten and compiled."""

from pytensor.compile.mode import Mode

IN_PYTHON = Mode(linker="py", optimizer=None)
