// Waiting for what a real socket does, without sleeping for a fixed time.

/** Polls until `probe` gives something; the test's own limit ends a wait that never does. */
export async function until<T>(probe: () => T | undefined | false): Promise<T> {
  for (;;) {
    const value = probe();
    if (value !== undefined && value !== false) return value;
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}
