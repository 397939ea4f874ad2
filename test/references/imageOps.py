"""Writes imageOps.json: affine maps of images by PyTorch, and areas averaged by NumPy.

Run: python3 test/references/imageOps.py

Reference for src/data/warp.ts, augment.ts and resize.ts. The affine maps go through PyTorch's affine_grid and grid_sample
(bilinear, zeros outside, align_corners=False) in float64. Areas are exact whatever the sizes: each pixel is repeated as
often as the output is long, so that all edges fall between pixels, and blocks are averaged; where the sizes divide, PyTorch's
area interpolation must agree, which is asserted here.
"""

import json
import math
import platform
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F

SEED = 20240902


def image(rng, *shape):
    return rng.integers(-64, 64, size=shape).astype(np.float64) / 16


def warped(x, a, b, c, d, e, f):
    """(a x + b y + c, d x + e y + f), in pixels from the center, is where a pixel comes from."""
    height, width = x.shape[-2:]
    # affine_grid counts in halves of the image.
    theta = [[[a, b * height / width, 2 * c / width], [d * width / height, e, 2 * f / height]]]
    theta = torch.tensor(theta, dtype=torch.float64)
    grid = F.affine_grid(theta, [1, *x.shape], align_corners=False)
    return F.grid_sample(torch.from_numpy(x)[None], grid, mode='bilinear', padding_mode='zeros', align_corners=False)[0].numpy()


def forward(rotate, scale, shear, flip, right, down):
    """The inverse of: shear, scale, rotate, mirror, shift, each as a 3 x 3 matrix."""
    angle, slant = math.radians(rotate), math.radians(shear)
    sheared = np.array([[1, math.tan(slant), 0], [0, 1, 0], [0, 0, 1]])
    scaled = np.diag([scale, scale, 1])
    rotated = np.array([[math.cos(angle), -math.sin(angle), 0], [math.sin(angle), math.cos(angle), 0], [0, 0, 1]])
    mirrored = np.diag([-1 if flip else 1, 1, 1])
    shifted = np.array([[1, 0, right], [0, 1, down], [0, 0, 1]])
    return np.linalg.inv(shifted @ mirrored @ rotated @ scaled @ sheared)[:2].ravel().tolist()


def area(x, height, width):
    rows = np.repeat(x, height, axis=1).reshape(x.shape[0], height, x.shape[1], x.shape[2]).mean(axis=2)
    return np.repeat(rows, width, axis=2).reshape(x.shape[0], height, width, x.shape[2]).mean(axis=3)


def main():
    rng = np.random.default_rng(SEED)
    x = image(rng, 2, 6, 5)
    warps = []
    for settings in [
        dict(rotate=0, scale=1, shear=0, flip=False, right=2, down=-1),
        dict(rotate=30, scale=1, shear=0, flip=False, right=0, down=0),
        dict(rotate=90, scale=1, shear=0, flip=False, right=0, down=0),
        dict(rotate=0, scale=1.5, shear=0, flip=False, right=0, down=0),
        dict(rotate=0, scale=0.6, shear=0, flip=False, right=0, down=0),
        dict(rotate=0, scale=1, shear=25, flip=False, right=0, down=0),
        dict(rotate=0, scale=1, shear=0, flip=True, right=0, down=0),
        dict(rotate=-20, scale=1.3, shear=10, flip=True, right=1, down=-2),
    ]:
        source = forward(**settings)
        warps.append({'settings': settings, 'source': source, 'output': warped(x, *source).tolist()})
    y = image(rng, 1, 6, 7)
    areas = []
    for height, width in [(3, 7), (2, 1), (4, 5), (5, 3), (1, 2), (6, 7), (9, 8)]:
        output = area(y, height, width)
        if 6 % height == 0 and 7 % width == 0:
            expected = F.interpolate(torch.from_numpy(y)[None], (height, width), mode='area')[0].numpy()
            assert np.allclose(output, expected, rtol=0, atol=1e-12)
        areas.append({'size': [height, width], 'output': output.tolist()})
    made_by = {'script': 'test/references/imageOps.py', 'python': platform.python_version(), 'torch': torch.__version__, 'seed': SEED}
    text = json.dumps({'madeBy': made_by, 'warped': {'x': x.tolist(), 'cases': warps}, 'averaged': {'x': y.tolist(), 'cases': areas}})
    Path(__file__).with_suffix('.json').write_text(text + '\n')


main()
