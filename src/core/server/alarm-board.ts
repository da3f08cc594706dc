// Which alarms are true now, and since when: conditions are looked at once a second, and whenever somebody asks.

import type { AlarmResult } from "../../api/alarms.ts";
import { type AlarmFact, describeAlarm } from "../model/alarms.ts";
import { addSeconds, floorTime, type Millis, type Seconds } from "../model/time.ts";
import { timeText } from "../wire/time-text.ts";

const LOOK_EVERY: Millis = 1_000;

export class AlarmBoard {
  /** All that is wrong at a moment. */
  readonly #facts: (now: Millis) => readonly AlarmFact[];
  readonly #shift: () => Seconds;
  #since = new Map<string, Millis>();
  #lookAt: Millis = 0;

  /** `shift`: what is added to a time when people see it. */
  constructor(facts: (now: Millis) => readonly AlarmFact[], shift: () => Seconds) {
    this.#facts = facts;
    this.#shift = shift;
  }

  tick(now: Millis): void {
    if (now >= this.#lookAt) this.shown(now);
  }

  shown(now: Millis): readonly AlarmResult[] {
    this.#lookAt = now + LOOK_EVERY;
    const before = this.#since;
    this.#since = new Map();
    return this.#facts(now).map((fact) => {
      const key = `${fact.id} ${fact.subject}`;
      const since = before.get(key) ?? now;
      this.#since.set(key, since);
      const shown = addSeconds(floorTime(since), this.#shift());
      return { ...describeAlarm(fact), since: timeText(shown) };
    });
  }
}
