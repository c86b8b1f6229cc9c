// What the server writes into the page for the desk.

/** What this person chose, wherever they sign in. */
export interface Preferences {
  /** The keys of the actions that were given others than the desk's own. */
  readonly keys: Readonly<Record<string, readonly string[]>>;
  readonly language: string;
  readonly time_zone: string;
  readonly practised: boolean;
}

export interface Config {
  readonly project: string;
  readonly project_name: string;
  readonly api: string;
  readonly account: number;
  readonly account_name: string;
  readonly account_email: string;
  readonly csrf_cookie: string;
  readonly instructions: string;
  readonly sign_in_url: string;
  readonly home_url: string;
  readonly language_url: string;
  readonly desk_url: string;
  readonly practice_url: string;
  /** How this project is labelled. */
  readonly protocol: string;
  /** Next steps are made live, so that a guess of what will be chosen is worth telling. */
  readonly live_steps?: boolean;
  /** On the practice page: items come from practice, and nothing is sent. */
  readonly practice: boolean;
  /** Has labelled nothing yet in the way that this project is labelled. */
  readonly newcomer: boolean;
  readonly preferences: Preferences;
}
