// A process inside a network namespace that serves one interface by the dgram adapter: it tells on
// standard output what it receives, and answers each datagram with its own octets.

import { formatIpv6, UNSPECIFIED } from "../../src/core/model/ipv6.ts";
import { openDgram } from "../../src/shell/dgram.ts";

const tell = (what: Record<string, unknown>): void => console.log(JSON.stringify(what));

const adapter = openDgram({
  interfaces: process.argv.slice(2),
  // A socket for every address: what comes to the global address of an interface gets here.
  unicast: [{ address: UNSPECIFIED, port: 1547 }],
  clock: { now: () => Date.now() },
  log: (event) => tell({ log: event.id, ...event.fields }),
  receive: ({ bytes, interface: name, source, sourcePort, multicast }) => {
    const text = new TextDecoder().decode(bytes);
    tell({ text, interface: name, source: formatIpv6(source), sourcePort, multicast });
    // N-006: to 546 or 547 by what the message is, whatever port it came from.
    const port = text.startsWith("relay") ? 547 : 546;
    const dropAt = Date.now() + 2_000;
    adapter.send({ bytes, interface: name, destination: source, port, dropAt });
    adapter.flush();
  },
});
