"""What every test may ask for."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

# Kernels compile during the first example, and the machines are noisy: no deadlines, no timed tests.
settings.register_profile("siaga", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("siaga")

SHARED = Path(__file__).resolve().parent.parent.parent / "shared"


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder with real extracts beside the checkout; the test is skipped where there is none."""
    folder = Path(os.environ.get("SIAGA_TEST_SHARED", SHARED))
    if not (folder / "osm").is_dir():
        pytest.skip("the real extracts (../shared) are not beside this checkout")
    return folder
