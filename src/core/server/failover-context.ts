// What the server hands to failover: its state, its outputs, its clock.

import type { LinkId, LinkRequest } from "../../ports/partner-link.ts";
import type { CompiledConfig } from "../config/types.ts";
import type { FailoverContext } from "../failover/context.ts";
import type { Counters } from "../model/counters.ts";
import type { LogEvent } from "../model/log-events.ts";
import type { Random } from "../model/random.ts";
import type { Millis } from "../model/time.ts";
import type { ClockKeeper } from "./clock-keeper.ts";
import type { ServerState } from "./state.ts";

export interface FailoverParts {
  readonly config: CompiledConfig;
  readonly state: ServerState;
  readonly counters: Counters;
  readonly startedAt: Millis;
  readonly time: ClockKeeper;
  readonly random: Random;
  readonly debug: boolean;
  sendFrame(link: LinkId, frame: Uint8Array): void;
  link(request: LinkRequest): void;
  log(event: LogEvent): void;
}

export function failoverContext(parts: FailoverParts): FailoverContext {
  const { config, counters, debug, link, log, random, sendFrame, startedAt, state, time } = parts;
  return {
    config,
    table: state.table,
    blocks: state.blocks,
    counters,
    lastOperation: state.lastHeartbeat,
    startedAt,
    lastSequence: () => state.store.lastSequence,
    lastLeaseSequence: () => state.lastLeaseSequence,
    store: { id: state.store.storeId, found: state.store.lastSequence },
    save: (lease) => state.save(lease),
    amend: (lease) => state.amend(lease),
    acknowledge: (lease) => state.acknowledge(lease),
    remove: (key) => state.remove(key),
    giveBlock: (block) => state.giveBlock(block),
    markBlock: (block) => state.markBlock(block),
    amendBlock: (block) => state.amendBlock(block),
    removeBlock: (prefix) => state.removeBlock(prefix),
    saveRecord: (record) => state.saveRecord(record),
    sendFrame,
    link,
    log,
    debug,
    random: () => random.fraction(),
    timeShift: () => state.clock.shift,
    isClockUnsure: () => time.isUnsure,
    learnTime: (at, receivedAt) => time.learn(at, receivedAt),
  };
}
