"""Reports the time of each report, in epoch milliseconds; how often can be said."""

import sys
import time

import nni

nni.get_next_parameter()
for _ in range(int(sys.argv[1]) if len(sys.argv) > 1 else 100):
    time.sleep(0.03)
    nni.report_intermediate_result(time.time() * 1000)
nni.report_final_result(time.time() * 1000)
