// The benchmark's clients: an open loop of exchanges by ever new clients behind a relay, at a given rate.
// Prepared datagrams are patched, so that the generator costs less than the servers. One JSON line at the end.
//
//   node dist/bench/generator.js --server '[::1]:15471' --rate 2000 --seconds 4 --kind address|prefix|rapid

import { parseArgs } from "node:util";
import { Exchanges, type Kind } from "./parts/exchanges.ts";

const { values } = parseArgs({
  options: {
    server: { type: "string", default: "[::1]:547" },
    port: { type: "string", default: "0" },
    rate: { type: "string", default: "1000" },
    seconds: { type: "string", default: "4" },
    kind: { type: "string", default: "address" },
    first: { type: "string", default: "0" },
  },
});

const exchanges = new Exchanges({
  server: values.server ?? "",
  port: Number(values.port),
  rate: Number(values.rate),
  seconds: Number(values.seconds),
  kind: values.kind as Kind,
  first: Number(values.first),
});
console.log(JSON.stringify(await exchanges.run()));
process.exit(0);
