"""Reports a hundred numbers a second for half a minute."""

import time

import nni

nni.get_next_parameter()
start = time.time()
for index in range(3000):
    wait = start + index / 100 - time.time()
    if wait > 0:
        time.sleep(wait)
    nni.report_intermediate_result(index / 3000)
nni.report_final_result(1.0)
