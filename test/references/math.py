"""Makes math.json: inputs and correctly rounded results for test/tensor/math.test.ts.

Run with a Python that has mpmath: python3 test/references/math.py
"""

import json
import math
import random
from pathlib import Path

import mpmath
from mpmath import mp, mpf

# 780 digits. sin(2^1023) loses 1024 bits to the reduction and tanh(2^-1022) needs 2044 to see its second term; this
# leaves more than 500 bits in every case.
mp.prec = 2600
SEED = 20240601
random.seed(SEED)


def to_double(value):
    """The double nearest to an mpf, by Python's correctly rounded integer division (subnormals too)."""
    sign, mantissa, exponent, _ = value._mpf_
    if mantissa == 0:
        return 0.0
    if exponent < -8000:
        return -0.0 if sign else 0.0
    try:
        size = float(int(mantissa) << exponent) if exponent >= 0 else int(mantissa) / (1 << -exponent)
    except OverflowError:
        size = math.inf
    return -size if sign else size


def text(x):
    """A form that JavaScript's Number() reads back to the same double."""
    return repr(float(x)).replace("inf", "Infinity").removesuffix(".0")


def uniform(count, low, high):
    return [random.uniform(low, high) for _ in range(count)]


def powers(count, low, high, signed=True):
    """Doubles whose logarithm is uniform, between 2^low and 2^high."""
    sign = (lambda: random.choice((1, -1))) if signed else (lambda: 1)
    out = []
    for _ in range(count):
        exponent = random.randrange(low, high)
        out.append(sign() * math.ldexp(random.uniform(1, 2), exponent))
    return out


def around(x):
    """A double and its neighbors."""
    x = float(x)
    return [math.nextafter(x, -math.inf), x, math.nextafter(x, math.inf)]


def both(xs):
    return [y for x in xs for y in (x, -x)]


LN2 = mp.ln2
HALF_PI = mp.pi / 2
TINY = 2.0**-27
SUBNORMAL = [5e-324, 1e-323, 2.5e-320, math.ldexp(1, -1023), math.nextafter(2.0**-1022, 0), 2.0**-1022]
LARGEST = math.nextafter(math.inf, 0)


def exp_inputs():
    # The reduction switches k halfway between multiples of ln 2.
    switches = [x for k in random.sample(range(-1070, 1020), 20) for x in around((k + mpf(1) / 2) * LN2)]
    edges = around(709.782712893384) + around(-708.3964185322641) + around(-745.1332191019411)
    edges += [710, 745.9, 746, -745.9, -746]
    return (
        uniform(50, -1, 1) + uniform(50, -708, 709.7) + uniform(25, -745.2, -708.4) + switches + edges
        + powers(20, -60, -1) + both(SUBNORMAL) + around(LN2 / 2) + [LARGEST, -LARGEST, 1, 2, -1]
    )


def log_inputs():
    near_one = [x for k in range(1, 53, 3) for x in (1 + 2.0**-k, 1 - 2.0**-k)] + around(1)
    # The second is where the implementation switches, a little below sqrt(2).
    borders = around(mp.sqrt(2)) + around(1.4142131805419922)
    switches = [math.ldexp(x, k) for k in (-1022, -53, -1, 0, 1, 1022) for x in borders]
    return (
        uniform(50, 0.5, 2) + uniform(30, 0.9, 1.1)
        + powers(50, -1022, 1024, False) + powers(25, -1074, -1022, False)
        + near_one + switches + SUBNORMAL + [LARGEST, 2.0**1023, 10, 1e-300]
    )


def tanh_inputs():
    switches = [x for k in range(0, 29, 2) for x in around((k + mpf(1) / 2) * LN2 / 2)]
    return (
        uniform(60, -1, 1) + uniform(40, -22, 22) + uniform(20, 0.05, 0.35) + switches + powers(30, -60, -1)
        + powers(10, -1022, -60) + both(SUBNORMAL) + both(around(TINY) + around(20)) + [LARGEST, -LARGEST, 50]
    )


def erf_inputs():
    centers = [k / 16 for k in range(2, 96, 2)]
    switches = [x for k in random.sample(range(96), 24) + [0, 1, 2] for x in around((2 * k + 1) / 32)]
    return (
        uniform(50, -1, 1) + uniform(50, -6.2, 6.2) + uniform(30, 0, 0.1) + switches + powers(30, -60, -1)
        + powers(10, -1022, -60) + both(SUBNORMAL) + both(around(TINY) + around(6)) + [LARGEST, -LARGEST, 0.0625] + centers
    )


def closest_multiples(count):
    """The n below 2^20 for which some double comes closest to n pi / 2: where the reduction by parts cancels most."""
    half_pi = int(mp.floor(HALF_PI * mpf(2) ** 160))

    def distance(n):
        exact = n * half_pi
        unit = 1 << (exact.bit_length() - 53)
        rest = exact % unit
        return min(rest, unit - rest)

    return sorted(range(1, 2**20), key=distance)[:count]


def sin_inputs():
    multiples = list(range(1, 13)) + [random.randrange(2**k) for k in range(20, 60, 3)] + closest_multiples(24)
    near_zeros = [float(k * HALF_PI) for k in multiples]
    switches = [x for k in random.sample(range(1, 2000), 12) + list(range(6)) for x in around((k + mpf(1) / 2) * HALF_PI)]
    reductions = around(1647099) + around(2.0**20 * HALF_PI) + around(2.0**53) + around(2.0**52 + 0.5)
    # The double closest to a multiple of pi/2 relative to its ulp (Muller, Elementary Functions), and its neighbors.
    hardest = around(math.ldexp(6381956970095103, 797))
    return (
        uniform(40, -1, 1) + uniform(40, -100, 100) + uniform(15, -1.6e6, 1.6e6) + powers(30, 20, 1024) + near_zeros
        + switches + both(reductions + hardest) + around(TINY) + powers(15, -60, -1) + both(SUBNORMAL)
        + [1e22, LARGEST, -LARGEST, 1, 3e38]
    )


def pow_inputs():
    def with_exponent(xs, low, high):
        """Pairs whose y log(x) is uniform."""
        return [(x, random.uniform(low, high) / math.log(x)) for x in xs]

    exact = [(random.randrange(2, 50), random.randrange(0, 9)) for _ in range(15)]
    negative = [(-random.uniform(0, 5), float(random.randrange(-60, 60))) for _ in range(20)]
    switches = [(math.ldexp(x, k), random.uniform(-300, 300)) for k in (-3, 0, 2) for x in around(mp.sqrt(2) / 2)]
    # Near the ends of the reduced interval the series weighs most, and a large exponent magnifies what it lacks.
    steep = with_exponent(around(mp.sqrt(2) / 2) + uniform(20, 0.7071, 0.75) + uniform(20, 1.35, 1.4142), 690, 709)
    near_one = [(x, y) for x in around(1) if x != 1 for y in (1e15, -3e17, 3e18, 2.0**52, 2.0**53 + 2)]
    return (
        [(random.uniform(0, 10), random.uniform(-20, 20)) for _ in range(30)]
        + with_exponent(uniform(40, 0.5, 2), -745, 709.7)
        + with_exponent([1 + x for x in powers(30, -50, -4)], -740, 709)
        + with_exponent(powers(25, -1022, 1024, False), -708, 709)
        + with_exponent(powers(15, -1074, -1022, False), -700, 700)
        + with_exponent(uniform(15, 1.1, 20), -745, -708.4)
        + exact + negative + switches + steep + near_one
        + [(2, 0.5), (2, 1023), (2, 1024), (2, -1074), (2, -1075), (2, -1076), (0.5, 1074)]
        + [(10, 308), (10, -308), (10, 15), (3, 1e-300), (3, 5e-324), (1.5, 2.0**64)]
        + [(5e-324, 0.5), (5e-324, 1), (LARGEST, 1), (LARGEST, -1), (2.0**-1022, 1)]
        + [(0.9, 2.0**65), (-1.5, 3), (-2, 1023), (-2, -1073), (math.e, 709), (7, 1 / 3), (0.999, 2000), (0.9, 1e6)]
    )


def expm1_inputs():
    switches = [x for k in range(-40, 40, 4) for x in around((k + mpf(1) / 2) * LN2)]
    return (
        uniform(60, -1, 1) + uniform(40, -45, 45) + uniform(20, -0.7, -0.3) + uniform(20, 40, 709.7) + switches
        + powers(30, -60, -1) + powers(10, -1022, -60) + both(SUBNORMAL)
        + both(around(2.0**-54) + around(40)) + around(709.782712893384) + [LARGEST, -LARGEST, 1, -1]
    )


def rows(function, inputs):
    out = []
    for row in inputs:
        arguments = row if isinstance(row, tuple) else (row,)
        expected = to_double(function(*(mpf(a) for a in arguments)))
        # A negative zero says that the result underflowed from below.
        out.append([*(text(a) for a in arguments), text(expected)])
    return out


def power(x, y):
    """mpmath's power, exact integer exponents for negative bases; out of range where y log|x| is."""
    exponent = y * mp.log(abs(x))
    if abs(exponent) > 800:
        size = mpf(0) if exponent < 0 else mpf(2) ** 2000
    else:
        size = mp.exp(exponent)
    return -size if x < 0 and int(y) % 2 == 1 else size


def clipped(function, limit):
    """Spares mpmath results far out of the range of doubles."""
    return lambda x: function(max(-limit, min(limit, x)))


cases = {
    "exp": rows(clipped(mp.exp, mpf(800)), exp_inputs()),
    "log": rows(mp.log, log_inputs()),
    "tanh": rows(clipped(mp.tanh, mpf(800)), tanh_inputs()),
    "erf": rows(clipped(mp.erf, mpf(40)), erf_inputs()),
    "sin": rows(mp.sin, sin_inputs()),
    "cos": rows(mp.cos, sin_inputs()),
    "pow": rows(power, pow_inputs()),
    # Last, so that the draws of the others stay as they were.
    "expm1": rows(clipped(mp.expm1, mpf(800)), expm1_inputs()),
}
made_by = f"test/references/math.py with mpmath {mpmath.__version__}, {mp.prec} bits, seed {SEED}"
lines = [
    f"{json.dumps(name)}: [\n" + ",\n".join(json.dumps(row, separators=(",", ":")) for row in table) + "\n]"
    for name, table in cases.items()
]
out = Path(__file__).with_suffix(".json")
out.write_text(f'{{\n"madeBy": {json.dumps(made_by)},\n"cases": {{\n' + ",\n".join(lines) + "\n}\n}\n")
print({name: len(table) for name, table in cases.items()}, out.stat().st_size)
