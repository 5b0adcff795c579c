"""Signed files of every kind, under a certificate chain of their own, and what can go wrong with them.

Nothing is stored: keys, certificates and files are made when a test runs. No time stamp is asked for, so nothing here
needs a network.
"""

import functools
import io
import json
import struct
import tempfile
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import c2pa
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.x509.oid import AuthorityInformationAccessOID, ExtendedKeyUsageOID, NameOID

from examples.media import heif, pictures, videos

IPTC: Final = "http://cv.iptc.org/newscodes/digitalsourcetype/"
KEY_USAGES: Final = {
    "email protection": ExtendedKeyUsageOID.EMAIL_PROTECTION,
    "document signing": x509.ObjectIdentifier("1.3.6.1.5.5.7.3.36"),
    "C2PA claim signing": x509.ObjectIdentifier("1.3.6.1.4.1.62558.2.1"),
}
MEDIA_TYPES: Final = (
    "image/jpeg",
    "image/png",
    "image/webp",
    "image/avif",
    "image/heic",
    "image/tiff",
    "image/gif",
    "image/jxl",
    "video/mp4",
    "video/quicktime",
    "video/x-msvideo",
)
_HALF_A_LIFE: Final = timedelta(days=30)


@dataclass(frozen=True)
class Chain:
    """A root and a leaf that it signed, PEM; ``expired_leaf`` is the same leaf with a validity in the past."""

    root: str
    leaf: x509.Certificate
    expired_leaf: x509.Certificate
    key: ec.EllipticCurvePrivateKey

    @property
    def certificates(self) -> str:
        """Leaf and root, as a signer wants them."""
        return _pem(self.leaf) + self.root

    @property
    def key_pem(self) -> str:
        """The leaf's private key, PKCS #8."""
        form = serialization.PrivateFormat.PKCS8
        return self.key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption()).decode()


@functools.cache
def chain(organisation: str = "Test Newsroom", usage: str = "email protection", ocsp: str = "") -> Chain:
    """A certificate chain (ES256) under which files can be signed, and whose root nobody trusts by itself.

    Args:
        organisation: The signer's name as manifests show it.
        usage: The leaf's only extended key usage, one of ``KEY_USAGES``.
        ocsp: Where the leaf says that one can ask whether it was revoked.
    """
    root_key, key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    root_name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"{organisation} Root")])
    now = datetime.now(UTC).replace(microsecond=0)
    key_usage = dict.fromkeys(_KEY_USAGES, False)
    root = (
        x509.CertificateBuilder(root_name, root_name, root_key.public_key(), x509.random_serial_number())
        .not_valid_before(now - 40 * _HALF_A_LIFE)
        .not_valid_after(now + 40 * _HALF_A_LIFE)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .add_extension(x509.KeyUsage(**key_usage | {"key_cert_sign": True, "crl_sign": True}), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(root_key.public_key()), critical=False)
        .sign(root_key, hashes.SHA256())
    )
    name = x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, organisation),
            x509.NameAttribute(NameOID.COMMON_NAME, f"{organisation} Signer"),
        ]
    )
    serial = x509.random_serial_number()

    def leaf(middle: datetime) -> x509.Certificate:
        builder = (
            x509.CertificateBuilder(root_name, name, key.public_key(), serial)
            .not_valid_before(middle - _HALF_A_LIFE)
            .not_valid_after(middle + _HALF_A_LIFE)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(x509.KeyUsage(**key_usage | {"digital_signature": True}), critical=True)
            .add_extension(x509.ExtendedKeyUsage([KEY_USAGES[usage]]), critical=False)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(root_key.public_key()), critical=False)
        )
        if ocsp:
            where = x509.AccessDescription(AuthorityInformationAccessOID.OCSP, x509.UniformResourceIdentifier(ocsp))
            builder = builder.add_extension(x509.AuthorityInformationAccess([where]), critical=False)
        return builder.sign(root_key, hashes.SHA256())

    valid = leaf(now)
    expired = leaf(now - 20 * _HALF_A_LIFE)
    while len(_der(expired)) != len(_der(valid)):  # an ECDSA signature is a byte shorter now and then
        expired = leaf(now - 20 * _HALF_A_LIFE)
    return Chain(_pem(root), valid, expired, key)


_KEY_USAGES: Final = (
    "digital_signature",
    "content_commitment",
    "key_encipherment",
    "data_encipherment",
    "key_agreement",
    "key_cert_sign",
    "crl_sign",
    "encipher_only",
    "decipher_only",
)


def _der(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.DER)


def _pem(certificate: x509.Certificate) -> str:
    return certificate.public_bytes(serialization.Encoding.PEM).decode()


@functools.cache
def media(media_type: str) -> bytes:
    """A small unsigned file of that type."""
    image = pictures.generated_picture(7, (64, 48))
    match media_type:
        case "image/jpeg" | "image/png" | "image/webp" | "image/avif" | "image/tiff" | "image/gif":
            return getattr(pictures, media_type.removeprefix("image/"))(image)  # type: ignore[no-any-return]
        case "image/heic":
            return heif.heic(image)
        case "image/jxl":  # no encoder at hand: the container is real, the code stream is only its first bytes
            stream = struct.pack(">I4s", 24, b"jxlc") + b"\xff\x0a" + bytes(14)
            brand = struct.pack(">I4s4sI4s", 20, b"ftyp", b"jxl ", 0, b"jxl ")
            return b"\0\0\0\x0cJXL \r\n\x87\n" + brand + stream
    ending, codec = {
        "video/mp4": (".mp4", "libx264"),
        "video/quicktime": (".mov", "libx264"),
        "video/x-msvideo": (".avi", "mjpeg"),
    }[media_type]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"video{ending}"
        videos.video(path, codec=codec, seconds=0.4, size=(64, 48), bframes=0)
        return path.read_bytes()


def action(kind: str, term: str | None = None, **more: Any) -> dict[str, Any]:
    """An action with its digital source type, given as an IPTC term or as a whole URI."""
    source = {} if term is None else {"digitalSourceType": term if ":" in term else IPTC + term}
    return {"action": kind, **source, **more}


def opened(*numbers: int) -> dict[str, Any]:
    """The action that opens these ingredients, as every edit must begin with."""
    return action("c2pa.opened", parameters={"ingredientIds": [f"ingredient{number}" for number in numbers]})


CREATED: Final = action(
    "c2pa.created", "trainedAlgorithmicMedia", softwareAgent={"name": "TestDiffusion", "version": "3"}
)


def manifest(*actions: Mapping[str, Any], assertions: tuple[Mapping[str, Any], ...] = ()) -> dict[str, Any]:
    """A manifest definition with these actions, by default the creation by a generator."""
    taken = [dict(one) for one in actions or (CREATED,)]
    return {
        "claim_generator_info": [{"name": "TestGen", "version": "1.0"}],
        "title": "ЖИ тест",
        "assertions": [{"label": "c2pa.actions.v2", "data": {"actions": taken}}, *map(dict, assertions)],
    }


@dataclass(frozen=True)
class Ingredient:
    """What a file was made from."""

    data: bytes
    media_type: str
    relationship: str = "parentOf"


def signed(
    data: bytes,
    media_type: str,
    definition: Mapping[str, Any] | None = None,
    signer: Chain | None = None,
    *,
    ingredients: Sequence[Ingredient] = (),
    remote: str | None = None,
) -> bytes:
    """The file with a manifest in it, or with only the manifest's address where ``remote`` is one."""
    return _sign(data, media_type, definition, signer, ingredients, remote)[0]


def sidecar(data: bytes, media_type: str) -> bytes:
    """The manifest store that would lie beside the file, which itself stays as it is."""
    return _sign(data, media_type, None, None, (), "")[1]


def _sign(
    data: bytes,
    media_type: str,
    definition: Mapping[str, Any] | None,
    signer: Chain | None,
    ingredients: Sequence[Ingredient],
    remote: str | None,
) -> tuple[bytes, bytes]:
    settings = {
        "verify": {"remote_manifest_fetch": False, "ocsp_fetch": False, "verify_after_sign": False},
        "builder": {"thumbnail": {"enabled": False}},
    }
    who = signer or chain()
    info = c2pa.C2paSignerInfo(
        alg=c2pa.C2paSigningAlg.ES256,
        sign_cert=who.certificates.encode(),
        private_key=who.key_pem.encode(),
        ta_url=None,
    )
    out = io.BytesIO()
    with (
        c2pa.Context.from_dict(settings) as context,
        c2pa.Signer.from_info(info) as hand,
        c2pa.Builder(dict(definition or manifest()), context) as builder,
    ):
        if remote is not None:
            builder.set_no_embed()
        if remote:
            builder.set_remote_url(remote)
        for number, one in enumerate(ingredients):
            told = {"title": "ingredient", "relationship": one.relationship, "label": f"ingredient{number}"}
            builder.add_ingredient(json.dumps(told), one.media_type, io.BytesIO(one.data))
        store = builder.sign(hand, media_type, io.BytesIO(data), out)
    return out.getvalue(), bytes(store)


def tampered(data: bytes, unsigned: bytes) -> bytes:
    """One bit of the picture itself is another, in what was three quarters down the ``unsigned`` file."""
    middle = len(unsigned) * 3 // 4
    at = data.index(unsigned[middle - 6 : middle + 6]) + 6
    return data[:at] + bytes((data[at] ^ 1,)) + data[at + 1 :]


def edited(data: bytes) -> bytes:
    """The name of the generator in the assertion is another."""
    assert b"TestDiffusion" in data
    return data.replace(b"TestDiffusion", b"HandOfAnArtis")


def signed_when_expired(data: bytes, signer: Chain) -> bytes:
    """A file signed by ``signer``, signed anew under its expired leaf: no library signs with such a certificate.

    The new signature is right; only the certificate's time is over, and no time stamp says when it was made
    (COSE_Sign1, RFC 9052, 4.2 and 4.4).
    """
    out = data.replace(_der(signer.leaf), _der(signer.expired_leaf))
    assert out != data
    assert len(out) == len(data)
    _, claim = _cbor_box(out, b"c2pa.claim.v2\0")
    start, sign1 = _cbor_box(out, b"c2pa.signature\0")
    assert sign1[:2] == b"\xd2\x84"
    protected = sign1[2 : 2 + _byte_string_length(sign1[2:])]
    structure = b"\x84\x6aSignature1" + protected + b"\x40" + _byte_string(claim)
    r, s = decode_dss_signature(signer.key.sign(structure, ec.ECDSA(hashes.SHA256())))
    at = start + sign1.rindex(b"\xf6\x58\x40") + 3
    out = out[:at] + r.to_bytes(32) + s.to_bytes(32) + out[at + 64 :]
    return _with_checksum(out) if out[:4] == b"\x89PNG" else out


def _with_checksum(png: bytes) -> bytes:
    """The PNG with the checksum that its chunk with the store has now."""
    at = png.index(b"caBX")
    end = at + 4 + int.from_bytes(png[at - 4 : at])
    return png[:end] + zlib.crc32(png[at:end]).to_bytes(4) + png[end + 4 :]


def _cbor_box(data: bytes, label: bytes) -> tuple[int, bytes]:
    """Where the content of the labelled JUMBF box starts, and the content (ISO/IEC 19566-5)."""
    after = data.index(b"cbor", data.index(label)) + 4
    size = int.from_bytes(data[after - 8 : after - 4])
    return after, data[after : after - 8 + size]


def _byte_string(data: bytes) -> bytes:
    return b"\x59" + struct.pack(">H", len(data)) + data if len(data) > 255 else b"\x58" + bytes((len(data),)) + data


def _byte_string_length(data: bytes) -> int:
    """Length of the CBOR byte string at the start, its head counted."""
    return {0x58: 2 + data[1], 0x59: 3 + int.from_bytes(data[1:3])}[data[0]]
