/** Whose webhook it is, and with which secrets it may be signed. */
export interface LalamoveWebhookAccount {
  /** Secret keys (`sk_…`) of the account: two while one takes the other's place. */
  secrets: string | readonly string[];
  /** What `event.account` is to say. By default the name of the registration. */
  account?: string;
}

/** How webhooks are received. */
export interface LalamoveWebhookOptions {
  /**
   * Where the endpoint is mounted, such as `webhooks/lalamove`; beneath the global prefix of the app, as any route is. Without it nothing is mounted, and a
   * route of your own calls `LalamoveWebhooks`.
   */
  path?: string;
  /**
   * The path of the URL that Lalamove knows, where a proxy changes it: it is signed. A URL that is given to `setWebhookUrl` in this process is learnt.
   *
   * @default where the endpoint is mounted
   */
  publicPath?: string;
  /**
   * The URL that Lalamove is to send webhooks to, which is registered once the app listens: in the background, again and again until it succeeds, and
   * without harm to the process where it does not. The log says how it went. It stands for a call of `setWebhookUrl`.
   */
  url?: string;
  /**
   * All secret keys that may have signed a webhook: two while one takes the other's place.
   *
   * @default `apiSecret`
   */
  secrets?: readonly string[];
  /**
   * How old an event may be, in seconds. What is older, or more than an hour ahead, is answered with 200 and dropped;
   * by the clock as it is and as it was when the app started, so that a clock that is set drops no event that is on
   * time.
   *
   * @default 172800: 48 hours, for Lalamove repeats what was not answered for 24
   */
  maxAgeSeconds?: number;
  /**
   * Finds the secrets of another account whose webhooks come here, too: a marketplace's merchant. Asked once a minute for each key, and again at once where
   * a signature does not fit.
   *
   * @param apiKey as the webhook says; it is not signed, and may be anything
   * @returns nothing for a key that is unknown
   */
  resolveAccount?: (
    apiKey: string,
  ) => LalamoveWebhookAccount | null | undefined | Promise<LalamoveWebhookAccount | null | undefined>;
}
