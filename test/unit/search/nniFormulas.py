"""Answers, with the formulas of the real NNI 3.0, to the cases on standard input (JSON); see nniFormulas.test.ts."""
import json
import logging
import sys

import numpy as np
from scipy.special import erfinv

from nni.algorithms.hpo import gridsearch_tuner, tpe_tuner
from nni.common.hpo_utils import deformat_parameters, format_parameters, format_search_space

logging.disable(logging.CRITICAL)


def weights(case):
    arguments = tpe_tuner.TpeArguments(linear_forgetting=case['flat'])
    return list(tpe_tuner.linear_forgetting_weights(arguments, case['n']))


def mixture(case):
    arguments = tpe_tuner.TpeArguments(linear_forgetting=case['flat'], prior_weight=case['weight'])
    found = tpe_tuner.adaptive_parzen_normal(arguments, np.asarray(case['centres']), case['mu'], case['sigma'])
    clip = case.get('clip')
    density = tpe_tuner.gmm1_lpdf(arguments, np.asarray(case['at']), *found, clip and tuple(clip))
    return [list(part) for part in [*found, density]]


def grid(case):
    tuner = gridsearch_tuner.GridSearchTuner()
    tuner.update_search_space(case['space'])
    points = []
    for _ in range(case['count']):
        points.append(tuner.generate_parameters())
    return points


def round_trip(case):
    space = format_search_space(case['space'])
    return deformat_parameters(format_parameters(case['parameters'], space), space)


def quantile(case):
    return float(np.sqrt(2) * erfinv(2 * case['p'] - 1))


questions = {'weights': weights, 'mixture': mixture, 'grid': grid, 'round_trip': round_trip, 'quantile': quantile}


def answer(case):
    try:
        return {'answer': questions[case['question']](case)}
    except KeyError as error:
        # NNI fails at a choice within a branch that is not taken.
        return {'failed': repr(error)}


print(json.dumps([answer(case) for case in json.load(sys.stdin)]))
