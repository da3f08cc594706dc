// How a command ends: documented exit codes, and an error that says what, where and what to do.

/** In `tandem --help` and the manual. */
export const EXIT = {
  ok: 0,
  /** The command was understood and could not be done. */
  failure: 1,
  usage: 2,
  /** No server answers on the control socket. */
  unreachable: 3,
} as const;

type ExitCode = (typeof EXIT)[keyof typeof EXIT];

export class CliError extends Error {
  readonly exitCode: ExitCode;
  /** What to do about it; undefined when the message says it all. */
  readonly hint: string | undefined;

  constructor(exitCode: ExitCode, message: string, hint?: string) {
    super(message);
    this.exitCode = exitCode;
    this.hint = hint;
  }
}
