"""Run COMMAND and write its seconds, peak memory and exit code to OUT: python -I -S launcher.py OUT COMMAND...

This is a small process between the benchmarks and the measured command. The kernel counts a parent's memory at the fork towards the child's
peak, so a large parent would be measured instead of a small child.
"""

import json
import os
import subprocess
import sys
import time

started = time.monotonic()
process = subprocess.Popen(sys.argv[2:])
_, status, usage = os.wait4(process.pid, 0)
seconds = time.monotonic() - started
with open(sys.argv[1], "w", encoding="utf-8") as file:
    json.dump({"seconds": seconds, "peak_kib": usage.ru_maxrss, "code": os.waitstatus_to_exitcode(status)}, file)
