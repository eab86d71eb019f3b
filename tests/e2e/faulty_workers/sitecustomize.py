"""A fault in every Python process whose path begins with this folder: in Ray's workers too, which no test starts.

``ENSWEEP_TEST_FAULT`` names it as ``PLACE NUMBER FAULT``, see :mod:`tests.e2e.faulty`.
"""

import atexit
import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[3]))

from specs import faults
from tests.e2e import faulty

_place, _number, _fault = os.environ["ENSWEEP_TEST_FAULT"].split()
_handled = faults.handled(faulty.handler(_place, int(_number), _fault))
_handled.__enter__()
atexit.register(_handled.__exit__, None, None, None)
