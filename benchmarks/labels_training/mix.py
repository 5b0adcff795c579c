"""Mixes the weights of a network with those of the same one trained further (Wortsman et al., 2022: WiSE-FT).

    python benchmarks/labels_training/mix.py --base before.onnx --trained after.onnx --share 0.7 --out mixed.onnx

What a further training gains in new fonts it may lose elsewhere; the mixture keeps most of both.
"""

import argparse
from pathlib import Path

import numpy as np
import onnx
from onnx import numpy_helper


def mixed(base: onnx.ModelProto, trained: onnx.ModelProto, share: float) -> onnx.ModelProto:
    """The graph of ``base`` with ``share`` of the other's weights and the rest of its own; whole numbers stay."""
    model = onnx.ModelProto()
    model.CopyFrom(base)
    others = {one.name: numpy_helper.to_array(one) for one in trained.graph.initializer}
    for initial in model.graph.initializer:
        own = numpy_helper.to_array(initial)
        if own.dtype == np.float32 and own.size > 1:
            value = ((1 - share) * own + share * others[initial.name]).astype(np.float32)
            initial.CopyFrom(numpy_helper.from_array(np.ascontiguousarray(value), initial.name))
    return model


def main() -> None:
    """Writes the mixture."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--base", type=Path, required=True)
    parser.add_argument("--trained", type=Path, required=True)
    parser.add_argument("--share", type=float, default=0.7, help="of the trained one's weights")
    parser.add_argument("--out", type=Path, required=True)
    arguments = parser.parse_args()
    onnx.save(mixed(onnx.load(arguments.base), onnx.load(arguments.trained), arguments.share), arguments.out)


if __name__ == "__main__":
    main()
