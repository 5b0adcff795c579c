"""Trains the reader of Cyrillic from PaddleOCR's reader of Chinese and Latin, or that one further.

See ``python benchmarks/labels_training/train_reader.py --help``.
"""

import argparse
import random
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import torch
from torch import Tensor
from torch.nn import functional
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

sys.path.insert(0, str(Path(__file__).parents[2]))

from benchmarks.labels_training.alphabet import ALPHABET, replace_head
from benchmarks.labels_training.onnx_module import OnnxModule

_HEAD = ("linear_1.w_0", "linear_1.b_0")
_WIDE, _WIDE_KEPT = 448, 0.3
_KEPT = 0.99
"""Of the running mean of the weights, which is what is written, at each step."""
_LOGITS = "p2o.pd_op.add.41.0"
"""The value before the softmax of PP-OCRv6's tiny recogniser."""


def main() -> None:
    """Trains and writes ``reader.onnx`` and ``reader.txt``."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--base", type=Path, required=True, help="PP-OCRv6's tiny recogniser, or one to go on from")
    parser.add_argument("--dictionary", type=Path, required=True, help="the characters of --base, one a line")
    parser.add_argument("--shards", type=Path, required=True, help="from draw_lines.py")
    parser.add_argument("--cyrillic", action="store_true", help="give it the characters of Cyrillic and Latin")
    parser.add_argument("--held-out", type=int, default=1, help="shards, the last ones, to measure on")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--steps", type=int, default=2000)
    parser.add_argument("--rate", type=float, default=5e-4)
    parser.add_argument("--wait", action="store_true", help="shards are still being drawn")
    arguments = parser.parse_args()
    torch.manual_seed(0)
    arguments.out.mkdir(parents=True, exist_ok=True)
    known = arguments.dictionary.read_text("utf-8").rstrip("\n").split("\n")
    alphabet = ALPHABET if arguments.cyrillic else known
    model = onnx.load(arguments.base)
    if arguments.cyrillic:
        replace_head(model, *_HEAD, known, alphabet)
    (arguments.out / "reader.txt").write_text("\n".join(alphabet) + "\n", "utf-8")
    network = OnnxModule(model)
    index = {character: number + 1 for number, character in enumerate(alphabet)} | {" ": len(alphabet) + 1}
    print(f"{len(alphabet)} characters", flush=True)
    head = [getattr(network, network.names[name]) for name in _HEAD]
    others = [weight for weight in network.parameters() if not any(weight is one for one in head)]
    optimiser = torch.optim.AdamW(
        [{"params": others, "lr": arguments.rate}, {"params": head, "lr": 2 * arguments.rate}], weight_decay=1e-4
    )
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimiser, [arguments.rate, 2 * arguments.rate], total_steps=arguments.steps, pct_start=0.08
    )
    rng = random.Random(0)  # noqa: S311
    mean = AveragedModel(network, multi_avg_fn=get_ema_multi_avg_fn(_KEPT))
    started, losses = time.monotonic(), []
    for step, (pixels, texts) in enumerate(_batches(arguments.shards, arguments.held_out, rng, arguments.wait), 1):
        loss = _loss(network, pixels, texts, index)
        optimiser.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(network.parameters(), 5.0)
        optimiser.step()
        schedule.step()
        mean.update_parameters(network)
        losses.append(float(loss))
        if step % 50 == 0:
            print(f"{step} loss {np.mean(losses[-50:]):.3f} {time.monotonic() - started:.0f} s", flush=True)
        if step % 500 == 0 or step == arguments.steps:
            onnx.save(mean.module.to_onnx(), arguments.out / "reader.onnx")
            print(_measure(mean.module, arguments.shards, arguments.held_out, alphabet), flush=True)
        if step == arguments.steps:
            return


def _batches(folder: Path, held_out: int, rng: random.Random, wait: bool) -> Any:
    while True:
        shards = sorted(folder.glob("[0-9]*.npz"))
        if wait and len(shards) < held_out + 2:
            time.sleep(5)
            continue
        with np.load(rng.choice(shards[: len(shards) - held_out]), allow_pickle=False) as shard:
            numbers = rng.sample(range(len(shard.files) // 2), 32)
            for number in numbers:
                if shard[f"pixels{number}"].shape[2] > _WIDE and rng.random() > _WIDE_KEPT:
                    continue  # they cost most and teach no other characters
                yield shard[f"pixels{number}"], [str(text) for text in shard[f"texts{number}"]]


def to_tensor(pixels: Any) -> Tensor:
    """Lines, uint8 (N, 48, W, 3) RGB, as the network takes them: BGR, -1 to 1, (N, 3, 48, W)."""
    return torch.from_numpy(np.ascontiguousarray(pixels[..., ::-1].transpose(0, 3, 1, 2))).float().div(127.5).sub(1)


def _padded(pixels: Any) -> Any:
    """Widths in steps of 64: kernels are made for each width anew, and the cache of them is small."""
    missing = -pixels.shape[2] % 64
    return np.pad(pixels, ((0, 0), (0, 0), (0, missing), (0, 0)), constant_values=127)


def _loss(network: OnnxModule, pixels: Any, texts: list[str], index: dict[str, int]) -> Tensor:
    tensor = to_tensor(_padded(pixels))
    brightness = torch.empty(len(texts), 1, 1, 1).uniform_(0.8, 1.2)
    logits = network(tensor * brightness, _LOGITS)
    labels = [[index[one] for one in text if one in index] for text in texts]
    lengths = torch.tensor([len(one) for one in labels])
    steps = torch.full((len(texts),), logits.shape[1])
    log_probabilities = functional.log_softmax(logits, -1).transpose(0, 1)
    flat = torch.tensor([one for label in labels for one in label])
    return functional.ctc_loss(log_probabilities, flat, steps, lengths, zero_infinity=True)


def decode(best: Any, alphabet: list[str]) -> str:
    """The text of the best class of each step: repeats once, blanks not at all."""
    characters = ["", *alphabet, " "]
    kept = [one for position, one in enumerate(best) if position == 0 or one != best[position - 1]]
    return "".join(characters[one] for one in kept)


def _measure(network: OnnxModule, folder: Path, held_out: int, alphabet: list[str]) -> str:
    from rapidfuzz.distance import Levenshtein

    errors: dict[str, list[float]] = {}
    samples = []
    for file in sorted(folder.glob("[0-9]*.npz"))[-held_out:]:
        with np.load(file, allow_pickle=False) as shard, torch.no_grad():
            for number in range(0, len(shard.files) // 2, 2):
                best = network(to_tensor(shard[f"pixels{number}"]), _LOGITS).argmax(-1)
                for one, text in zip(best.tolist(), map(str, shard[f"texts{number}"]), strict=True):
                    read = decode(one, alphabet)
                    kind = _script(text)
                    errors.setdefault(kind, []).append(Levenshtein.distance(read, text) / max(1, len(text)))
                    samples.append(f"{text} → {read}")
    figures = ", ".join(
        f"{kind} CER {np.mean(values):.3f} exact {np.mean([one == 0 for one in values]):.2f}"
        for kind, values in sorted(errors.items())
    )
    return figures + "\n  " + "\n  ".join(samples[40:44] + samples[-4:])


def _script(text: str) -> str:
    if any("一" <= one <= "鿿" for one in text):
        return "chinese"
    return "cyrillic" if any("Ѐ" <= one <= "ӿ" for one in text) else "latin"


if __name__ == "__main__":
    main()
