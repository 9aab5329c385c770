"""
nnictl, with more patience. It gives NNI's manager three seconds to come up and twenty for each answer, and the manager gives its
tuner ten; that is not enough on a machine that is busy. Here it is two minutes, as long as the process lives. Nothing else of NNI
is changed.
"""

import os
import subprocess
import sys
import time

from nni.experiment import launcher, rest
from nni.tools.nnictl.nnictl import parse_args

PATIENCE = 120
started: 'list[subprocess.Popen]' = []


def start_manager(command, **options):
    node, *arguments = command
    preload = os.path.join(os.path.dirname(os.path.abspath(__file__)), 'patientTuner.cjs')
    process = subprocess.Popen([node, '--require', preload, *arguments], **options)
    started.append(process)
    return process


def wait_for_rest_server(port, retry=3, url_prefix=None):
    limit = time.monotonic() + PATIENCE
    while True:
        try:
            return rest.get(port, '/check-status', url_prefix)
        except Exception:
            dead = [process.returncode for process in started if process.poll() is not None]
            if dead:
                raise RuntimeError(f'NNI manager ended with code {dead[-1]} before it answered')
            if time.monotonic() > limit:
                raise
        time.sleep(0.1)


launcher.Popen = start_manager
launcher._check_rest_server = wait_for_rest_server
rest.timeout = PATIENCE

sys.exit(parse_args())
