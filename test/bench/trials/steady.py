"""Reports a number a second for half a minute."""

import time

import nni

nni.get_next_parameter()
for index in range(30):
    time.sleep(1)
    nni.report_intermediate_result(index / 30)
nni.report_final_result(1.0)
