// Whether the desk's own person is signed in, as the server's answers say, and the sign-in over the desk.

/** Who is there instead: nobody any more, or somebody else in the same browser; "" for the desk's own person. */
export type Absence = "" | "nobody" | "somebody_else";

export class Presence {
  absence = $state<Absence>("");
  /** The sign-in is put away by "Later" and comes back when asked for. */
  signInShown = $state(true);
  /** Counts how often it was asked for by its button. */
  signInAsked = $state(0);

  /** `onBack` sends what waits for a sign-in. */
  constructor(readonly onBack: () => void) {}

  showSignIn(): void {
    this.signInShown = true;
    this.signInAsked += 1;
  }

  /** What an answer says: "" of the desk's own person, else the 401's code. */
  heard(code: string): void {
    const before = this.absence;
    this.absence = code === "" ? "" : code === "other_account" ? "somebody_else" : "nobody";
    if (this.absence) return;
    [this.signInShown, this.signInAsked] = [true, 0];
    // Where this was a late answer, from before the session ended, what is sent now finds out.
    if (before) this.onBack();
  }
}
