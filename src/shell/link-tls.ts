// TLS of the partner link: 1.3, both sides present a certificate, and each accepts exactly the pinned
// one (F-220, F-225 to F-227, F-548 to F-550, R7031-15). No names, no authorities.

import type net from "node:net";
import tls from "node:tls";

export interface TlsIdentity {
  /** PEM. */
  readonly certificate: string;
  readonly key: string;
}

export type Verdict =
  | { readonly ok: true; readonly fingerprint: string }
  | { readonly ok: false; readonly reason: string };

/** Wraps a connected, paused socket; what it has buffered is read as TLS. */
export function upgrade(
  socket: net.Socket,
  role: "client" | "server",
  identity: TlsIdentity,
): tls.TLSSocket {
  const shared = {
    cert: identity.certificate,
    key: identity.key,
    // F-227, F-549: RFC 9325 §3.1.1; 1.3 has no weak suites and no renegotiation.
    minVersion: "TLSv1.3",
    maxVersion: "TLSv1.3",
    // Self-signed certificates have no chain to verify: `judgeCertificate` decides instead.
    rejectUnauthorized: false,
  } as const;
  if (role === "client") {
    return tls.connect({ ...shared, socket, checkServerIdentity: () => undefined });
  }
  // F-225: the secondary asks for the primary's certificate.
  return new tls.TLSSocket(socket, {
    isServer: true,
    requestCert: true,
    rejectUnauthorized: false,
    secureContext: tls.createSecureContext(shared),
  });
}

/** Whether the partner presented a pinned certificate within its validity. `now`: ms, wall clock. */
export function judgeCertificate(
  socket: tls.TLSSocket,
  acceptable: readonly string[],
  now: number,
): Verdict {
  const certificate = socket.getPeerX509Certificate();
  // A resumed session would prove nothing about a certificate; tickets are never used here.
  if (certificate === undefined || socket.isSessionReused()) {
    return { ok: false, reason: "the partner presented no certificate" };
  }
  const fingerprint = certificate.fingerprint256.replaceAll(":", "").toLowerCase();
  // F-226: the configuration names the only certificate that is acceptable.
  if (!acceptable.includes(fingerprint)) {
    const reason = `the partner presented another certificate than the configured one (fingerprint ${fingerprint})`;
    return { ok: false, reason };
  }
  if (now < Date.parse(certificate.validFrom)) {
    return {
      ok: false,
      reason: `the partner's certificate is not valid before ${certificate.validFrom}`,
    };
  }
  if (now > Date.parse(certificate.validTo)) {
    return { ok: false, reason: `the partner's certificate expired on ${certificate.validTo}` };
  }
  return { ok: true, fingerprint };
}
