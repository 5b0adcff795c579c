"""What lies on remote storage, looked up with patience: S3 and HDFS by clients of our own, all else through Beam."""

import importlib.util
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from itertools import islice

from pipelines.errors import UsageError
from pipelines.globs import SPECIAL
from pipelines.hdfs_listing import find_on_hdfs, match_on_hdfs
from pipelines.remote_file import RemoteFile
from transforms import hdfs, s3
from transforms.outcomes import Reason
from transforms.retry import is_passing, reason_of, retried, retried_or_none

_BATCH = 100
_AT_ONCE = 16
_REACHES_BELOW = re.compile(r"\*\*|[?\[/]")  # of Beam's patterns: ? and [ match a /
_BUCKET = re.compile("gs://[^/]*")
"""As a whole no file, which Beam takes for a mistake instead."""
_EXTRAS = {"s3": ("boto3", "s3"), "gs": ("google.cloud.storage", "gcs"), "hdfs": ("hdfs", "hdfs")}
"""By the beginning of an address the library that it needs, and the extra that brings it."""
_Found = RemoteFile | Exception | None


def check_reader(uri: str) -> None:
    """Nothing, if what reads such addresses is installed, and told what it needs.

    Raises:
        UsageError: It is not.
    """
    scheme = uri.partition("://")[0]
    library, extra = _EXTRAS.get(scheme, ("", ""))
    if library and not _is_installed(library):
        raise UsageError(
            f"{uri} cannot be read: for {scheme}:// an extra is missing. Install it: pip install 'aiqyn[{extra}]'."
        )
    if uri.startswith(hdfs.SCHEME) and hdfs.chosen_server() is None:
        raise UsageError(
            f"{uri} cannot be read: which server? Say --beam-option=--hdfs_host=NAMENODE, "
            "--beam-option=--hdfs_port=9870 (that of WebHDFS) and --beam-option=--hdfs_user=USER."
        )


def heeds_beam_options(uri: str) -> bool:
    """Whether Beam's options may say how an address is read."""
    return "://" in uri and not uri.startswith(s3.SCHEME)


def set_beam_options(arguments: Sequence[str]) -> None:
    """Tells what reads addresses the options of Beam's pipelines, which themselves tell Beam's filesystems later.

    Args:
        arguments: As on Beam's command line.
    """
    from apache_beam.io.filesystems import FileSystems
    from apache_beam.options.pipeline_options import HadoopFileSystemOptions, PipelineOptions

    options = PipelineOptions(list(arguments))
    FileSystems.set_options(options)
    told = options.view_as(HadoopFileSystemOptions)
    named = told.hdfs_host, told.hdfs_port, told.hdfs_user
    hdfs.use_server(hdfs.HdfsServer(*named, told.hdfs_full_urls) if all(named) else None)


def match_all(patterns: Sequence[str]) -> list[RemoteFile]:
    """Everything that matches one of the patterns, all of one filesystem; errors that may pass are waited out.

    Raises:
        Exception: As the filesystem raised it, ``BeamIOError`` for the most part.
    """
    if patterns[0].startswith(s3.SCHEME):
        return [found for pattern in patterns for found in _match_s3(pattern)]
    if patterns[0].startswith(hdfs.SCHEME):
        return [found for pattern in patterns for found in match_on_hdfs(pattern)]
    from apache_beam.io.filesystems import FileSystems

    wanted = [pattern for pattern in patterns if not _BUCKET.fullmatch(pattern)]
    results = retried(lambda: FileSystems.match(wanted))
    return [
        RemoteFile(one.path, one.size_in_bytes, round((one.last_updated_in_seconds or 0) * 1e9) or None)
        for result in results
        for one in result.metadata_list
        if one.size_in_bytes or not one.path.endswith("/")  # else it is what consoles make to show a folder
    ]


def look_up(uris: Iterable[str]) -> Iterator[tuple[str, _Found]]:
    """Each address, taken literally, with what lies there: None for nothing, an error where that cannot be told.

    All have to be different. Many are looked up side by side: S3 and HDFS by the file, all else in batches, since Beam
    asks for one item after the other.

    Raises:
        UsageError: An extra is missing, or the server's name.
        Exception: One that may pass and did not, or one that tells of the filesystem and not of an item.
    """
    by_scheme: defaultdict[str, list[str]] = defaultdict(list)
    for uri in uris:
        by_scheme[uri.partition("://")[0]].append(uri)
    with ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="look-up") as threads:
        for wanted in by_scheme.values():
            check_reader(wanted[0])
            look_up_batch = _look_up_of(wanted[0])
            waiting = iter(wanted)
            while batches := [batch for _ in range(_AT_ONCE) if (batch := list(islice(waiting, _BATCH)))]:
                for batch, found in zip(batches, threads.map(look_up_batch, batches), strict=True):
                    yield from zip(batch, found, strict=True)


def _match_s3(pattern: str) -> Iterator[RemoteFile]:
    """As Beam's filesystems match; a pattern that cannot reach below a folder has nothing below it listed."""
    from apache_beam.io.filesystem import FileSystem

    prefix = SPECIAL.split(pattern, maxsplit=1)[0]
    if prefix == pattern:
        found = _find_on_s3(pattern)
        yield from [found] if found else ()
        return
    is_flat = _REACHES_BELOW.search(pattern, len(prefix)) is None
    matches = re.compile(FileSystem.translate_pattern(pattern)).match
    for one in s3.list_objects(prefix, is_flat=is_flat):
        if matches(one.uri):
            yield _of_s3(one)


def _find_on_s3(uri: str) -> RemoteFile | None:
    """What lies at an address, or None for nothing, such as a bucket as a whole."""
    if not s3.is_object(uri):
        return None
    found = retried_or_none(lambda: s3.find_object(uri))
    return _of_s3(found) if found else None


def _look_up_of(uri: str) -> Callable[[list[str]], list[_Found]]:
    """What looks up addresses on the storage of this one."""
    if uri.startswith(s3.SCHEME):
        return partial(_look_up_each, _find_on_s3, s3.is_answer)
    if uri.startswith(hdfs.SCHEME):
        return partial(_look_up_each, find_on_hdfs, hdfs.is_answer)
    from apache_beam.io.filesystems import FileSystems

    FileSystems.get_filesystem(uri)  # its fault would else be told of every item
    return _look_up_through_beam


def _look_up_each(
    find: Callable[[str], RemoteFile | None], is_answer: Callable[[Exception], bool], uris: list[str]
) -> list[_Found]:
    answers: list[_Found] = []
    for uri in uris:
        try:
            answers.append(find(uri))
        except Exception as error:  # it raises whatever its library does
            if is_passing(error) or not is_answer(error):
                raise
            answers.append(error)
    return answers


def _of_s3(one: s3.S3Object) -> RemoteFile:
    return RemoteFile(one.uri, one.size_bytes, one.mtime_ns, one.etag)


def _is_installed(library: str) -> bool:
    with suppress(ModuleNotFoundError):  # of a package in which it would lie
        return importlib.util.find_spec(library) is not None
    return False


def _look_up_through_beam(uris: list[str]) -> list[_Found]:
    """Beam gives either all results or all errors: what is at fault is taken out, and the rest asked for once more."""
    from apache_beam.io.filesystem import BeamIOError

    wanted: defaultdict[str, list[str]] = defaultdict(list)
    for uri in uris:
        wanted[as_pattern(uri)].append(uri)
    answers: dict[str, _Found] = dict.fromkeys(uris)
    while wanted:
        try:
            found = match_all(list(wanted))
        except BeamIOError as error:
            details = error.exception_details or {}
            lasting = {one: details[one] for one in wanted if one in details and not is_passing(details[one])}
            if not lasting:
                raise
            for pattern, fault in lasting.items():
                told = None if reason_of(fault) is Reason.VANISHED else fault
                answers |= dict.fromkeys(wanted.pop(pattern), told)
        else:
            answers |= {one.uri: one for one in found if one.uri in answers}
            break
    return list(answers.values())


def as_pattern(uri: str) -> str:
    """A pattern that matches this address, and at most such as differ from it in a ``*``, ``?`` or ``[``."""
    return SPECIAL.sub("?", uri)
