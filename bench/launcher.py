"""python -I -S launcher.py OUT COMMAND...: runs COMMAND and writes its seconds, peak memory and exit code to OUT.

A process between the benchmarks and what they measure, and a small one: the kernel carries a parent's memory at the fork
over into the child's peak, so a large parent would be measured in place of a small child.
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
