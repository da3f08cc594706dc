// UPDREQ and UPDREQALL of the partner: a cursor each, not a list (RFC 8156 §5.3.5 to §5.3.7; ).

import { relationshipAt } from "../../config/lookup.ts";
import type { Block } from "../../model/blocks.ts";
import type { Lease } from "../../model/lease.ts";
import type { FailoverContext } from "../context.ts";

export interface UpdateRequest {
  readonly relationship: string;
  readonly transactionId: number;
  readonly all: boolean;
  /** Updates sent for it and not yet answered. */
  open: number;
  /** Everything was sent. */
  ended: boolean;
  /** Position: a version (UPDREQ) or a cursor of the table (UPDREQALL). */
  position: number;
  /** UPDREQ ends at this version; raised once to what came in meanwhile (F-495). */
  upTo: number;
  secondPass: boolean;
  /** Blocks that must still be sent; undefined: not looked at yet. */
  blocks: Block[] | undefined;
}

export function newRequest(
  of: Pick<UpdateRequest, "relationship" | "transactionId" | "all">,
  lastSequence: number,
): UpdateRequest {
  return {
    ...of,
    open: 0,
    ended: false,
    position: 0,
    upTo: lastSequence,
    secondPass: false,
    blocks: undefined,
  };
}

/** The next at most `limit` leases of the request (F-490, F-491); moves its cursor. */
export function nextLeases(
  request: UpdateRequest,
  { config, table, lastSequence }: FailoverContext,
  limit: number,
): readonly Lease[] {
  if (request.ended || limit <= 0) return [];
  // R7031-26, R7031-45: everything, whichever pool it is in.
  if (request.all) {
    const { leases, next } = table.slice(request.position, limit);
    if (next === undefined) request.ended = true;
    else request.position = next;
    // what never had a client cannot be sent. F-292, R7031-03: only what is of this relationship.
    return leases.filter(
      (lease) => lease.duid !== undefined && relationshipAt(config, lease) === request.relationship,
    );
  }
  const leases = table
    .marked(request.relationship, request.position, limit)
    .filter((lease) => lease.version <= request.upTo);
  const last = leases[leases.length - 1];
  if (last !== undefined) request.position = last.version;
  if (leases.length < limit) endOrGoOn(request, lastSequence());
  return leases;
}

/** F-495: changes made during the scan get one more pass, not an endless one. */
function endOrGoOn(request: UpdateRequest, lastSequence: number): void {
  if (request.secondPass) {
    request.ended = true;
    return;
  }
  request.secondPass = true;
  request.upTo = lastSequence;
}

/** Blocks come first, so that what is in use in them finds them (F-491). The caller takes them off the front. */
export function blocksOf(request: UpdateRequest, context: FailoverContext): Block[] {
  const { relationship, all } = request;
  request.blocks ??= [
    ...(all ? blocksIn(context, relationship) : context.blocks.marked(relationship)),
  ];
  return request.blocks;
}

/** F-008: the blocks in the pools of a relationship. */
function blocksIn({ config, blocks }: FailoverContext, relationship: string): readonly Block[] {
  return blocks
    .all()
    .filter((block) => relationshipAt(config, { kind: "prefix", ...block }) === relationship);
}

/** F-087, F-492, F-493, A-31: an UPDDONE is due when everything was sent and answered. */
export function isDone(request: UpdateRequest): boolean {
  return request.ended && request.open === 0;
}
