"""A trial that does nothing but what every trial does."""

import nni

params = nni.get_next_parameter()
nni.report_final_result(params['x'])
