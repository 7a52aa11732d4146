"""The rehearsal's own certificate authority, in place of public ones."""

import ipaddress
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

LIFETIME = timedelta(days=90)
# A resumed machine's clock is behind for a moment.
BACKDATED = timedelta(days=1)


class Authority:
    """A root certificate in ``directory``, made once and kept: resumed machines trust it."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.certificate = directory / "ca.pem"
        self._key_file = directory / "ca-key.pem"
        directory.mkdir(parents=True, exist_ok=True)
        if not self._is_valid():
            self._make()

    def issue(self, name: str, hosts: Sequence[str], lifetime: timedelta = LIFETIME) -> tuple[Path, Path]:
        """A certificate for ``hosts``, names or addresses, and its key: ``<name>.pem`` and ``<name>-key.pem``.

        It is valid from yesterday on; with a ``lifetime`` below zero it has expired.
        """
        root = x509.load_pem_x509_certificate(self.certificate.read_bytes())
        signer = serialization.load_pem_private_key(self._key_file.read_bytes(), None)
        key = ec.generate_private_key(ec.SECP256R1())
        builder = (
            _builder(x509.Name([]), root.subject, key, lifetime)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            # Critical, because the subject is empty: the names alone count.
            .add_extension(x509.SubjectAlternativeName([_general_name(host) for host in hosts]), critical=True)
            .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key()), critical=False)
        )
        files = self.directory / f"{name}.pem", self.directory / f"{name}-key.pem"
        _write(files, builder.sign(signer, hashes.SHA256()), key)
        return files

    def _is_valid(self) -> bool:
        if not (self.certificate.exists() and self._key_file.exists()):
            return False
        until = x509.load_pem_x509_certificate(self.certificate.read_bytes()).not_valid_after_utc
        return until > datetime.now(UTC) + timedelta(days=7)

    def _make(self) -> None:
        key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Slipway rehearsal: not for real sites")])
        # OpenSSL's strict mode, Python's default since 3.13, wants the key's usage and identifier.
        usage = dict.fromkeys(
            ("digital_signature", "content_commitment", "key_encipherment", "data_encipherment", "key_agreement")
            + ("encipher_only", "decipher_only"),
            False,
        )
        builder = (
            _builder(name, name, key)
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(x509.KeyUsage(key_cert_sign=True, crl_sign=True, **usage), critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        )
        _write((self.certificate, self._key_file), builder.sign(key, hashes.SHA256()), key)


def _builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePrivateKey, lifetime: timedelta = LIFETIME
) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - BACKDATED)
        .not_valid_after(now + lifetime)
    )


def _general_name(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        return x509.DNSName(host)


def _write(files: tuple[Path, Path], certificate: x509.Certificate, key: ec.EllipticCurvePrivateKey) -> None:
    form = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    files[1].unlink(missing_ok=True)
    files[1].touch(mode=0o600)
    files[1].write_bytes(key.private_bytes(serialization.Encoding.PEM, *form))
    files[0].write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
