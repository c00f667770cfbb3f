// Awaits what a real process does: polls a claim, with a bound. Never a measure of time.

const pollMs = 20;

type Falsy = false | 0 | '' | null | undefined;

/** Resolves with the probe's first truthy answer; rejects with the claim where none came in time. */
export async function waitFor<Answer>(
  claim: string,
  probe: () => Answer | Promise<Answer>,
  withinMs = 10_000,
): Promise<Exclude<Answer, Falsy>> {
  const deadline = performance.now() + withinMs;
  for (;;) {
    const answer = await probe();
    if (answer) return answer as Exclude<Answer, Falsy>;
    if (performance.now() > deadline) throw new Error(`waited ${withinMs} ms in vain: ${claim}`);
    await new Promise((resolve) => setTimeout(resolve, pollMs));
  }
}
