"""Writes <family>.json beside this file for each family named, by default all: what PyTorch computes.

Run by hand, with a Python that has torch (Debian: python3-torch): python3 test/references/pytorch/write.py [family ...]

Reference for the tests in test/references/. A family draws from a seed of its own, so that one can be written alone.
"""

import importlib
import json
import platform
import sys
from pathlib import Path

import torch

from common import SEED

FOLDER = Path(__file__).parent
NOT_FAMILIES = ('common', 'write')


def text(part):
    return json.dumps(part, separators=(',', ':'))


def write(family):
    """A module's `parts()` gives the parts of its file by name; lists are written a line an item."""
    made_by = {
        'script': f'test/references/pytorch/{family}.py',
        'python': platform.python_version(),
        'torch': torch.__version__,
        'seed': SEED,
    }
    rows = [f'"madeBy": {text(made_by)}']
    for name, part in importlib.import_module(family).parts().items():
        several = isinstance(part, list)
        rows.append(f'"{name}": ' + ('[\n' + ',\n'.join(map(text, part)) + '\n]' if several else text(part)))
    (FOLDER / f'{family}.json').write_text('{\n' + ',\n'.join(rows) + '\n}\n')
    print(family, (FOLDER / f'{family}.json').stat().st_size, 'bytes')


if __name__ == '__main__':
    every = sorted(path.stem for path in FOLDER.glob('*.py') if path.stem not in NOT_FAMILIES)
    for family in sys.argv[1:] or every:
        write(family)
