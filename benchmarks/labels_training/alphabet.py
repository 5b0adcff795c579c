"""The characters that the reader knows, and how its last layer is made from PaddleOCR's."""

from typing import Final

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import numpy_helper

CYRILLIC: Final = "АБВГДЕЁЖЗИЙКЛМНОПРСТУФХЦЧШЩЪЫЬЭЮЯабвгдеёжзийклмнопрстуфхцчшщъыьэюяӘҒҚҢӨҰҮҺІәғқңөұүһі"
KAZAKH_LATIN: Final = "ÁáǴǵĞğIıÑñŃńÓóÖöÜüÚúŞşÄäŪūÇç"
MARKS: Final = "«»“”„‘’—–…№©®™•·"
_LATIN_TWINS: Final = dict(zip("АВЕЁКМНОРСТУХаеёкорсухІіҺһӨөҮүӘә", "ABEËKMHOPCTYXaeëkopcyxIiHhOoYyEe", strict=True))
_ASCII: Final = "".join(chr(code) for code in range(33, 127))


ALPHABET: Final = list(dict.fromkeys([*_ASCII, *CYRILLIC, *KAZAKH_LATIN, *MARKS]))
"""Of the reader of Cyrillic, blank and space excluded; Latin letters and figures stand in Cyrillic texts, too."""


def replace_head(model: onnx.ModelProto, weight: str, bias: str, known: list[str], alphabet: list[str]) -> None:
    """Gives the model's last layer the classes blank, ``alphabet``, space; rows of known characters are kept.

    Args:
        model: Changed in place.
        weight: Name of its (features, classes) initializer.
        bias: Name of its (classes,) initializer.
        known: PaddleOCR's dictionary, in order; class 0 is the blank, the last class the space.
        alphabet: From ``choose_alphabet``.
    """
    initials = {one.name: one for one in model.graph.initializer}
    old_weight, old_bias = numpy_helper.to_array(initials[weight]), numpy_helper.to_array(initials[bias])
    index = {character: number + 1 for number, character in enumerate(known)}
    generator = np.random.default_rng(0)
    columns: list[NDArray[np.float32]] = []
    biases: list[float] = []
    for number in [0, *(index.get(one, index.get(_LATIN_TWINS.get(one, ""), -1)) for one in alphabet), len(known) + 1]:
        if number >= 0:
            columns.append(old_weight[:, number])
            biases.append(float(old_bias[number]))
        else:
            columns.append(generator.normal(0, 0.02, old_weight.shape[0]).astype(np.float32))
            biases.append(float(np.median(old_bias)))
    new_weight = np.ascontiguousarray(np.stack(columns, 1).astype(np.float32))
    initials[weight].CopyFrom(numpy_helper.from_array(new_weight, weight))
    initials[bias].CopyFrom(numpy_helper.from_array(np.asarray(biases, np.float32), bias))
