// Makes a key and a self-signed certificate for one server of a pair (F-226, F-550). The partner pins
// its SHA-256, so nothing in it but the key and the validity is ever looked at.

import {
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  randomBytes,
  sign,
} from "node:crypto";
import {
  bitString,
  explicit,
  integer,
  objectId,
  octetString,
  sequence,
  setOf,
  time,
  utf8String,
  yes,
} from "./der.ts";

const OID = {
  commonName: "2.5.4.3",
  ecdsaWithSha256: "1.2.840.10045.4.3.2",
  basicConstraints: "2.5.29.19",
  keyUsage: "2.5.29.15",
  extendedKeyUsage: "2.5.29.37",
  serverAuth: "1.3.6.1.5.5.7.3.1",
  clientAuth: "1.3.6.1.5.5.7.3.2",
} as const;

export interface KeyAndCertificate {
  /** PEM. */
  readonly key: string;
  readonly certificate: string;
  /** SHA-256 of the certificate, hex. */
  readonly fingerprint: string;
}

export interface CertificateOptions {
  /** The key that the certificate is for, PEM; a new one is made without it. */
  readonly key?: string | undefined;
  /** The subject's common name, for people. */
  readonly name: string;
  readonly notBefore: Date;
  readonly notAfter: Date;
}

/** RFC 5280 §4.1: ECDSA P-256, for both roles of TLS. */
export function makeCertificate(options: CertificateOptions): KeyAndCertificate {
  const privateKey =
    options.key === undefined
      ? generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey
      : createPrivateKey(options.key);
  const publicKey = createPublicKey(privateKey);
  const algorithm = sequence(objectId(OID.ecdsaWithSha256));
  const name = sequence(setOf(sequence(objectId(OID.commonName), utf8String(options.name))));
  const serial = new Uint8Array(randomBytes(16));
  // Positive, and never beginning with a zero octet.
  serial[0] = ((serial[0] as number) & 0x3f) | 0x40;
  const toSign = sequence(
    explicit(0, integer(Uint8Array.of(2))),
    integer(serial),
    algorithm,
    name,
    sequence(time(options.notBefore), time(options.notAfter)),
    name,
    new Uint8Array(publicKey.export({ type: "spki", format: "der" })),
    explicit(3, extensions()),
  );
  const signature = new Uint8Array(sign("sha256", toSign, privateKey));
  const certificate = sequence(toSign, algorithm, bitString(signature));
  return {
    key: privateKey.export({ type: "pkcs8", format: "pem" }).toString(),
    certificate: pem(certificate),
    fingerprint: createHash("sha256").update(certificate).digest("hex"),
  };
}

function extensions(): Uint8Array {
  const critical = (id: string, value: Uint8Array): Uint8Array =>
    sequence(objectId(id), yes(), octetString(value));
  const usages = sequence(objectId(OID.serverAuth), objectId(OID.clientAuth));
  return sequence(
    critical(OID.basicConstraints, sequence()),
    // digitalSignature, the first of the bits.
    critical(OID.keyUsage, bitString(Uint8Array.of(0x80), 7)),
    sequence(objectId(OID.extendedKeyUsage), octetString(usages)),
  );
}

function pem(certificate: Uint8Array): string {
  const base64 = btoa(String.fromCharCode(...certificate));
  const lines = base64.match(/.{1,64}/g) ?? [];
  return `-----BEGIN CERTIFICATE-----\n${lines.join("\n")}\n-----END CERTIFICATE-----\n`;
}
