"""Loads policy files: those that come with Aiqyn by name, others by path; errors name the line."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import configs
from pipelines.errors import UsageError
from pipelines.strict_yaml import yaml_problems
from transforms.policy.policy import Policy
from transforms.quick_yaml import load_yaml

FOLDER = configs.ROOT / "policies"
DEFAULT = "kz"


@dataclass(frozen=True, slots=True)
class LoadedPolicy:
    """A policy, and the digest of its content that every verdict carries.

    Attributes:
        policy: As validated.
        sha256: Of its content, whatever its layout and comments; hexadecimal.
        path: Where it was read.
    """

    policy: Policy
    sha256: str
    path: Path


def names() -> list[str]:
    """Of the policies that come with Aiqyn."""
    return sorted(path.stem for path in FOLDER.glob("*.yaml"))


def load_policy(name: str) -> LoadedPolicy:
    """A policy by name or by path.

    Raises:
        UsageError: There is none, or it is not sound; the message has every problem with its line.
    """
    is_path = name.endswith((".yaml", ".yml")) or "/" in name
    path = Path(name) if is_path else FOLDER / f"{name}.yaml"
    try:
        text = path.read_text("utf-8")
    except (OSError, ValueError) as error:
        known = ", ".join(names())
        raise UsageError(f"There is no policy {name}. Name a YAML file, or one of: {known}.") from error
    if problems := yaml_problems(str(path) if is_path else path.name, text, Policy):
        raise UsageError("The policy is not sound.\n" + "\n".join(problems))
    policy = Policy.model_validate(load_yaml(text))
    return LoadedPolicy(policy, policy_sha256(policy), path)


def load_policies(given: Sequence[str] | None) -> tuple[LoadedPolicy, ...]:
    """Several policies, parted by commas or one by one; the default one for none.

    Raises:
        UsageError: One cannot be loaded, or two have one id.
    """
    names_or_paths = [name.strip() for several in given or [DEFAULT] for name in several.split(",") if name.strip()]
    loaded = tuple(load_policy(name) for name in names_or_paths)
    ids = [one.policy.id for one in loaded]
    if not ids:
        raise UsageError(f"No policy is named. Name a YAML file, or one of: {', '.join(names())}.")
    if twice := sorted({one for one in ids if ids.count(one) > 1}):
        raise UsageError(f"The policy {twice[0]} is named twice.")
    return loaded


def policy_sha256(policy: Policy) -> str:
    """SHA-256 of a policy's content as canonical JSON."""
    data: dict[str, Any] = policy.model_dump(mode="json", by_alias=True)
    return hashlib.sha256(json.dumps(data, sort_keys=True, ensure_ascii=False).encode()).hexdigest()
