"""From the JSON of an exported program to a row of checked instructions, without torch."""

import re
from math import prod
from pathlib import Path
from typing import Any, NoReturn

from transforms.detect.errors import DetectorError
from transforms.detect.exported.archive import Archive, open_archive
from transforms.detect.exported.operators import SIZES, is_allowed
from transforms.detect.exported.program import Instruction, Program, Ref, TensorSpec, TorchConstant

SCHEMA_MAJOR = 8
MAX_NODES = 100_000
MAX_ELEMENTS = 1 << 31

# torch's ScalarType numbers in the schema: name in torch, bytes of an element.
DTYPES = {
    1: ("uint8", 1),
    2: ("int8", 1),
    3: ("int16", 2),
    4: ("int32", 4),
    5: ("int64", 8),
    7: ("float32", 4),
    8: ("float64", 8),
    12: ("bool", 1),
}
MEMORY_FORMATS = {1: "contiguous_format", 2: "channels_last", 4: "preserve_format"}
_STRIDED = 7
_SYMBOL = re.compile(r"(?:Symbol\('(\w+)'(?:, \w+=(?:True|False))*\)|(\w+))")
_NUMBERS = {"Infinity": float("inf"), "-Infinity": float("-inf"), "NaN": float("nan")}
_NO_GRAD = "torch.ops.higher_order.wrap_with_set_grad_enabled"


def read_program(path: Path) -> Program:
    """Read and check a `.pt2`, without its tensors.

    Raises:
        DetectorError: What `archive.open_archive` raises; `unsafe_program` for an operator or value that is not on the
            list, `wrong_input`, `wrong_output`, `wrong_dtype`, `tensor_mismatch`, `corrupt_program`.
    """
    archive = open_archive(path)
    try:
        return _Reader(archive).program()
    except DetectorError:
        raise
    except (KeyError, TypeError, ValueError, AttributeError, IndexError, RecursionError) as e:
        raise DetectorError(
            "corrupt_program",
            f"{path} is not a program of schema {SCHEMA_MAJOR} ({type(e).__name__}: {e}); export the network again",
        ) from e


class _Reader:
    def __init__(self, archive: Archive) -> None:
        self.archive = archive
        self.graph: dict[str, Any] = archive.graph["graph_module"]["graph"]
        self.known: set[str] = set()
        self.aliases: dict[str, str] = {}
        self.instructions: list[Instruction] = []

    def refuse(self, code: str, words: str) -> NoReturn:
        raise DetectorError(code, f"{self.archive.path}: {words}")

    def program(self) -> Program:
        major = self.archive.graph["schema_version"]["major"]
        if major != SCHEMA_MAJOR:
            self.refuse("corrupt_program", f"schema version {major}, not {SCHEMA_MAJOR}; export it with aiqyn's torch")
        signature = self.archive.graph["graph_module"]["signature"]
        weights, inputs = self.inputs(signature["input_specs"])
        if len(inputs) != 1:
            self.refuse(
                "wrong_input", f"it takes {len(inputs)} inputs; export a network whose only input is the pictures"
            )
        self.known = {*weights, *inputs}
        for node in self.graph["nodes"]:
            self.node(node, "")
        output = self.output(signature["output_specs"])
        dtype, sizes, batch = self.picture(inputs[0])
        return Program(self.archive, weights, inputs[0], dtype, sizes, batch, tuple(self.instructions), output)

    def inputs(self, specs: list[dict[str, Any]]) -> tuple[dict[str, TensorSpec], list[str]]:
        weights: dict[str, TensorSpec] = {}
        pictures: list[str] = []
        names = {"parameter": "parameter_name", "buffer": "buffer_name", "tensor_constant": "tensor_constant_name"}
        for spec in specs:
            ((kind, value),) = spec.items()
            if kind == "user_input" and "as_tensor" in value["arg"]:
                pictures.append(value["arg"]["as_tensor"]["name"])
            elif kind in names:
                weights[value["arg"]["name"]] = self.tensor(value[names[kind]])
            else:
                self.refuse("unsafe_program", f"an input is a '{kind}'; only one picture tensor and weights are known")
        return weights, pictures

    def tensor(self, name: str) -> TensorSpec:
        if name not in self.archive.payloads:
            self.refuse("tensor_mismatch", f"tensor '{name}' is missing; export the network again")
        record, meta = self.archive.payloads[name]
        dtype, width = self.dtype(meta["dtype"], f"tensor '{name}'")
        numbers = [size["as_int"] for size in (*meta["sizes"], *meta["strides"], meta["storage_offset"])]
        rank = len(meta["sizes"])
        sizes, strides, offset = tuple(numbers[:rank]), tuple(numbers[rank:-1]), numbers[-1]
        small = all(type(n) is int and 0 <= n <= MAX_ELEMENTS for n in numbers)
        fits = small and len(strides) == rank and prod(sizes) <= MAX_ELEMENTS
        last = offset + sum((size - 1) * stride for size, stride in zip(sizes, strides, strict=fits)) if fits else 0
        have = self.archive.sizes.get(record)
        if not fits or have is None or meta["layout"] != _STRIDED or (0 not in sizes and (last + 1) * width > have):
            self.refuse("tensor_mismatch", f"tensor '{name}' does not lie in its record '{record}'; export it again")
        return TensorSpec(record, dtype, sizes, strides, offset)

    def dtype(self, number: int, what: str) -> tuple[str, int]:
        if number not in DTYPES:
            self.refuse(
                "wrong_dtype",
                f"{what} is of type {number}, neither float32 nor whole numbers: scores are computed in float32; "
                "call network.float() before you export it",
            )
        return DTYPES[number]

    def picture(self, name: str) -> tuple[str, tuple[int | None, ...], tuple[int, int | None]]:
        meta = self.graph["tensor_values"][name]
        dtype, _ = self.dtype(meta["dtype"], "the input")
        sizes = tuple(int(size["as_int"]) if "as_int" in size else None for size in meta["sizes"])
        if not sizes:
            self.refuse("wrong_input", "the input is a single number; export a network that takes pictures")
        if sizes[0] is not None:
            return dtype, (None, *sizes[1:]), (sizes[0], sizes[0])
        found = _SYMBOL.fullmatch(meta["sizes"][0]["as_expr"]["expr_str"])
        limits = self.archive.graph["range_constraints"].get((found[1] or found[2]) if found else "", {})
        low, high = limits.get("min_val"), limits.get("max_val")
        return dtype, sizes, (max(1, int(low or 1)), None if high is None else int(high))

    def output(self, specs: list[dict[str, Any]]) -> str:
        for spec in specs:
            if "user_output" not in spec:
                ((kind, _),) = spec.items()
                self.refuse(
                    "unsafe_program",
                    f"it changes its own state ('{kind}'), so a score would depend on what was scored before; "
                    "call network.eval() before you export it",
                )
        outputs = [spec["user_output"]["arg"] for spec in specs]
        if len(outputs) != 1 or "as_tensor" not in outputs[0]:
            self.refuse("wrong_output", f"it has {len(outputs)} outputs or none that is a tensor; return one tensor")
        return self.ref(outputs[0]["as_tensor"]["name"], "").name

    def node(self, node: dict[str, Any], scope: str) -> None:
        if len(self.instructions) >= MAX_NODES:
            self.refuse("program_too_large", f"it has more than {MAX_NODES} operations")
        target: str = node["target"]
        if target == _NO_GRAD:
            self.inline(node, scope)
            return
        operator = target.removeprefix("torch.ops.")
        namespace, _, rest = operator.partition(".")
        name, _, overload = rest.partition(".")
        known = (namespace == "aten" and operator != target and is_allowed(name) and overload.isidentifier()) or (
            namespace == "_operator" and name in SIZES and not overload
        )
        if not known:
            self.refuse(
                "unsafe_program",
                f"operator '{target[:80]}' is not on the list of operators that a program may use; "
                "replace that layer, or ask for the operator",
            )
        arguments = tuple(
            (str(a["name"]) if a.get("kind") == 2 else "", self.value(a["arg"], target, scope)) for a in node["inputs"]
        )
        results = tuple(self.result(out, scope) for out in node["outputs"])
        self.instructions.append(Instruction(operator, arguments, results))

    def inline(self, node: dict[str, Any], scope: str) -> None:
        """A block under `torch.no_grad()`: nothing here has gradients, so its nodes are run as they stand."""
        _, inner, *given = [a["arg"] for a in node["inputs"]]
        graph, within = inner["as_graph"]["graph"], f"{scope}{inner['as_graph']['name']}/"
        for formal, actual in zip(graph["inputs"], given, strict=True):
            self.bind(within + _name(formal), self.ref(_name(actual), scope))
        for child in graph["nodes"]:
            self.node(child, within)
        for outer, result in zip(node["outputs"], graph["outputs"], strict=True):
            self.bind(scope + _name(outer), self.ref(_name(result), within))

    def bind(self, name: str, value: Ref) -> None:
        self.check_new(name)
        self.aliases[name] = value.name

    def ref(self, name: str, scope: str) -> Ref:
        full = self.aliases.get(scope + name, scope + name)
        if full not in self.known:
            self.refuse("corrupt_program", f"value '{full[:80]}' is used before it is computed; export it again")
        return Ref(full)

    def result(self, out: dict[str, Any], scope: str) -> str | tuple[str, ...]:
        ((kind, value),) = out.items()
        if kind == "as_tensors":
            return tuple(self.define(scope + part["name"]) for part in value)
        return "" if kind == "as_none" else self.define(scope + _name(out))

    def define(self, name: str) -> str:
        self.check_new(name)
        self.known.add(name)
        return name

    def check_new(self, name: str) -> None:
        if name in self.known or name in self.aliases:
            self.refuse("corrupt_program", f"value '{name[:80]}' is computed twice; export it again")

    def value(self, arg: dict[str, Any], target: str, scope: str) -> object:
        ((kind, value),) = arg.items()
        if kind in _LISTS:
            return [self.value({_LISTS[kind]: part}, target, scope) for part in value]
        if kind == "as_none":
            return None
        if kind == "as_tensor":
            return self.ref(value["name"], scope)
        if kind in _WRAPPED:
            ((inner, part),) = value.items()
            return self.ref(part, scope) if inner == "as_name" else self.value({inner: part}, target, scope)
        return self.constant(kind, value, target)

    def constant(self, kind: str, value: Any, target: str) -> object:
        if kind == "as_float":
            return _NUMBERS[value] if isinstance(value, str) else float(value)
        if kind in _PLAIN and type(value) is _PLAIN[kind]:
            return value
        if kind == "as_scalar_type":
            return TorchConstant("dtype", self.dtype(value, f"a value of '{target[:80]}'")[0])
        if kind == "as_memory_format" and value in MEMORY_FORMATS:
            return TorchConstant("memory_format", MEMORY_FORMATS[value])
        if kind == "as_layout" and value == _STRIDED:
            return TorchConstant("layout", "strided")
        if kind == "as_device" and value["type"] == "cpu":
            return TorchConstant("device", "cpu")
        return self.refuse(
            "unsafe_program",
            f"an argument of '{target[:80]}' is of the kind '{kind}', which is not computed here; "
            "export the network on the CPU, without custom classes or control flow",
        )


def _name(argument: dict[str, Any]) -> str:
    ((kind, value),) = argument.items()
    return str(value["name" if kind == "as_tensor" else "as_name"])


_PLAIN: dict[str, type] = {"as_int": int, "as_bool": bool, "as_string": str}
_WRAPPED = {"as_sym_int", "as_sym_float", "as_sym_bool", "as_optional_tensor"}
_LISTS = {
    "as_tensors": "as_tensor",
    "as_ints": "as_int",
    "as_floats": "as_float",
    "as_bools": "as_bool",
    "as_sym_ints": "as_sym_int",
    "as_sym_floats": "as_sym_float",
    "as_sym_bools": "as_sym_bool",
    "as_optional_tensors": "as_optional_tensor",
}
