// The real clients that the proofs are made with.

import type { ClientProgram } from "../../tools/netns/clients.ts";

export const REAL_CLIENTS: readonly ClientProgram[] = ["dhclient", "dhcpcd", "dibbler", "wide"];
